import { randomUUID } from 'node:crypto';
import type { Viewer } from '@storegraph/server';
import { anonymous, staff } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, cartService, customer } from './pricing-fixture.ts';
import { cartOf, openPromotions, type TestPromotions } from './promotion-fixture.ts';

/** Points: earned, spent and undone by orders, and read by whose they are. */

let shop: TestPromotions;
beforeAll(async () => {
  shop = await openPromotions();
});
afterAll(async () => {
  expect(await shop.broken()).toEqual({});
  await shop.stop();
});

const buyer = () => customer() as Extract<Viewer, { id: string }>;
const move = (mutation: string, customerId: string, more: object): Promise<Answer> =>
  shop.change(mutation, { customerId, orderId: randomUUID(), ...more });
const myPoints = async (me: Viewer): Promise<Answer> => {
  const query = `{ myPoints { balance toUse history { nodes { delta balance reason orderId }
    pageInfo { hasNextPage } } } }`;
  return (await shop.ask(query, {}, me)).myPoints;
};

describe('an order', () => {
  test('earns once and is paid once, whatever the key, and says so', async () => {
    const me = buyer();
    const [earned, paid] = [randomUUID(), randomUUID()];
    const facts = await shop.factsOf(async () => {
      for (let call = 0; call < 3; call += 1) {
        expect(await move('pointsEarn', me.id, { orderId: earned, points: 100 })).toMatchObject({
          ...{ __typename: 'PointsEarned', points: 100, balance: 100 },
        });
        expect(await move('pointsSpend', me.id, { orderId: paid, points: 30 })).toMatchObject({
          ...{ __typename: 'PointsSpent', points: 30, balance: 70 },
        });
      }
    });
    expect(facts.map(({ delta }) => delta)).toEqual([100, -30]);
    const points = await myPoints(me);
    expect(points).toMatchObject({
      balance: 70,
      history: {
        nodes: [
          { delta: -30, balance: 70, reason: 'SPENT', orderId: paid },
          { delta: 100, balance: 100, reason: 'EARNED', orderId: earned },
        ],
      },
    });
  });

  test('never takes more than there is, however many pay at once', async () => {
    const me = buyer();
    await move('pointsEarn', me.id, { points: 100 });
    const ends = await Promise.all(
      Array.from({ length: 20 }, () => move('pointsSpend', me.id, { points: 30 })),
    );
    expect(ends.filter(({ __typename }) => __typename === 'PointsSpent')).toHaveLength(3);
    expect(ends.find(({ __typename }) => __typename === 'NotEnoughPoints')).toMatchObject({ balance: 10 });
    expect(await myPoints(me)).toMatchObject({ balance: 10 });
  });

  test('is undone once and for good; earned points that are spent by now are let go', async () => {
    const me = buyer();
    const order = { orderId: randomUUID() };
    await move('pointsEarn', me.id, { points: 50 });
    await move('pointsSpend', me.id, { ...order, points: 40 });
    await move('pointsEarn', me.id, { ...order, points: 100 });
    await move('pointsSpend', me.id, { points: 90 });
    for (let call = 0; call < 2; call += 1) {
      expect(await move('pointsReverse', me.id, order)).toMatchObject({
        ...{ __typename: 'PointsReversed', returned: 40, takenBack: 60, balance: 0 },
      });
    }
    const late = { ...order, points: 1 };
    expect(await move('pointsEarn', me.id, late)).toMatchObject({ __typename: 'PointsUndone' });
    expect(await move('pointsSpend', me.id, late)).toMatchObject({ __typename: 'PointsUndone' });
  });

  test('that is undone before it came moves nothing when it comes', async () => {
    const me = buyer();
    const order = { orderId: randomUUID() };
    expect(await move('pointsReverse', me.id, order)).toMatchObject({ returned: 0, takenBack: 0 });
    expect(await move('pointsEarn', me.id, { ...order, points: 5 })).toMatchObject({
      __typename: 'PointsUndone',
    });
    expect(await myPoints(me)).toMatchObject({ balance: 0 });
  });

  test('of somebody else moves nothing', async () => {
    const order = { orderId: randomUUID(), points: 10 };
    await move('pointsEarn', randomUUID(), order);
    const { problems } = await move('pointsEarn', randomUUID(), order);
    expect(problems).toMatchObject([{ path: ['orderId'] }]);
  });

  test.each([0, -5, 1_000_000_001])('does not move %i points', async (points) => {
    expect(await move('pointsEarn', randomUUID(), { points })).toMatchObject({ __typename: 'InvalidInput' });
  });
});

describe('the ledger', () => {
  test('is append-only, and the database refuses a balance below zero', async () => {
    const me = buyer();
    await move('pointsEarn', me.id, { points: 5 });
    await expect(shop.db.execute(sql`update points_entries set delta = 9`)).rejects.toThrow();
    await expect(shop.db.execute(sql`delete from points_entries`)).rejects.toThrow();
    await expect(
      shop.db.execute(sql`update points_accounts set balance = balance - 6 where customer_id = ${me.id}`),
    ).rejects.toThrow();
  });
});

describe('points', () => {
  test('pay for a cart once the customer says so', async () => {
    const { id } = await shop.priced(await shop.list(), 1_000);
    const about = { variantIds: [id] };
    await shop.promotion({ spendPoints: { worth: [{ amountMinor: 2, currency: 'EUR' }] } }, about);
    await shop.promotion({ earnPoints: { points: 1, per: [{ amountMinor: 100, currency: 'EUR' }] } }, about);
    const me = buyer();
    const cart = cartOf(me, [[id, 1]]);
    await move('pointsEarn', me.id, { points: 150 });
    expect(await shop.quote(cart, me)).toMatchObject({ pointsSpent: 0, pointsEarned: 10 });
    expect(await shop.change('pointsUse', { points: 1_000 }, me)).toMatchObject({
      points: { balance: 150, toUse: 1_000 },
    });
    expect(await shop.quote(cart, me)).toMatchObject({
      ...{ pointsSpent: 150, pointsEarned: 7, total: { amountMinor: 700 } },
      adjustments: [{ code: 'POINTS', amount: { amountMinor: -300 }, reason: 'Paid with 150 points.' }],
    });
  });

  test('are read by whose they are and by who may read accounts: for others there is no such customer', async () => {
    const me = buyer();
    await move('pointsEarn', me.id, { points: 5 });
    const query = `query ($id: ID!) { _entities(representations: [{ __typename: "Customer", id: $id }]) {
      ... on Customer { points { balance } } } }`;
    const seenBy = async (viewer: Viewer) => (await shop.ask(query, { id: me.id }, viewer))._entities[0];
    for (const viewer of [me, staff('account:read')])
      expect(await seenBy(viewer)).toEqual({ points: { balance: 5 } });
    const asGuest: Viewer = { kind: 'guest', id: me.id, scopes: new Set() };
    for (const viewer of [anonymous, buyer(), asGuest, staff('promotion:write')])
      expect(await seenBy(viewer)).toBeNull();
    expect(await myPoints(anonymous)).toBeNull();
  });

  test('are moved by no customer', async () => {
    const me = buyer();
    for (const mutation of ['pointsEarn', 'pointsSpend', 'pointsReverse']) {
      const { errors } = await shop.run(
        mutation,
        { customerId: me.id, orderId: randomUUID(), points: 5 },
        me,
      );
      expect(errors?.length).toBe(1);
    }
    const { errors } = await shop.run('pointsUse', { points: 5 }, anonymous);
    expect(errors?.[0].extensions.code).toBe('UNAUTHENTICATED');
  });
});

describe('a person', () => {
  const read = 'query ($id: ID!) { personalData(ownerId: $id) { items content } }';
  const erase = `mutation ($input: PersonalDataEraseInput!) { personalDataErase(input: $input) {
    __typename ... on PersonalDataErased { items kept { what reason } } } }`;

  test('reads all that is kept of them, and has it forgotten but for the books', async () => {
    const me = buyer();
    const codes = [await shop.couponCode({ customerId: me.id })];
    await move('pointsEarn', me.id, { points: 5 });
    await shop.change('pointsUse', { points: 3 }, me);
    const redeemed = { checkoutId: randomUUID(), ownerKind: 'customer', ownerId: me.id, codes };
    expect(await shop.change('couponRedeem', redeemed)).toMatchObject({ codes });
    await shop.quote(cartOf(me, [], { couponCodes: ['WRONG'] }), me);
    await shop.db.execute(sql`insert into tax_exemptions (customer_id, region, reason)
      values (${me.id}, 'DE', 'DE123456789')`);

    const { personalData } = await shop.ask(read, { id: me.id }, cartService);
    expect(personalData.items).toBe(6);
    for (const word of ['DE123456789', 'WRONG', codes[0]]) expect(personalData.content).toContain(word);

    const input = { idempotencyKey: randomUUID(), ownerId: me.id };
    for (let call = 0; call < 2; call += 1) {
      const { personalDataErase } = await shop.ask(erase, { input }, cartService);
      expect(personalDataErase).toMatchObject({ __typename: 'PersonalDataErased', items: 4, kept: [{}] });
    }
    const after = (await shop.ask(read, { id: me.id }, cartService)).personalData.content;
    for (const word of ['DE123456789', 'WRONG']) expect(after).not.toContain(word);
  });

  test('is read and forgotten by services alone', async () => {
    const me = buyer();
    const asked = await shop.execute(read, { id: me.id }, me);
    expect(asked.errors?.[0].extensions.code).toBe('FORBIDDEN');
    const input = { idempotencyKey: randomUUID(), ownerId: me.id };
    expect((await shop.execute(erase, { input }, me)).errors?.[0].extensions.code).toBe('FORBIDDEN');
  });
});
