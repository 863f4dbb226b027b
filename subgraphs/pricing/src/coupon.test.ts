import { randomUUID } from 'node:crypto';
import type { Viewer } from '@storegraph/server';
import { anonymous, key, staff } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, customer, merchandiser } from './pricing-fixture.ts';
import { cartOf, openPromotions, type TestPromotions } from './promotion-fixture.ts';

/** Coupons: made, entered, guessed, used up and given back. */

let shop: TestPromotions;
let variantId: string;
beforeAll(async () => {
  shop = await openPromotions();
  ({ id: variantId } = await shop.priced(await shop.list(), 1_000));
});
afterAll(async () => {
  expect(await shop.broken()).toEqual({});
  await shop.stop();
});

const buyer = () => customer() as Extract<Viewer, { id: string }>;
const redeem = (codes: readonly string[], more: object = {}): Promise<Answer> =>
  shop.change('couponRedeem', {
    ...{ checkoutId: randomUUID(), ownerKind: 'customer', ownerId: randomUUID(), codes },
    ...more,
  });
const stateOf = async (code: string, me = buyer()) => {
  const quote = await shop.quote(cartOf(me, [[variantId, 1]], { couponCodes: [code] }), me);
  return quote.coupons[0].state;
};
const usesOf = async (code: string): Promise<number> => {
  const query = 'query ($code: String!) { coupon(code: $code) { uses } }';
  return (await shop.ask(query, { code }, merchandiser)).coupon.uses;
};

describe('promotions', () => {
  test('are created, changed under their code and listed, latest first', async () => {
    const code = `P${randomUUID().slice(0, 8).toUpperCase()}`;
    const input = { code, name: 'One', action: { percentOff: { basisPoints: 100 } }, needsCoupon: true };
    const save = (more: object) => shop.change('promotionSave', { ...input, ...more });
    const made = await save({ expectedVersion: 0 });
    expect(made.promotion).toMatchObject({ code, version: 1, isActive: true });
    expect(await save({ expectedVersion: 0 })).toMatchObject({ __typename: 'VersionConflict', actual: 1 });
    const facts = await shop.factsOf(() => save({ expectedVersion: 1, isActive: false }));
    expect(facts).toEqual([
      { type: 'pricing.promotion_saved', promotionId: made.promotion.id, code, isActive: false },
    ]);
    const page = `query ($after: String) { promotions(first: 1, after: $after) {
      nodes { code } pageInfo { hasNextPage endCursor } } }`;
    await shop.promotion({ freeShipping: true }, { needsCoupon: true });
    const first = (await shop.ask(page, {}, merchandiser)).promotions;
    const second = (await shop.ask(page, { after: first.pageInfo.endCursor }, merchandiser)).promotions;
    expect(second.nodes).toEqual([{ code }]);
  });

  test('created twice at once under one code are one', async () => {
    const code = `P${randomUUID().slice(0, 8).toUpperCase()}`;
    const input = { code, name: 'One', action: { freeShipping: true }, needsCoupon: true };
    const made = await Promise.all([1, 2, 3].map(() => shop.change('promotionSave', input)));
    expect(new Set(made.map(({ promotion }) => promotion.id)).size).toBe(1);
  });

  test.each<[string, object, string]>([
    ['nothing to give', { action: {} }, 'action'],
    ['two things to give', { action: { freeShipping: true, percentOff: { basisPoints: 1 } } }, 'action'],
    [
      'more than all off',
      { action: { percentOff: { basisPoints: 10_001 } } },
      'action.percentOff.basisPoints',
    ],
    [
      'a currency twice',
      { action: { amountOff: { amounts: [eur(1), eur(2)] } } },
      'action.amountOff.amounts',
    ],
    [
      'an end before its start',
      { startsAt: '2026-05-02T00:00:00Z', endsAt: '2026-05-01T00:00:00Z' },
      'endsAt',
    ],
  ])('with %s are refused', async (_what, more, path) => {
    const input = { code: 'BAD', name: 'Bad', action: { freeShipping: true }, ...more };
    const { __typename, problems } = await shop.change('promotionSave', input);
    expect([__typename, problems[0].path.join('.')]).toEqual(['InvalidInput', path]);
  });

  test('are for merchandisers alone, and what orders use up for services alone', async () => {
    const codesOf = async (mutation: string, input: object, viewers: readonly Viewer[]) =>
      Promise.all(
        viewers.map(async (viewer) => (await shop.run(mutation, input, viewer)).errors?.[0].extensions.code),
      );
    const strangers = [anonymous, buyer(), staff('price:write')];
    const save = { code: 'X', name: 'X', action: { freeShipping: true } };
    expect(await codesOf('promotionSave', save, strangers)).toEqual([
      'UNAUTHENTICATED',
      'FORBIDDEN',
      'FORBIDDEN',
    ]);
    const use = { checkoutId: randomUUID(), ownerKind: 'customer', ownerId: 'x', codes: [] };
    expect(await codesOf('couponRedeem', use, [anonymous, buyer(), merchandiser])).toEqual(
      Array(3).fill('FORBIDDEN'),
    );
  });
});

const eur = (amountMinor: number) => ({ amountMinor, currency: 'EUR' });

describe('generated coupons', () => {
  test('are ten thousand at once, all different, and a repeat makes no more', async () => {
    const promotionId = await shop.promotion({ freeShipping: true }, { needsCoupon: true });
    const input = { idempotencyKey: key(), promotionId, count: 10_000, prefix: 'SPRING' };
    const made = await shop.change('couponsGenerate', input);
    expect(made).toMatchObject({
      __typename: 'CouponsGenerated',
      count: 10_000,
      promotion: { id: promotionId },
    });
    expect(await shop.change('couponsGenerate', input)).toEqual(made);
    const [row] =
      await shop.db.execute(sql`select count(*)::integer as count, count(distinct code)::integer as codes,
      bool_and(code ~ '^SPRING(-[0-9A-HJKMNP-TV-Z]{4}){3}$') as is_formed from coupons
      where promotion_id = ${promotionId}`);
    expect(row).toEqual({ count: 10_000, codes: 10_000, is_formed: true });
  });

  test('are read page by page, batch by batch', async () => {
    const promotionId = await shop.promotion({ freeShipping: true }, { needsCoupon: true });
    const { batchId } = await shop.change('couponsGenerate', { promotionId, count: 5 });
    await shop.change('couponsGenerate', { promotionId, count: 2 });
    const query = `query ($id: ID!, $batchId: ID, $after: String) { promotion(id: $id) {
      coupons(batchId: $batchId, first: 3, after: $after) { nodes { code } pageInfo { hasNextPage endCursor } } } }`;
    const page = async (after: string | null) =>
      (await shop.ask(query, { id: promotionId, batchId, after }, merchandiser)).promotion.coupons;
    const first = await page(null);
    const second = await page(first.pageInfo.endCursor);
    expect([first.nodes.length, first.pageInfo.hasNextPage]).toEqual([3, true]);
    expect([second.nodes.length, second.pageInfo.hasNextPage]).toEqual([2, false]);
  });
});

test('coupons of many promotions are read by one statement', async () => {
  const promotionIds = await Promise.all(
    [1, 2, 3].map(() => shop.promotion({ freeShipping: true }, { needsCoupon: true })),
  );
  for (const promotionId of promotionIds) await shop.change('couponsGenerate', { promotionId, count: 2 });
  const query = '{ promotions(first: 100) { nodes { id coupons(first: 1) { nodes { code } } } } }';
  const { data, statements } = await shop.execute(query, {}, merchandiser);
  const found = data.promotions.nodes.filter(({ id }: Answer) => promotionIds.includes(id));
  expect(found.map(({ coupons }: Answer) => coupons.nodes.length)).toEqual([1, 1, 1]);
  expect(statements).toBe(2);
});

describe('a code', () => {
  test('counts however it is typed, until it is withdrawn', async () => {
    const code = await shop.couponCode({ maxUses: 5 });
    expect(await stateOf(`  ${code.toLowerCase()} `)).toBe('COUNTS');
    expect(await shop.change('couponCreate', { promotionId: randomUUID(), code })).toMatchObject({
      __typename: 'PromotionNotFound',
    });
    expect(await shop.change('couponWithdraw', { code })).toMatchObject({ coupon: { isWithdrawn: true } });
    expect(await stateOf(code)).toBe('EXPIRED');
    expect(await redeem([code])).toMatchObject({ coupons: [{ code, state: 'EXPIRED' }] });
  });

  test('guessed wrongly ten times costs time, right or wrong, and looking again at one mistake costs none', async () => {
    const code = await shop.couponCode();
    const me = buyer();
    /** Moves what was guessed, so that no answer hangs on how fast this test runs. */
    const lastGuess = (when: string) =>
      shop.db.execute(sql`update coupon_guesses set guessed_at = now() + ${when}::interval
        where owner = ${`customer ${me.id}`}`);
    for (let look = 0; look < 20; look += 1) expect(await stateOf('MISTAKE', me)).toBe('UNKNOWN');
    expect(await stateOf(code, me)).toBe('COUNTS');
    for (let guess = 0; guess < 10; guess += 1) expect(await stateOf(`GUESS${guess}`, me)).toBe('UNKNOWN');
    await lastGuess('1 minute');
    expect(await stateOf(code, me)).toBe('TOO_MANY_TRIES');
    expect(await stateOf('GUESS99', me)).toBe('TOO_MANY_TRIES');
    expect(await stateOf(code)).toBe('COUNTS');
    await lastGuess('-2 seconds');
    expect(await stateOf(code, me)).toBe('COUNTS');
    expect(await stateOf('GUESS99', me)).toBe('UNKNOWN');
    await lastGuess('-2 seconds');
    expect(await stateOf(code, me)).toBe('TOO_MANY_TRIES');
    await lastGuess('-1 day');
    expect(await stateOf(code, me)).toBe('COUNTS');
  });
});

describe('a checkout', () => {
  test('uses its coupons up once, whatever the key, and gives them back once', async () => {
    const code = await shop.couponCode({ maxUses: 5 });
    const checkout = { checkoutId: randomUUID(), ownerId: randomUUID() };
    const facts = await shop.factsOf(async () => {
      for (let call = 0; call < 3; call += 1)
        expect(await redeem([code], checkout)).toMatchObject({
          __typename: 'CouponsRedeemed',
          codes: [code],
        });
    });
    expect(facts).toEqual([
      { type: 'pricing.coupons_redeemed', checkoutId: checkout.checkoutId, codes: [code] },
    ]);
    expect(await usesOf(code)).toBe(1);
    const release = () => shop.change('couponRelease', { checkoutId: checkout.checkoutId });
    for (let call = 0; call < 2; call += 1)
      expect(await release()).toMatchObject({ __typename: 'CouponsReleased', codes: [code] });
    expect(await usesOf(code)).toBe(0);
    expect(await redeem([code], checkout)).toMatchObject({ __typename: 'CheckoutReleased' });
    expect(await usesOf(code)).toBe(0);
  });

  test('that is given up before it came uses nothing up when it comes', async () => {
    const code = await shop.couponCode({ maxUses: 5 });
    const checkoutId = randomUUID();
    expect(await shop.change('couponRelease', { checkoutId })).toMatchObject({ codes: [] });
    expect(await redeem([code], { checkoutId })).toMatchObject({ __typename: 'CheckoutReleased' });
    expect(await usesOf(code)).toBe(0);
  });

  test('uses all of its coupons up or none', async () => {
    const [open, single] = [await shop.couponCode(), await shop.couponCode({ maxUses: 1 })];
    await redeem([single]);
    expect(await redeem([open, single])).toMatchObject({
      ...{ __typename: 'CouponsRefused', coupons: [{ code: single, state: 'USED_UP' }] },
    });
    expect([await usesOf(open), await usesOf(single)]).toEqual([0, 1]);
    expect(await stateOf(single)).toBe('USED_UP');
  });

  test('of one customer, in many at once, uses a coupon as often as each may', async () => {
    const code = await shop.couponCode({ maxUsesPerCustomer: 2 });
    const me = buyer();
    const owner = { ownerId: me.id };
    const ends = await Promise.all(Array.from({ length: 10 }, () => redeem([code], owner)));
    expect(ends.filter(({ __typename }) => __typename === 'CouponsRedeemed')).toHaveLength(2);
    expect(await stateOf(code, me)).toBe('USED_UP');
    expect(await stateOf(code)).toBe('COUNTS');
    expect(await redeem([code], { ownerKind: 'guest' })).toMatchObject({
      coupons: [{ state: 'NOT_FOR_YOU' }],
    });
  });

  test('is the first of a customer once, even of many at once', async () => {
    const code = await shop.couponCode({}, { conditions: { isFirstOrderOnly: true } });
    const me = buyer();
    expect(await stateOf(code, me)).toBe('COUNTS');
    const ends = await Promise.all(Array.from({ length: 5 }, () => redeem([code], { ownerId: me.id })));
    expect(ends.filter(({ __typename }) => __typename === 'CouponsRedeemed')).toHaveLength(1);
    expect(await stateOf(code, me)).toBe('NOT_FOR_YOU');
    const other = buyer();
    await redeem([], { ownerId: other.id });
    expect(await stateOf(code, other)).toBe('NOT_FOR_YOU');
  });

  test('of somebody else is not used', async () => {
    const checkoutId = randomUUID();
    await redeem([], { checkoutId });
    expect(await redeem([], { checkoutId })).toMatchObject({
      ...{ __typename: 'InvalidInput', problems: [{ path: ['checkoutId'] }] },
    });
  });

  test('uses coupons of other checkouts’ codes in any order, and none waits for the other for ever', async () => {
    const codes = await Promise.all([1, 2, 3, 4].map(() => shop.couponCode({ maxUses: 100 })));
    const mixed = Array.from({ length: 40 }, (_, turn) =>
      redeem(turn % 2 === 0 ? codes : [...codes].reverse(), { ownerId: `${turn % 5}` }),
    );
    const ends = await Promise.all(mixed);
    expect(ends.every(({ __typename }) => __typename === 'CouponsRedeemed')).toBe(true);
    expect(await Promise.all(codes.map(usesOf))).toEqual([40, 40, 40, 40]);
  });

  test('of codes that cannot be any is told so', async () => {
    const codes = ['\u0000', '%', 'a'.repeat(200)];
    const { coupons } = await redeem(codes.slice(1));
    expect(coupons.map(({ state }: Answer) => state)).toEqual(['UNKNOWN', 'UNKNOWN']);
    expect(await redeem(codes)).toMatchObject({ __typename: 'InvalidInput' });
    expect(await shop.change('couponWithdraw', { code: '\u0000' })).toMatchObject({
      __typename: 'InvalidInput',
    });
    const query = 'query ($code: String!) { coupon(code: $code) { code } promotion(code: $code) { id } }';
    expect(await shop.ask(query, { code: '\u0000' }, merchandiser)).toEqual({
      coupon: null,
      promotion: null,
    });
  });
});
