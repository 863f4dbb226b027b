import { key } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, admin, type OpenAccounts, openAccounts } from './account-fixture.ts';
import { guard } from './totp-fixture.ts';

let shop: OpenAccounts;
let support: Answer;
beforeAll(async () => {
  shop = await openAccounts();
  support = await shop.employee('SUPPORT');
});
afterAll(async () => {
  expect(await shop.broken()).toEqual({});
  await shop.stop();
});

const guardedCustomer = async (): Promise<Answer> => {
  const guarded = await guard(shop, await shop.newcomer());
  return { ...guarded, id: guarded.customer.id };
};
const guardedStaff = async (role = 'FINANCE'): Promise<Answer> => guard(shop, await shop.employee(role));
const bySupport = async () => ({ viewer: await shop.viewerOf(support) });
const ofCustomer = async (customerId: string, more: object = {}, asker: object = {}): Promise<Answer> =>
  shop.change(
    'customerSecondFactorRemove',
    { customerId, reason: 'LOST', ...more },
    { ...(await bySupport()), ...asker },
  );
const ofStaff = (staffId: string, asker: object = {}): Promise<Answer> =>
  shop.change('staffSecondFactorRemove', { staffId, reason: 'LOST' }, { viewer: admin, ...asker });
const removalsOf = async (id: string): Promise<Answer[]> => [
  ...(await shop.db.execute(
    sql`select actor, details from audit_entries where subject_id = ${id} and action = 'totp_disabled'`,
  )),
];
const newsFor = async (email: string): Promise<Answer[]> =>
  (await shop.mailsTo(email)).filter(({ text }) => text.includes('took away the second factor'));

describe('a lost second factor', () => {
  test('is taken away by support: sessions end, the customer is told, and the password alone lets in', async () => {
    const { id, email, tokens } = await guardedCustomer();
    const waiting = await shop.signIn(email);
    expect(await ofCustomer(id)).toMatchObject({
      ...{ __typename: 'CustomerSecondFactorRemoved', customer: { id } },
    });
    const { refreshToken } = tokens;
    expect(await shop.change('sessionRefresh', { refreshToken })).toMatchObject({
      __typename: 'SessionEnded',
    });
    const { challenge } = waiting;
    expect(await shop.change('signInConfirm', { challenge, code: '000000' })).toMatchObject({
      __typename: 'ChallengeEnded',
    });
    expect(await newsFor(email)).toHaveLength(1);
    expect(await removalsOf(id)).toEqual([
      { actor: `staff:${support.staffId}`, details: { reason: 'LOST' } },
    ]);
    const signedIn = await shop.signIn(email);
    expect(signedIn).toMatchObject({ __typename: 'SignedIn' });
    expect(await guard(shop, signedIn)).toMatchObject({ recoveryCodes: { length: 10 } });
  });

  test('is taken away once, by however many at once, and a repeat leaves the next one alone', async () => {
    const { id, email } = await guardedCustomer();
    const idempotencyKey = key();
    const outcomes = await Promise.all([
      ofCustomer(id, { idempotencyKey }),
      ofCustomer(id, { idempotencyKey }),
      ofCustomer(id),
      ofCustomer(id, {}, { viewer: admin }),
    ]);
    for (const { __typename } of outcomes) expect(__typename).toBe('CustomerSecondFactorRemoved');
    expect(await removalsOf(id)).toHaveLength(1);
    expect(await newsFor(email)).toHaveLength(1);
    await guard(shop, await shop.signIn(email));
    expect(await ofCustomer(id, { idempotencyKey })).toMatchObject({
      __typename: 'CustomerSecondFactorRemoved',
    });
    expect(await ofCustomer(id, { idempotencyKey, reason: 'STOLEN' })).toMatchObject({
      __typename: 'IdempotencyConflict',
    });
    expect(await shop.signIn(email)).toMatchObject({ __typename: 'SecondFactorNeeded' });
  });

  test('that there is none of changes nothing: no session ends and no mail goes out', async () => {
    const { customer, email, tokens } = await shop.newcomer();
    expect(await ofCustomer(customer.id)).toMatchObject({ __typename: 'CustomerSecondFactorRemoved' });
    const { refreshToken } = tokens;
    expect(await shop.change('sessionRefresh', { refreshToken })).toMatchObject({
      __typename: 'SessionRefreshed',
    });
    expect([...(await newsFor(email)), ...(await removalsOf(customer.id))]).toEqual([]);
  });

  test('is taken from a suspended customer too, who stays suspended', async () => {
    const { id, email } = await guardedCustomer();
    await shop.change('customerSuspend', { customerId: id, reason: 'x' }, { viewer: admin });
    expect(await ofCustomer(id)).toMatchObject({ customer: { state: 'SUSPENDED' } });
    expect(await newsFor(email)).toHaveLength(1);
    expect(await shop.signIn(email)).toMatchObject({ __typename: 'CredentialsRefused' });
  });

  test('of a member of staff is taken away by an administrator', async () => {
    const { staffId, email } = await guardedStaff();
    expect(await ofStaff(staffId)).toMatchObject({
      ...{ __typename: 'StaffSecondFactorRemoved', staffMember: { id: staffId } },
    });
    expect(await shop.signIn(email)).toMatchObject({ __typename: 'SignedIn' });
    expect(await newsFor(email)).toHaveLength(1);
  });

  test('is nobody’s own: who still has theirs switches it off with a code', async () => {
    const { staffId, viewer } = await guardedStaff('ADMIN');
    expect(await ofStaff(staffId, { viewer })).toMatchObject({ __typename: 'NotOneself' });
    expect(await ofStaff(staffId.toUpperCase(), { viewer })).toMatchObject({ __typename: 'NotOneself' });
    expect(await ofCustomer(staffId, {}, { viewer })).toMatchObject({ __typename: 'AccountNotFound' });
    expect(await removalsOf(staffId)).toEqual([]);
  });

  test('is not found on an account of the other kind, an erased one, or none', async () => {
    const [customer, colleague, gone] = [
      await guardedCustomer(),
      await guardedStaff(),
      await shop.newcomer(),
    ];
    await shop.db.execute(sql`delete from sessions where account_id = ${gone.customer.id}`);
    await shop.db.execute(sql`update accounts set state = 'ERASED', email = null, email_key = null,
      password_hash = null, name = null where account_id = ${gone.customer.id}`);
    const outcomes = [
      await ofStaff(customer.id),
      await ofCustomer(colleague.staffId),
      await ofCustomer(gone.customer.id),
      await ofCustomer('nobody'),
      await ofCustomer('00000000-0000-0000-0000-000000000000'),
    ];
    for (const outcome of outcomes) expect(outcome).toMatchObject({ __typename: 'AccountNotFound' });
    expect(await shop.signIn(customer.email)).toMatchObject({ __typename: 'SecondFactorNeeded' });
    expect(await shop.signIn(colleague.email)).toMatchObject({ __typename: 'SecondFactorNeeded' });
  });

  test('is taken away by nobody without the scope, or whose session has ended', async () => {
    const [{ id, viewer }, colleague, left] = [
      await guardedCustomer(),
      await guardedStaff(),
      await shop.employee('SUPPORT'),
    ];
    await expect(ofCustomer(id, {}, { viewer })).rejects.toThrow('account:write');
    await expect(ofStaff(colleague.staffId, await bySupport())).rejects.toThrow('staff:write');
    const stale = await shop.viewerOf(left);
    await shop.change('staffSuspend', { staffId: left.staffId, reason: 'x' }, { viewer: admin });
    expect(await ofCustomer(id, {}, { viewer: stale })).toMatchObject({ __typename: 'SessionEnded' });
    expect([...(await removalsOf(id)), ...(await removalsOf(colleague.staffId))]).toEqual([]);
  });
});
