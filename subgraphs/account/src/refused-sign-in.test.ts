import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  admin,
  goodPassword,
  newEmail,
  type OpenAccounts,
  openAccounts,
  secretOf,
} from './account-fixture.ts';
import { enterRefusedSignIns } from './refused-sign-in-service.ts';
import { codeOf, stepAt } from './totp-domain.ts';

let shop: OpenAccounts;
beforeAll(async () => {
  shop = await openAccounts();
});
afterEach(() => enterRefusedSignIns(shop.db));
afterAll(async () => {
  expect(await shop.broken()).toEqual({});
  await shop.stop();
});

const nobody = '00000000-0000-0000-0000-000000000000';
let addresses = 0;
const newAddress = () => {
  addresses += 1;
  return `198.51.${Math.floor(addresses / 250)}.${addresses % 250}`;
};
const guess = (email: string, address = newAddress()): Promise<Answer> =>
  shop.signIn(email, { address }, { password: 'a wrong password' });
/** What stands in the log of refused sign-ins to an account, the oldest first. */
const refusedOf = async (subjectId: string): Promise<Answer[]> => {
  const query = `query ($subjectId: ID) {
    auditEntries(subjectId: $subjectId, first: 200) { nodes { actor action details } } }`;
  const { auditEntries } = await shop.ask(query, { viewer: admin }, { subjectId });
  return auditEntries.nodes
    .filter(({ action }: Answer) => action === 'sign_in_refused')
    .map(({ actor, details }: Answer) => ({ actor, ...JSON.parse(details) }))
    .reverse();
};
const entries = async () => (await shop.db.execute(sql`select 1 from audit_entries`)).length;

describe('a refused sign-in', () => {
  test('is entered into the audit log by account, and names neither the address nor where it came from', async () => {
    const { email, customer } = await shop.newcomer();
    const address = newAddress();
    for (let place = 0; place < 7; place += 1) await guess(email, address);
    await guess(newEmail(), address);
    await enterRefusedSignIns(shop.db);
    const times = { since: expect.any(String), until: expect.any(String) };
    expect(await refusedOf(customer.id)).toEqual([{ actor: 'anonymous', refused: 5, delayed: 2, ...times }]);
    expect(await refusedOf(nobody)).toEqual([{ actor: 'anonymous', refused: 1, delayed: 0, ...times }]);
    const kept = JSON.stringify([
      ...(await shop.db.execute(sql`select * from audit_entries`)),
      ...(await shop.db.execute(sql`select * from refused_sign_ins`)),
    ]);
    for (const trace of [email, address]) expect(kept).not.toContain(trace);
  });

  test('of a suspended customer is one too, and one that succeeds is none', async () => {
    const { email, customer } = await shop.newcomer();
    await shop.signIn(email);
    await shop.change('customerSuspend', { customerId: customer.id, reason: 'fraud' }, { viewer: admin });
    await shop.signIn(email);
    await enterRefusedSignIns(shop.db);
    expect(await refusedOf(customer.id)).toMatchObject([{ refused: 1, delayed: 0 }]);
  });

  test('by a wrong code has an entry of its own, which goes with the count of the code', async () => {
    const signedIn = await shop.newcomer();
    const viewer = await shop.viewerOf(signedIn);
    const { secret } = await shop.change('totpEnroll', { password: goodPassword }, { viewer });
    const code = codeOf(secretOf(secret), stepAt(Date.now()));
    await shop.change('totpConfirm', { code }, { viewer });
    const { challenge } = await shop.signIn(signedIn.email);
    const wrong = { challenge, code: '000000' };
    expect(await shop.change('signInConfirm', wrong)).toMatchObject({ __typename: 'CodeRefused' });
    const { id } = signedIn.customer;
    expect(await refusedOf(id)).toEqual([{ actor: 'anonymous', by: 'second factor' }]);
    // The challenge ends with the fifth; those after it are no sign-ins.
    for (let place = 0; place < 6; place += 1) await shop.change('signInConfirm', wrong);
    expect(await refusedOf(id)).toHaveLength(5);
  });
});

describe('a flood', () => {
  test('is counted to the last one, and makes an entry for each account', async () => {
    const { email, customer } = await shop.newcomer();
    const before = await refusedOf(nobody);
    const address = newAddress();
    await Promise.all(
      Array.from({ length: 60 }, (_, place) => guess(place % 2 === 0 ? email : newEmail(), address)),
    );
    const grown = await entries();
    await Promise.all([enterRefusedSignIns(shop.db), enterRefusedSignIns(shop.db)]);
    expect((await entries()) - grown).toBe(2);
    const [known, ...more] = await refusedOf(customer.id);
    const [unknown] = (await refusedOf(nobody)).slice(before.length);
    expect(more).toEqual([]);
    expect([known.refused + known.delayed, unknown.refused + unknown.delayed]).toEqual([30, 30]);
  });

  test('at many accounts is entered a few at a time, those who wait longest first', async () => {
    await shop.db.execute(sql`insert into refused_sign_ins (account_id, refused, delayed, since)
      select gen_random_uuid(), 1, 0, now() - make_interval(mins => place) from generate_series(1, 450) as place`);
    const before = await entries();
    const left = async () =>
      (
        await shop.db.execute(sql`
      select extract(epoch from now() - since)::integer / 60 as minutes from refused_sign_ins`)
      ).map(({ minutes }) => minutes);
    await enterRefusedSignIns(shop.db);
    expect((await entries()) - before).toBe(200);
    expect(Math.max(...(await left()).map(Number))).toBe(250);
    for (let round = 0; round < 2; round += 1) await enterRefusedSignIns(shop.db);
    expect(await left()).toEqual([]);
    expect((await entries()) - before).toBe(450);
  });
});
