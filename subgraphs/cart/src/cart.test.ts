import { anonymous, key, staff } from '@storegraph/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { customer, guest, openCarts, type TestCarts } from './cart-fixture.ts';

let shop: TestCarts;
let ids: string[];
beforeAll(async () => {
  shop = await openCarts();
  ({ ids } = await shop.variants(101));
});
afterAll(async () => {
  expect(await shop.broken()).toEqual({});
  await shop.stop();
});
const id = (place: number): string => ids[place] ?? '';

/** One mutation of as many adds, each with a key of its own. */
const adds = (count: number) => {
  const places = Array.from({ length: count }, (_each, place) => place);
  const heads = places.map((place) => `$i${place}: CartLineAddInput!`).join(' ');
  const fields = places.map((place) => `a${place}: cartLineAdd(input: $i${place}) { __typename }`).join(' ');
  const inputs = places.map((place) => [
    `i${place}`,
    { idempotencyKey: key(), variantId: id(place % 101), quantity: 1 },
  ]);
  return { text: `mutation (${heads}) { ${fields} }`, variables: Object.fromEntries(inputs) };
};

describe('a cart', () => {
  test('is made by the first thing put into it, and is there on every device', async () => {
    const me = guest();
    expect(await shop.cartOf(me)).toBeNull();
    const added = await shop.add(me, id(0), 2, { region: 'CH', currency: 'CHF' });
    expect(added).toMatchObject({
      __typename: 'CartChanged',
      cart: { version: 1, region: 'CH', currency: 'CHF', totalQuantity: 2, lines: [{ variantId: id(0) }] },
    });
    expect(await shop.cartOf(me)).toEqual(added.cart);
  });

  test('is added to in at most three SQL statements', async () => {
    const me = customer();
    const fresh = await shop.variant();
    const first = await shop.run(me, 'cartLineAdd', { variantId: fresh });
    const second = await shop.run(me, 'cartLineAdd', { variantId: fresh });
    expect([first.statements, second.statements]).toEqual([3, 1]);
  });

  test('counts what two devices add at once', async () => {
    const me = customer();
    await Promise.all(Array.from({ length: 30 }, (_each, place) => shop.add(me, id(place % 3))));
    const { lines, version } = await shop.cartOf(me);
    expect(lines.map(({ quantity }: { quantity: number }) => quantity)).toEqual([10, 10, 10]);
    expect(version).toBe(30);
  });

  test('changes once for a key, however often it is sent, and says so', async () => {
    const me = guest();
    const input = { idempotencyKey: key(), variantId: id(0), quantity: 3 };
    const all = await Promise.all(Array.from({ length: 8 }, () => shop.run(me, 'cartLineAdd', input)));
    for (const { data } of all) expect(data.cartLineAdd.cart.totalQuantity).toBe(3);
    expect(all.filter(({ extensions }) => !extensions['idempotency'])).toHaveLength(1);
    expect(await shop.change(me, 'cartLineAdd', { ...input, quantity: 4 })).toMatchObject({
      __typename: 'IdempotencyConflict',
    });
    expect((await shop.cartOf(me)).totalQuantity).toBe(3);
  });

  test('is set, cleared and written on', async () => {
    const me = guest();
    const { cart } = await shop.add(me, id(0));
    const lineId = cart.lines[0].id;
    await shop.add(me, id(1));
    const stale = { lineId, quantity: 5, expectedVersion: 1 };
    expect(await shop.change(me, 'cartLineSet', stale)).toMatchObject({ expected: 1, actual: 2 });
    await shop.change(me, 'cartLineSet', { ...stale, expectedVersion: 2 });
    await shop.change(me, 'cartNoteSet', { note: 'Ring twice.' });
    await shop.change(me, 'cartGiftMessageSet', { giftMessage: 'From G.' });
    await shop.change(me, 'cartCouponAdd', { code: 'spring-26' });
    await shop.change(me, 'cartMarketSet', { region: 'US-CA', currency: 'USD' });
    await shop.change(me, 'cartLineSave', { lineId });
    expect(await shop.cartOf(me)).toMatchObject({
      ...{ note: 'Ring twice.', giftMessage: 'From G.', couponCodes: ['SPRING-26'] },
      ...{ region: 'US-CA', currency: 'USD', savedForLater: [{ id: lineId, quantity: 5 }] },
      lines: [{ variantId: id(1) }],
    });
    await shop.change(me, 'cartLineRestore', { lineId });
    await shop.change(me, 'cartCouponRemove', { code: 'SPRING-26' });
    await shop.change(me, 'cartLineRemove', { lineId });
    expect(await shop.change(me, 'cartLineRemove', { lineId })).toMatchObject({ lineId });
    const cleared = await shop.change(me, 'cartClear');
    expect(cleared.cart).toMatchObject({ lines: [], couponCodes: [], note: 'Ring twice.' });
  });

  test('takes nothing that the shop does not know, or does not sell, and tells the same to a repeat', async () => {
    const me = guest();
    const { ids: own, productId } = await shop.variants(2);
    const input = { idempotencyKey: key(), variantId: own[0] };
    await shop.change(me, 'cartLineAdd', input);
    await shop.remove(own[1] ?? '', productId);
    expect(await shop.add(me, own[1] ?? '')).toMatchObject({ __typename: 'VariantUnavailable' });
    await shop.withdraw(productId);
    expect(await shop.add(me, own[0] ?? '')).toMatchObject({ __typename: 'VariantUnavailable' });
    expect(await shop.change(me, 'cartLineAdd', input)).toMatchObject({ __typename: 'CartChanged' });
    expect(await shop.add(me, 'no id')).toMatchObject({ __typename: 'VariantNotFound', variantId: 'no id' });
    expect((await shop.cartOf(me)).totalQuantity).toBe(1);
  });
});

describe('another’s cart', () => {
  test('does not exist: not by its id, not as an entity, not by a line', async () => {
    const [me, other] = [customer(), guest()];
    const { cart } = await shop.add(me, id(0));
    const byId = 'query ($id: ID!) { cart(id: $id) { id lines { id } } }';
    const entity =
      'query ($some: [_Any!]!) { _entities(representations: $some) { ... on Cart { id ownerId } } }';
    const some = [{ __typename: 'Cart', id: cart.id }];
    expect(await shop.ask(me, byId, { id: cart.id })).toMatchObject({ cart: { id: cart.id } });
    for (const viewer of [other, anonymous, staff('stock:read')]) {
      expect(await shop.ask(viewer, byId, { id: cart.id })).toEqual({ cart: null });
      expect(await shop.ask(viewer, entity, { some })).toEqual({ _entities: [null] });
    }
    const lineId = cart.lines[0].id;
    expect(await shop.change(other, 'cartLineRemove', { lineId })).toMatchObject({
      __typename: 'CartLineNotFound',
    });
    expect(await shop.ask(staff('cart:read'), byId, { id: cart.id })).toMatchObject({
      cart: { id: cart.id },
    });
    expect(await shop.ask(me, byId, { id: 'guessed' })).toEqual({ cart: null });
    expect((await shop.cartOf(me)).lines).toHaveLength(1);
  });

  test('is not written by nobody, nor by staff', async () => {
    for (const [viewer, code] of [
      [anonymous, 'UNAUTHENTICATED'],
      [staff('cart:read'), 'FORBIDDEN'],
    ] as const) {
      const { errors } = await shop.run(viewer, 'cartLineAdd', { variantId: id(0) });
      expect(errors?.[0].extensions.code).toBe(code);
    }
    expect(await shop.cartOf(anonymous)).toBeNull();
  });
});

describe('attacks', () => {
  test.each([0, -1, 1_000, 2_147_483_647])('a quantity of %s is refused', async (quantity) => {
    expect(await shop.add(guest(), id(0), quantity)).toMatchObject({ __typename: 'InvalidInput' });
  });

  test('a quantity past 32 bits, and a price, are no input at all', async () => {
    const me = guest();
    const huge = await shop.run(me, 'cartLineAdd', { variantId: id(0), quantity: 2 ** 40 });
    expect(huge.errors?.[0].extensions.code).toBe('BAD_USER_INPUT');
    for (const price of [{ unitPrice: 1 }, { price: { amountMinor: 1, currency: 'EUR' } }]) {
      const { errors } = await shop.run(me, 'cartLineAdd', { variantId: id(0), ...price });
      expect(errors?.[0].extensions.code).toBe('BAD_USER_INPUT');
    }
    expect(await shop.cartOf(me)).toBeNull();
  });

  test('150 adds at once end at 100 lines', async () => {
    const me = guest();
    const outcomes = await Promise.all(
      Array.from({ length: 150 }, (_each, place) => shop.add(me, id(place % 101))),
    );
    const refused = outcomes.filter(({ __typename }) => __typename === 'CartLimitReached');
    expect(refused.every(({ of, limit }) => of === 'LINES' && limit === 100)).toBe(true);
    expect(refused.length).toBeGreaterThan(0);
    expect((await shop.cartOf(me)).lines).toHaveLength(100);
  });

  test('10,000 adds in one document are refused before any is done', async () => {
    const me = guest();
    const { text, variables } = adds(10_000);
    const { data, errors } = await shop.execute(text, variables, me);
    expect(data).toBeUndefined();
    expect(errors).toEqual([
      expect.objectContaining({
        message: expect.stringContaining('15000 tokens'),
        extensions: { code: 'GRAPHQL_PARSE_FAILED' },
      }),
    ]);
    expect(await shop.cartOf(me)).toBeNull();
  });

  test('as many adds as a document has room for end at 100 lines, and each says how it went', async () => {
    const me = guest();
    const { text, variables } = adds(850);
    const { data, errors } = await shop.execute(text, variables, me);
    expect(errors).toBeUndefined();
    const outcomes = Object.values(data).map((outcome) => (outcome as { __typename: string }).__typename);
    const count = (type: string) => outcomes.filter((each) => each === type).length;
    // The 101st variant comes round eight times, and finds no room.
    expect([count('CartChanged'), count('CartLimitReached')]).toEqual([842, 8]);
    const { lines, totalQuantity } = await shop.cartOf(me);
    expect([lines.length, totalQuantity]).toEqual([100, 842]);
  });

  test('texts are bounded, and hold nothing that cannot be kept', async () => {
    const me = guest();
    for (const note of ['x'.repeat(1_001), 'a\u0000b', '\ud800']) {
      expect(await shop.change(me, 'cartNoteSet', { note })).toMatchObject({ __typename: 'InvalidInput' });
    }
    for (const code of ['', 'x'.repeat(65), 'A B', "';--"]) {
      expect(await shop.change(me, 'cartCouponAdd', { code })).toMatchObject({ __typename: 'InvalidInput' });
    }
    expect(await shop.cartOf(me)).toBeNull();
  });
});
