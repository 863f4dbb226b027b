import { describe, expect, it } from 'vitest';
import { apply, type Change } from './change-domain.ts';
import type { Choice } from './conflict-domain.ts';
import { type Cart, limits, newCart, type Seen } from './domain.ts';
import type { Guest } from './merge-domain.ts';

const at = '2026-05-01T12:00:00.000Z';
const market = { region: 'DE', currency: 'EUR' };
const eur = (amountMinor: number) => ({ amountMinor, currency: 'EUR' });

type Lines = Readonly<Record<string, number>>;
const linesOf = (of: string, lines: Lines, seen: Seen | null = null) =>
  Object.entries(lines).map(([variantId, quantity]) => ({
    ...{ id: `${of} ${variantId}`, variantId, quantity, addedAt: at, seen },
  }));
const mine = (lines: Lines, more: Partial<Cart> = {}): Cart => ({
  ...newCart('mine', { kind: 'customer', id: 'c' }, market, at),
  lines: linesOf('my', lines),
  ...more,
});
const guests = (lines: Lines, more: Partial<Omit<Guest, 'cart'>> & { cart?: Partial<Cart> } = {}): Guest => {
  const cart = {
    ...newCart('guests', { kind: 'guest', id: 'g' }, market, at),
    lines: linesOf('guest', lines),
  };
  return {
    ...{ unavailable: [], prices: {}, available: {}, lostCoupons: {} },
    ...more,
    cart: { ...cart, ...more.cart },
  };
};
const merged = (cart: Cart, guest: Guest | null): Cart => {
  const applied = apply(cart, { kind: 'merge', guest }, at);
  if ('refusal' in applied) throw new Error(applied.refusal.message);
  return applied.cart;
};
const settled = (cart: Cart, choice: Choice, place = 0): Cart => {
  const conflictId = cart.conflicts[place]?.id ?? '';
  const applied = apply(cart, { kind: 'settle', conflictId, choice, lineId: 'new' }, at);
  if ('refusal' in applied) throw new Error(applied.refusal.message);
  return applied.cart;
};
const quantities = ({ lines }: Cart) =>
  Object.fromEntries(lines.map(({ variantId, quantity }) => [variantId, quantity]));
const numbered = (count: number): Lines =>
  Object.fromEntries(Array.from({ length: count }, (_each, place) => [`v${place}`, 1]));

describe('merging', () => {
  it('takes over what only the guest had, and leaves what both had alike', () => {
    const cart = merged(mine({ a: 1, b: 2 }), guests({ b: 2, c: 3 }));
    expect(quantities(cart)).toEqual({ a: 1, b: 2, c: 3 });
    expect(cart.conflicts).toEqual([]);
  });

  it('happens once for each guest’s cart, however often it is asked for', () => {
    const once = merged(mine({ a: 1 }), guests({ a: 2 }));
    expect(merged(once, guests({ a: 2 }))).toBe(once);
    expect(merged(once, null)).toBe(once);
  });

  it('tells of each difference', () => {
    const seen: Seen = { price: eur(1_000), isAvailable: true, at };
    const guest = guests(
      {},
      {
        cart: { lines: linesOf('guest', { both: 3, dearer: 1, gone: 4, scarce: 5 }, seen) },
        unavailable: ['gone'],
        prices: { both: eur(1_000), dearer: eur(1_200) },
        available: { scarce: 2, dearer: 9 },
      },
    );
    expect(merged(mine({ both: 1 }), guest).conflicts).toMatchObject([
      { __typename: 'CartQuantityDiffers', lineId: 'my both', mine: 1, guests: 3 },
      { __typename: 'CartPriceDiffers', lineId: 'guest dearer', was: eur(1_000), now: eur(1_200) },
      { __typename: 'CartVariantGone', variantId: 'gone', quantity: 4 },
      { __typename: 'CartStockShort', lineId: 'guest scarce', wanted: 5, available: 2 },
    ]);
  });

  it('loses no line and no coupon for want of room', () => {
    const cart = merged(
      mine(numbered(limits.LINES), { couponCodes: Array.from({ length: 10 }, (_each, n) => `C${n}`) }),
      guests({ x: 7 }, { cart: { couponCodes: ['C3', 'NEW'] } }),
    );
    expect(cart.lines).toHaveLength(limits.LINES);
    expect(cart.conflicts).toMatchObject(
      [
        { __typename: 'CartCouponLost', code: 'NEW', reason: 'NO_ROOM' },
        { __typename: 'CartLineLeftOut', variantId: 'x', quantity: 7 },
      ].reverse(),
    );
  });

  it('gives the room of a code that counts no more to one that does', () => {
    const couponCodes = Array.from({ length: 9 }, (_each, n) => `C${n}`);
    const guest = guests({}, { cart: { couponCodes: ['OLD', 'NEW'] }, lostCoupons: { OLD: 'EXPIRED' } });
    const cart = merged(mine({}, { couponCodes }), guest);
    expect(cart.couponCodes).toEqual([...couponCodes, 'NEW']);
    expect(cart.conflicts).toMatchObject([{ code: 'OLD', reason: 'EXPIRED' }]);
  });

  it('leaves nothing in a cart that is handed over, which stays closed', () => {
    const cart = { ...guests({ a: 1 }).cart, ...newCart('g', { kind: 'guest', id: 'g' }, market, at) };
    const close = { kind: 'close', into: 'c' } as const;
    const closed = apply({ ...cart, lines: linesOf('guest', { a: 1 }), note: 'x' }, close, at);
    if (!('cart' in closed)) throw new Error('It was refused.');
    const handedOver = apply(closed.cart, { kind: 'handOver' }, at);
    expect(handedOver).toMatchObject({
      cart: { lines: [], note: null, closedInto: 'c', isHandedOver: true },
    });
    if (!('cart' in handedOver)) throw new Error('It was refused.');
    expect(apply(handedOver.cart, { kind: 'handOver' }, at)).toEqual(handedOver);
    expect(apply(handedOver.cart, close, at)).toEqual(handedOver);
    const other = { kind: 'close', into: 'd' } as const;
    for (const change of [other, { kind: 'note', note: 'y' } as const]) {
      expect(apply(handedOver.cart, change, at)).toMatchObject({ refusal: { __typename: 'CartClosed' } });
    }
    expect(apply(cart, { kind: 'handOver' }, at)).toEqual({ cart });
  });

  it('keeps what the customer wrote, and takes what only the guest wrote', () => {
    const cart = merged(
      mine({}, { note: 'mine' }),
      guests({}, { cart: { note: 'theirs', giftMessage: 'Hi' } }),
    );
    expect(cart).toMatchObject({ note: 'mine', giftMessage: 'Hi' });
  });
});

describe('settling', () => {
  const differing = merged(mine({ a: 2 }), guests({ a: 5 }));

  it.each<[Choice, number]>([
    ['KEEP_MINE', 2],
    ['TAKE_GUESTS', 5],
    ['ADD_UP', 7],
  ])('a quantity by %s', (choice, quantity) => {
    expect(quantities(differing)).toEqual({ a: 5 });
    expect(settled(differing, choice)).toMatchObject({ lines: [{ quantity }], conflicts: [] });
  });

  it.each<[Choice, Lines]>([
    ['ACCEPT', { a: 5 }],
    ['TAKE_AVAILABLE', { a: 2 }],
    ['REMOVE', {}],
  ])('scarce stock by %s', (choice, lines) => {
    const short = merged(mine({}), guests({ a: 5 }, { available: { a: 2 } }));
    expect(quantities(settled(short, choice))).toEqual(lines);
  });

  it('does not offer what cannot be', () => {
    const none = merged(mine({}), guests({ a: 5 }, { available: { a: 0 } }));
    expect(none.conflicts[0]?.choices).toEqual(['ACCEPT', 'REMOVE']);
    expect(() => settled(none, 'TAKE_AVAILABLE')).toThrow('ACCEPT, REMOVE');
    expect(merged(mine({ a: 600 }), guests({ a: 500 })).conflicts[0]?.choices).not.toContain('ADD_UP');
  });

  it('puts aside or takes in what was left out, and says so when there is still no room', () => {
    const full = merged(mine(numbered(limits.LINES)), guests({ x: 7 }));
    expect(() => settled(full, 'TAKE')).toThrow('room');
    expect(settled(full, 'SAVE_FOR_LATER').savedForLater).toMatchObject([{ id: 'new', quantity: 7 }]);
    expect(settled(full, 'DISMISS').conflicts).toEqual([]);
    const gone = merged(mine({}), guests({ x: 7 }, { unavailable: ['x'] }));
    expect(settled(gone, 'SAVE_FOR_LATER').savedForLater).toMatchObject([{ variantId: 'x' }]);
  });

  it('is over with the line: taken out, cleared, or let go by another conflict of it', () => {
    const open = merged(mine({ a: 2 }), guests({ a: 5 }, { available: { a: 3 } }));
    expect(open.conflicts).toHaveLength(2);
    const after = (change: Change) => {
      const applied = apply(open, change, at);
      return 'cart' in applied ? applied.cart : applied.refusal;
    };
    expect(after({ kind: 'remove', lineId: 'my a' })).toMatchObject({ lines: [], conflicts: [] });
    expect(after({ kind: 'clear', expectedVersion: null })).toMatchObject({ lines: [], conflicts: [] });
    expect(settled(open, 'REMOVE', 1)).toMatchObject({ lines: [], conflicts: [] });
    expect(after({ kind: 'note', note: 'x' })).toMatchObject({ conflicts: open.conflicts });
  });

  it('reaches a line that was put aside meanwhile', () => {
    const applied = apply(differing, { kind: 'save', lineId: 'my a' }, at);
    if (!('cart' in applied)) throw new Error('It was refused.');
    expect(applied.cart.conflicts).toHaveLength(1);
    expect(settled(applied.cart, 'ADD_UP')).toMatchObject({
      savedForLater: [{ quantity: 7 }],
      conflicts: [],
    });
  });

  it('takes no more of what is short than is in the cart by now', () => {
    const short = merged(mine({}), guests({ a: 5 }, { available: { a: 3 } }));
    const set = { kind: 'set', lineId: 'guest a', quantity: 1, expectedVersion: null } as const;
    const applied = apply(short, set, at);
    if (!('cart' in applied)) throw new Error('It was refused.');
    expect(quantities(settled(applied.cart, 'TAKE_AVAILABLE'))).toEqual({ a: 1 });
  });

  it('refuses a conflict that is settled', () => {
    const done = settled(differing, 'KEEP_MINE');
    const again = { kind: 'settle', conflictId: 'guests.0', choice: 'ADD_UP', lineId: 'new' } as const;
    expect(apply(done, again, at)).toMatchObject({ refusal: { __typename: 'CartConflictNotFound' } });
  });
});
