import { key } from '@storegraph/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, customer, guest, openCarts, type TestCarts } from './cart-fixture.ts';

const redisUrl = process.env['REDIS_URL'];
const places = [{ name: 'Postgres' }, ...(redisUrl ? [{ name: 'Redis', redisUrl }] : [])];

describe.each(places)('a guest who signs in, carts in $name', (options) => {
  let shop: TestCarts;
  beforeAll(async () => {
    shop = await openCarts(options);
  });
  afterAll(async () => {
    expect(await shop.broken()).toEqual({});
    await shop.stop();
  });

  const merge = async (me: ReturnType<typeof customer>, from: ReturnType<typeof guest>, more: object = {}) =>
    shop.change(me, 'cartMerge', { guestToken: await shop.tokenOf(from), ...more });
  const lines = (cart: Answer) =>
    Object.fromEntries(cart.lines.map(({ variantId, quantity }: Answer) => [variantId, quantity]));
  const settle = (me: ReturnType<typeof customer>, conflict: Answer, choice: string) =>
    shop.change(me, 'cartConflictSettle', { conflictId: conflict.id, choice });

  test('keeps the cart, where there was no other', async () => {
    const [me, before] = [customer(), guest()];
    const [a, b] = [await shop.variant(), await shop.variant()];
    shop.neighbours.stock(a, 9);
    shop.neighbours.stock(b, 9);
    await shop.add(before, a, 2, { region: 'CH', currency: 'CHF' });
    await shop.add(before, b);
    await shop.change(before, 'cartCouponAdd', { code: 'WELCOME' });
    const { cart } = await merge(me, before);
    expect(cart).toMatchObject({ region: 'CH', currency: 'CHF', couponCodes: ['WELCOME'], conflicts: [] });
    expect(lines(cart)).toEqual({ [a]: 2, [b]: 1 });
    expect(await shop.cartOf(me)).toEqual(cart);
  });

  test('loses the guest’s cart to the customer: it is closed, and nobody sees it', async () => {
    const [me, before] = [customer(), guest()];
    const a = await shop.variant();
    const { cart } = await shop.add(before, a);
    await merge(me, before);
    expect(await shop.cartOf(before)).toBeNull();
    expect(await shop.ask(before, 'query ($id: ID!) { cart(id: $id) { id } }', { id: cart.id })).toEqual({
      cart: null,
    });
    expect(await shop.add(before, a)).toMatchObject({ __typename: 'CartClosed' });
    expect(await merge(customer(), before)).toMatchObject({ __typename: 'GuestNotProven' });
  });

  test('sees every conflict, settles each, and nothing more happens when it is done again', async () => {
    const [me, before] = [customer(), guest()];
    const { ids, productId } = await shop.variants(1);
    const [both, dearer, scarce] = [await shop.variant(), await shop.variant(), await shop.variant()];
    const gone = ids[0] ?? '';
    for (const id of [both, dearer, scarce, gone]) {
      shop.neighbours.price(id, 1_000);
      shop.neighbours.stock(id, 100);
      await shop.add(before, id, 5);
    }
    const { cart: shown } = await shop.ask(before, '{ cart { changesMark } }');
    await shop.change(before, 'cartSeen', { mark: shown.changesMark });
    await shop.add(me, both, 2);
    shop.neighbours.price(dearer, 1_200);
    shop.neighbours.stock(scarce, 3);
    await shop.withdraw(productId);

    const input = { idempotencyKey: key() };
    const { cart } = await merge(me, before, input);
    expect(lines(cart)).toEqual({ [both]: 5, [dearer]: 5, [scarce]: 5 });
    expect(cart.conflicts).toMatchObject([
      { __typename: 'CartQuantityDiffers', variant: { id: both }, mine: 2, guests: 5 },
      { __typename: 'CartPriceDiffers', was: { amountMinor: 1_000 }, now: { amountMinor: 1_200 } },
      { __typename: 'CartStockShort', wanted: 5, available: 3 },
      { __typename: 'CartVariantGone', variant: { id: gone }, quantity: 5 },
    ]);
    for (const again of [input, {}]) expect((await merge(me, before, again)).cart).toEqual(cart);

    const [quantity, price, stock, left] = cart.conflicts;
    expect(await settle(me, quantity, 'DISMISS')).toMatchObject({ __typename: 'CartChoiceNotOffered' });
    await settle(me, quantity, 'ADD_UP');
    await settle(me, price, 'ACCEPT');
    await settle(me, stock, 'TAKE_AVAILABLE');
    const settled = (await settle(me, left, 'SAVE_FOR_LATER')).cart;
    expect(lines(settled)).toEqual({ [both]: 7, [dearer]: 5, [scarce]: 3 });
    expect(settled).toMatchObject({ conflicts: [], savedForLater: [{ variantId: gone, quantity: 5 }] });
    expect(await settle(me, left, 'DISMISS')).toMatchObject({ __typename: 'CartConflictNotFound' });
  });

  test('is merged once by several devices at once, while the guest’s still adds', async () => {
    const [me, before] = [customer(), guest()];
    const all = await Promise.all(Array.from({ length: 6 }, () => shop.variant()));
    for (const id of all) shop.neighbours.stock(id, 9);
    const [first = '', ...others] = all;
    await shop.add(before, first);
    const outcomes = await Promise.all([
      ...others.map((id) => shop.add(before, id)),
      ...[1, 2, 3].map(() => merge(me, before)),
    ]);
    const added = others.filter((_id, place) => outcomes[place].__typename === 'CartChanged');
    const mine = await shop.cartOf(me);
    expect(lines(mine)).toEqual(Object.fromEntries([first, ...added].map((id) => [id, 1])));
    expect(mine.conflicts).toEqual([]);
  });

  test('hears which codes count no more for who has signed in, by asking once, and may enter them all the same', async () => {
    const [me, before] = [customer(), guest()];
    await shop.add(me, await shop.variant());
    const states = {
      COUNTED: 'COUNTS',
      SPENT: 'USED_UP',
      OLD: 'EXPIRED',
      VIP: 'NOT_FOR_YOU',
      LATER: 'CONDITIONS_NOT_MET',
    };
    for (const [code, state] of Object.entries(states)) {
      shop.neighbours.coupon(code, state);
      await shop.change(before, 'cartCouponAdd', { code });
    }
    const asked = shop.neighbours.asked.length;
    const { cart } = await merge(me, before);
    const quotes = shop.neighbours.asked.slice(asked).filter(({ document }) => document.includes('quote'));
    expect(quotes).toHaveLength(1);
    expect(quotes[0]?.variables.carts[0]).toMatchObject({ ownerKind: 'customer', ownerId: me.id });
    expect(cart.couponCodes).toEqual(['COUNTED', 'LATER']);
    expect(cart.conflicts).toMatchObject([
      { __typename: 'CartCouponLost', code: 'SPENT', reason: 'USED_UP' },
      { __typename: 'CartCouponLost', code: 'OLD', reason: 'EXPIRED' },
      { __typename: 'CartCouponLost', code: 'VIP', reason: 'NOT_FOR_YOU' },
    ]);
    const [spent, old] = cart.conflicts;
    await settle(me, spent, 'DISMISS');
    expect((await settle(me, old, 'TAKE')).cart).toMatchObject({
      couponCodes: ['COUNTED', 'LATER', 'OLD'],
      conflicts: [{ code: 'VIP' }],
    });
  });

  test('has to settle a hundred conflicts before another cart is taken over, which stays the guest’s', async () => {
    const me = customer();
    const { ids } = await shop.variants(100);
    const first = guest();
    for (const id of ids) {
      await shop.add(me, id);
      await shop.add(first, id, 2);
    }
    for (const id of ids) shop.neighbours.stock(id, 9);
    expect((await merge(me, first)).cart.conflicts).toHaveLength(100);
    const second = guest();
    await shop.add(second, ids[0] ?? '');
    expect(await merge(me, second)).toMatchObject({
      ...{ __typename: 'CartLimitReached', of: 'CONFLICTS', limit: 100 },
    });
    expect((await shop.cartOf(second)).lines).toHaveLength(1);
    // What has been taken over already is no matter of room.
    expect(await merge(me, first)).toMatchObject({ __typename: 'CartMerged' });
    await shop.change(me, 'cartClear');
    expect((await merge(me, second)).cart.lines).toHaveLength(1);
  });

  test('takes a guest’s cart over once, however many others came in between', async () => {
    const me = customer();
    const all = await Promise.all(Array.from({ length: 22 }, () => shop.variant()));
    for (const id of all) shop.neighbours.stock(id, 9);
    const guests = all.map(() => guest());
    for (const [place, one] of guests.entries()) {
      await shop.add(one, all[place] ?? '');
      await merge(me, one);
    }
    const [first] = guests;
    if (!first) throw new Error('There is no guest.');
    await shop.change(me, 'cartClear');
    expect((await merge(me, first)).cart.lines).toEqual([]);
  });

  test('goes on when the neighbours are away: what they would have said is not told', async () => {
    const [me, before] = [customer(), guest()];
    const a = await shop.variant();
    await shop.add(before, a, 3);
    shop.neighbours.away(true);
    try {
      const { cart } = await merge(me, before);
      expect(cart).toMatchObject({ lines: [{ variantId: a, quantity: 3 }], conflicts: [] });
    } finally {
      shop.neighbours.away(false);
    }
  });

  test('goes on where a merge was cut short: the closed cart is taken over by the next one', async () => {
    const [me, before] = [customer(), guest()];
    const a = await shop.variant();
    await shop.add(before, a, 3);
    shop.neighbours.broken(true);
    const input = { idempotencyKey: key() };
    await expect(merge(me, before, input)).rejects.toThrow();
    shop.neighbours.broken(false);
    expect(await shop.cartOf(me)).toBeNull();
    expect(await shop.add(before, a)).toMatchObject({ __typename: 'CartClosed' });
    expect(lines((await merge(me, before, input)).cart)).toEqual({ [a]: 3 });
  });

  test('has to prove who the guest was', async () => {
    const [me, before] = [customer(), guest()];
    await shop.add(before, await shop.variant());
    for (const guestToken of ['forged', null, await shop.tokenOf(guest()).then((token) => `${token}x`)]) {
      expect(await shop.change(me, 'cartMerge', { guestToken })).toMatchObject({
        __typename: 'GuestNotProven',
      });
    }
    expect(await shop.change(before, 'cartMerge', { guestToken: await shop.tokenOf(before) })).toMatchObject({
      __typename: 'GuestNotProven',
    });
    expect((await shop.cartOf(before)).lines).toHaveLength(1);
    await shop.signIn(me, before);
    expect((await shop.change(me, 'cartMerge')).cart.lines).toHaveLength(1);
  });
});
