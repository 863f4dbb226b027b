import { key } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Answer, customer, guest, openCarts, type TestCarts } from './cart-fixture.ts';
import { sweep } from './sweep-service.ts';

let shop: TestCarts;
beforeAll(async () => {
  shop = await openCarts();
});
afterAll(async () => {
  expect(await shop.broken()).toEqual({});
  await shop.stop();
});

const sold = async (amountMinor = 1_000, pieces = 10): Promise<string> => {
  const id = await shop.variant();
  shop.neighbours.price(id, amountMinor);
  shop.neighbours.stock(id, pieces);
  return id;
};

describe('what has changed since the customer looked', () => {
  const shown = `{ cart { changesMark changes { __typename
    ... on CartLinePriceChanged { was { amountMinor } now { amountMinor } }
    ... on CartLineAvailabilityChanged { wasAvailable isAvailable }
    ... on CartLineWithdrawn { lineId } } lines { seenPrice { amountMinor } changes { __typename } } } }`;
  const look = async (me: ReturnType<typeof guest>): Promise<Answer> => (await shop.ask(me, shown)).cart;

  test('is told of prices, availability and what is withdrawn, until it is seen', async () => {
    const me = guest();
    const { ids, productId } = await shop.variants(1);
    const [dearer, gone, scarce] = [await sold(), ids[0] ?? '', await sold()];
    for (const id of [dearer, gone, scarce]) await shop.add(me, id, 5);
    const first = await look(me);
    expect(first).toMatchObject({ changes: [], lines: [{ seenPrice: null }, {}, {}] });
    await shop.change(me, 'cartSeen', { mark: first.changesMark });

    shop.neighbours.price(dearer, 1_200);
    shop.neighbours.stock(scarce, 4);
    await shop.withdraw(productId);
    const later = await look(me);
    expect(later.changes).toMatchObject([
      { __typename: 'CartLinePriceChanged', was: { amountMinor: 1_000 }, now: { amountMinor: 1_200 } },
      { __typename: 'CartLineWithdrawn' },
      { __typename: 'CartLineAvailabilityChanged', wasAvailable: true, isAvailable: false },
    ]);
    expect(later.lines[0].changes).toHaveLength(1);
    expect(await shop.change(me, 'cartSeen', { mark: first.changesMark })).toMatchObject({
      __typename: 'CartSeenOutdated',
    });
    await shop.change(me, 'cartSeen', { mark: later.changesMark });
    expect((await look(me)).changes).toMatchObject([{ __typename: 'CartLineWithdrawn' }]);
  });

  test('is not the price in another currency, which the customer has chosen', async () => {
    const me = guest();
    const id = await sold();
    await shop.add(me, id);
    const { changesMark: mark } = await look(me);
    await shop.change(me, 'cartSeen', { mark });
    await shop.change(me, 'cartMarketSet', { region: 'DE', currency: 'USD' });
    shop.neighbours.price(id, 1_100);
    expect(await look(me)).toMatchObject({ changes: [], lines: [{ seenPrice: { amountMinor: 1_000 } }] });
  });

  test('asks each neighbour once for a cart, and nobody when it is not asked for', async () => {
    const me = guest();
    for (const id of [await sold(), await sold(), await sold()]) await shop.add(me, id);
    const before = shop.neighbours.asked.length;
    await shop.cartOf(me);
    expect(shop.neighbours.asked.length).toBe(before);
    await look(me);
    const asked = shop.neighbours.asked.slice(before).map(({ subgraph }) => subgraph);
    expect(asked.sort()).toEqual(['inventory', 'pricing']);
  });
});

describe('a hold', () => {
  test('holds the whole cart, follows it, and is given back with it', async () => {
    const me = customer();
    const [a, b] = [await sold(), await sold()];
    expect(await shop.change(me, 'cartHold')).toMatchObject({ __typename: 'CartEmpty' });
    await shop.add(me, a, 3);
    const held = await shop.change(me, 'cartHold', { holdSeconds: 600 });
    const ofA = { variant: { id: a }, held: 3, wanted: 3 };
    expect(held.cart).toMatchObject({
      hold: { isComplete: true, lines: [ofA] },
      lines: [{ heldQuantity: 3 }],
    });
    const { cart } = await shop.add(me, b);
    expect(cart).toMatchObject({
      hold: { isComplete: false, lines: [ofA] },
      lines: [{ heldQuantity: 3 }, { heldQuantity: 0 }],
    });
    const fewer = await shop.change(me, 'cartLineSet', { lineId: cart.lines[0].id, quantity: 1 });
    expect(fewer.cart).toMatchObject({
      hold: { isComplete: false, lines: [{ held: 3, wanted: 1 }] },
      lines: [{ quantity: 1, heldQuantity: 3 }, {}],
    });
    const without = await shop.change(me, 'cartLineRemove', { lineId: cart.lines[0].id });
    expect(without.cart.hold).toMatchObject({ isComplete: false, lines: [{ held: 3, wanted: 0 }] });
    expect((await shop.change(me, 'cartHold')).cart.hold).toMatchObject({ isComplete: true });
    expect((await shop.change(me, 'cartHold')).cart.hold).toMatchObject({ isComplete: true });
    expect((await shop.change(me, 'cartClear')).cart.hold).toBeNull();
    const asked = shop.neighbours.asked.map(
      ({ document }) => document.match(/(?:stockReserve|reservationRelease|reservationExtend)(?=\()/)?.[0],
    );
    expect(asked.filter((name) => name !== undefined).slice(-5)).toEqual([
      ...['stockReserve', 'reservationRelease', 'stockReserve', 'reservationExtend', 'reservationRelease'],
    ]);
  });

  test('is given back when the cart ships to another region, where it holds nothing', async () => {
    const me = customer();
    await shop.add(me, await sold());
    await shop.change(me, 'cartHold');
    const dearer = await shop.change(me, 'cartMarketSet', { region: 'DE', currency: 'CHF' });
    expect(dearer.cart.hold).toMatchObject({ isComplete: true });
    const asked = shop.neighbours.asked.length;
    expect((await shop.change(me, 'cartMarketSet', { region: 'US', currency: 'USD' })).cart.hold).toBeNull();
    expect(shop.neighbours.asked.slice(asked).map(({ document }) => document)).toEqual([
      expect.stringContaining('reservationRelease'),
    ]);
  });

  test('is given back when the cart was emptied or taken over while it was taken', async () => {
    const ended = async (me: ReturnType<typeof guest>, meanwhile: () => Promise<unknown>) => {
      await shop.add(me, await sold());
      shop.neighbours.meanwhile('stockReserve', meanwhile);
      const asked = shop.neighbours.asked.length;
      const held = await shop.change(me, 'cartHold');
      const released = shop.neighbours.asked
        .slice(asked)
        .filter(({ document }) => document.includes('Release'));
      expect(released).toHaveLength(1);
      return held;
    };
    const [me, was, other] = [customer(), guest(), customer()];
    const emptied = await ended(me, () => shop.change(me, 'cartClear'));
    expect(emptied).toMatchObject({ __typename: 'CartChanged', cart: { lines: [], hold: null } });
    const guestToken = await shop.tokenOf(was);
    const taken = await ended(was, () => shop.change(other, 'cartMerge', { guestToken }));
    expect(taken).toMatchObject({ __typename: 'CartClosed' });
  });

  test('is renewed for an hour, then refused until others had their chance, with what is held as it was', async () => {
    const me = guest();
    await shop.add(me, await sold());
    const begun = Date.now();
    const holdAt = (minutes: number, input: object = {}) => {
      vi.useFakeTimers({ toFake: ['Date'], now: begun + minutes * 60_000 });
      return shop.change(me, 'cartHold', input).finally(() => vi.useRealTimers());
    };
    const kept = { idempotencyKey: key() };
    expect(await holdAt(0, kept)).toMatchObject({ __typename: 'CartChanged' });
    for (const minutes of [14, 28, 42, 56])
      expect(await holdAt(minutes)).toMatchObject({ cart: { hold: { isComplete: true } } });
    const asked = shop.neighbours.asked.length;
    const availableAt = new Date(begun + (56 + 15 + 30) * 60_000).toISOString();
    const refused = { __typename: 'CartHoldTooSoon', availableAt };
    expect(await holdAt(61)).toMatchObject(refused);
    expect(await holdAt(100)).toMatchObject(refused);
    // A repeat is answered as before, and holds nothing.
    expect(await holdAt(61, kept)).toMatchObject({ __typename: 'CartChanged' });
    expect(shop.neighbours.asked.slice(asked)).toEqual([]);
    expect(await holdAt(101)).toMatchObject({ cart: { hold: { isComplete: true } } });
    await shop.change(me, 'cartClear');
  });

  test('is refused whole where a line falls short', async () => {
    const me = customer();
    const a = await sold(1_000, 2);
    await shop.add(me, a, 3);
    expect(await shop.change(me, 'cartHold')).toMatchObject({
      __typename: 'CartStockMissing',
      lines: [{ variantId: a, requested: 3, available: 2 }],
    });
    expect((await shop.cartOf(me)).hold).toBeNull();
  });
});

describe('a cart that was left', () => {
  const hours = (count: number) => new Date(Date.now() + count * 60 * 60_000);
  const abandoned = async (work: () => Promise<unknown>) => {
    const before = await shop.log.head();
    await work();
    return (await shop.log.read(before, 1_000)).map(({ data }) => data);
  };

  test('is published once, by however many processes, and again when it is left again', async () => {
    const me = customer();
    const { cart } = await shop.add(me, await sold());
    await sweep(shop.db, hours(25));
    const day = { cartId: cart.id, owner: { kind: 'customer', id: me.id }, lines: 1 };
    await shop.add(me, await sold());
    expect(await abandoned(() => sweep(shop.db, hours(23)))).toEqual([]);
    const told = await abandoned(() => Promise.all([1, 2, 3].map(() => sweep(shop.db, hours(25)))));
    expect(told).toMatchObject([{ ...day, lines: 2 }]);
    expect(await abandoned(() => sweep(shop.db, hours(26)))).toEqual([]);
  });

  test('is kept as long as a customer’s cart is to take it over', async () => {
    const [me, was] = [customer(), guest()];
    await shop.add(was, await sold());
    shop.neighbours.broken(true);
    const input = { guestToken: await shop.tokenOf(was) };
    await expect(shop.change(me, 'cartMerge', input)).rejects.toThrow();
    shop.neighbours.broken(false);
    await sweep(shop.db, hours(31 * 24));
    expect((await shop.change(me, 'cartMerge', input)).cart.lines).toHaveLength(1);
  });

  test('is forgotten after 30 days, if it was a guest’s', async () => {
    const [me, other] = [guest(), customer()];
    await shop.add(me, await sold());
    await shop.add(other, await sold());
    await sweep(shop.db, hours(31 * 24));
    expect(await shop.cartOf(me)).toBeNull();
    expect((await shop.cartOf(other)).lines).toHaveLength(1);
    expect(await shop.db.execute(sql`select 1 from carts where owner_id = ${me.id}`)).toHaveLength(0);
  });
});
