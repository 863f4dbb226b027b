import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  admin,
  goodPassword,
  newEmail,
  type OpenAccounts,
  openAccounts,
  tokenIn,
} from './account-fixture.ts';
import { appoint } from './appointment-service.ts';

let shop: OpenAccounts;
beforeAll(async () => {
  shop = await openAccounts();
});
afterAll(async () => {
  expect(await shop.broken()).toEqual({});
  await shop.stop();
});

const name = 'Ada Lovelace';
const auditOf = async (subjectId: string): Promise<Answer[]> => {
  const query =
    'query ($subjectId: ID) { auditEntries(subjectId: $subjectId) { nodes { actor action details } } }';
  const { auditEntries } = await shop.ask(query, { viewer: admin }, { subjectId });
  return auditEntries.nodes.map(({ details, ...entry }: Answer) => ({
    ...entry,
    details: JSON.parse(details),
  }));
};

describe('an operator', () => {
  test('makes the first administrator, who sets a password by the mail and makes others', async () => {
    const email = newEmail();
    const before = await shop.log.head();
    const outcome: Answer = await appoint(shop.db, { email: ` ${email} `, name });
    expect(outcome).toMatchObject({ __typename: 'Appointed', isInvited: true });
    expect((await shop.log.read(before, 10)).map(({ type, data }) => ({ type, data }))).toEqual([
      { type: 'account.staff_changed', data: { staffId: outcome.staffId, role: 'admin', isActive: true } },
    ]);
    // There is no password that anybody could know before.
    expect(await shop.signIn(email)).toMatchObject({ __typename: 'CredentialsRefused' });
    const [mail] = await shop.mailsTo(email);
    await shop.change('passwordReset', { token: tokenIn(mail), newPassword: goodPassword });
    const viewer = await shop.viewerOf(await shop.signIn(email));
    const other = { email: newEmail(), name: 'Bob', role: 'SUPPORT' };
    expect(await shop.change('staffCreate', other, { viewer })).toMatchObject({ __typename: 'StaffCreated' });
    expect((await auditOf(outcome.staffId)).at(-1)).toEqual({
      actor: 'operator',
      action: 'account_created',
      details: { role: 'admin' },
    });
  });

  test('who does it twice, or two who do it at once, make one; the mail comes again', async () => {
    const email = newEmail();
    const all: Answer[] = await Promise.all(
      Array.from({ length: 3 }, () => appoint(shop.db, { email: email.toUpperCase(), name })),
    );
    expect(new Set(all.map(({ staffId }) => staffId)).size).toBe(1);
    expect(await auditOf(all[0].staffId)).toHaveLength(1);
    expect(await shop.mailsTo(email)).toHaveLength(3);
  });

  test('makes an administrator of somebody on the staff, whose sessions end', async () => {
    const { email, staffId, tokens } = await shop.employee('WAREHOUSE');
    expect(await appoint(shop.db, { email, name })).toEqual({
      __typename: 'Appointed',
      staffId,
      isInvited: false,
    });
    expect((await auditOf(staffId))[0]).toEqual({
      actor: 'operator',
      action: 'role_changed',
      details: { from: 'warehouse', to: 'admin' },
    });
    const { refreshToken } = tokens;
    expect(await shop.change('sessionRefresh', { refreshToken })).toMatchObject({
      __typename: 'SessionEnded',
    });
    expect(await shop.signIn(email)).toMatchObject({ staffMember: { role: 'ADMIN' } });
  });

  test('does not make one of a customer, of somebody suspended, or of no address', async () => {
    const { email, customer } = await shop.newcomer();
    expect(await appoint(shop.db, { email, name })).toMatchObject({ __typename: 'NotAppointed' });
    expect(await shop.signIn(email)).toMatchObject({ customer: { id: customer.id } });
    const { email: other, staffId } = await shop.employee('SUPPORT');
    await shop.change('staffSuspend', { staffId, reason: 'left' }, { viewer: admin });
    expect(await appoint(shop.db, { email: other, name })).toMatchObject({ __typename: 'NotAppointed' });
    for (const wish of [
      { email: 'x', name },
      { email: newEmail(), name: ' ' },
    ])
      expect(await appoint(shop.db, wish)).toMatchObject({ __typename: 'InvalidInput' });
  });
});
