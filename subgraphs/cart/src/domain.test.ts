import { describe, expect, it } from 'vitest';
import { apply, type Change } from './change-domain.ts';
import {
  abandonedAfterMs,
  abandonedSince,
  type Cart,
  isHeldWhole,
  type Limit,
  limits,
  newCart,
  totalQuantity,
} from './domain.ts';
import { holdableFrom, holdingMs, pauseMs } from './hold-domain.ts';

const at = '2026-05-01T12:00:00.000Z';
const empty = newCart('cart', { kind: 'guest', id: 'g' }, { region: 'DE', currency: 'EUR' }, at);

const done = (cart: Cart, ...changes: Change[]): Cart =>
  changes.reduce((so, change) => {
    const applied = apply(so, change, at);
    if ('refusal' in applied) throw new Error(applied.refusal.message);
    return applied.cart;
  }, cart);
const refused = (cart: Cart, change: Change) => {
  const applied = apply(cart, change, at);
  return 'refusal' in applied ? applied.refusal : null;
};
const add = (variantId: string, quantity = 1): Change => ({
  kind: 'add',
  variantId,
  quantity,
  lineId: `line of ${variantId}`,
  standing: 'sold',
});
const many = (count: number) => Array.from({ length: count }, (_each, place) => add(`v${place}`));
const shown = ({ lines }: Cart) => lines.map(({ variantId, quantity }) => [variantId, quantity]);

describe('adding', () => {
  it('puts variants in the order of adding, and pieces of one variant together', () => {
    const cart = done(empty, add('b', 2), add('a'), add('b', 3));
    expect(shown(cart)).toEqual([
      ['b', 5],
      ['a', 1],
    ]);
    expect([cart.version, totalQuantity(cart)]).toEqual([3, 6]);
  });

  it('refuses the 101st line and the 1,000th piece, and changes nothing', () => {
    const full = done(empty, ...many(limits.LINES));
    expect(refused(full, add('one more'))).toMatchObject({ of: 'LINES' satisfies Limit, limit: 100 });
    expect(refused(done(empty, add('a', 998)), add('a', 2))).toMatchObject({ of: 'QUANTITY', limit: 999 });
    expect(totalQuantity(done(full, add('v0', 998)))).toBe(99 + 999);
  });
});

it('refuses what the shop does not know or does not sell', () => {
  expect(refused(empty, { ...add('a'), standing: 'unknown' } as Change)).toMatchObject({
    ...{ __typename: 'VariantNotFound', variantId: 'a' },
  });
  expect(refused(empty, { ...add('a'), standing: 'unavailable' } as Change)).toMatchObject({
    ...{ __typename: 'VariantUnavailable', variantId: 'a' },
  });
});

describe('setting and taking out', () => {
  const cart = done(empty, add('a'), add('b'));

  it('sets, takes out and empties', () => {
    const five = done(cart, { kind: 'set', lineId: 'line of a', quantity: 5, expectedVersion: 2 });
    expect(shown(five)[0]).toEqual(['a', 5]);
    expect(shown(done(cart, { kind: 'remove', lineId: 'line of a' }))).toEqual([['b', 1]]);
    expect(shown(done(cart, { kind: 'clear', expectedVersion: null }))).toEqual([]);
  });

  it('refuses what another device has changed meanwhile, where the client says what it saw', () => {
    const set: Change = { kind: 'set', lineId: 'line of a', quantity: 5, expectedVersion: 1 };
    expect(refused(cart, set)).toMatchObject({ __typename: 'VersionConflict', expected: 1, actual: 2 });
    expect(refused(cart, { kind: 'clear', expectedVersion: 9 })).toMatchObject({ actual: 2 });
  });

  it.each<Change>([
    { kind: 'set', lineId: 'x', quantity: 1, expectedVersion: null },
    { kind: 'remove', lineId: 'x' },
    { kind: 'save', lineId: 'x' },
    { kind: 'restore', lineId: 'line of a' },
  ])('refuses a line that is not there: $kind', (change) => {
    expect(refused(cart, change)).toMatchObject({ __typename: 'CartLineNotFound' });
  });

  it('is the same cart when nothing changes', () => {
    expect(done(cart, { kind: 'set', lineId: 'line of a', quantity: 1, expectedVersion: null })).toBe(cart);
    expect(done(empty, { kind: 'clear', expectedVersion: null })).toBe(empty);
    expect(done(cart, { kind: 'note', note: null })).toBe(cart);
  });
});

describe('putting aside', () => {
  it('keeps the line and its id, and adds up with what lies there', () => {
    const aside = done(empty, add('a', 2), { kind: 'save', lineId: 'line of a' });
    expect(aside).toMatchObject({ lines: [], savedForLater: [{ id: 'line of a', quantity: 2 }] });
    const again = done(aside, { ...add('a', 3), lineId: 'other' } as Change);
    const back = done(again, { kind: 'restore', lineId: 'line of a' });
    expect(back).toMatchObject({ lines: [{ id: 'other', quantity: 5 }], savedForLater: [] });
    expect(done(aside, { kind: 'remove', lineId: 'line of a' }).savedForLater).toEqual([]);
  });

  it('never drops a line for want of room', () => {
    const full = done(empty, add('x'), { kind: 'save', lineId: 'line of x' }, ...many(limits.LINES));
    expect(refused(full, { kind: 'restore', lineId: 'line of x' })).toMatchObject({ of: 'LINES' });
  });
});

describe('texts, coupons and the market', () => {
  it('are kept, each code once and ten at most', () => {
    const codes = Array.from({ length: limits.COUPONS }, (_each, place) => `CODE${place}`);
    const cart = done(
      empty,
      ...codes.map((code): Change => ({ kind: 'couponAdd', code })),
      { kind: 'couponAdd', code: 'CODE0' },
      { kind: 'note', note: 'Ring twice.' },
      { kind: 'giftMessage', giftMessage: 'Yours, G.' },
      { kind: 'market', market: { region: 'CH', currency: 'CHF' } },
    );
    expect(cart).toMatchObject({ couponCodes: codes, note: 'Ring twice.', region: 'CH', currency: 'CHF' });
    expect(refused(cart, { kind: 'couponAdd', code: 'MORE' })).toMatchObject({ of: 'COUPONS', limit: 10 });
    expect(done(cart, { kind: 'couponRemove', code: 'CODE3' }).couponCodes).toHaveLength(9);
  });
});

describe('a cart', () => {
  it('takes nothing more once it is closed, and may be closed again for the same customer', () => {
    const closed = done(empty, add('a'), { kind: 'close', into: 'c' });
    expect(refused(closed, add('b'))).toMatchObject({ __typename: 'CartClosed' });
    expect(refused(closed, { kind: 'close', into: 'another' })).toMatchObject({ __typename: 'CartClosed' });
    expect(done(closed, { kind: 'close', into: 'c' })).toBe(closed);
  });

  it('is held whole while the hold takes what lies in it', () => {
    const lines = [{ variantId: 'a', quantity: 1 }];
    const held = done(empty, add('a'), {
      kind: 'hold',
      hold: { reservationId: 'r', expiresAt: at, lines },
    });
    expect(isHeldWhole(held)).toBe(true);
    expect(isHeldWhole(done(held, add('a')))).toBe(false);
    expect(done(held, { kind: 'clear', expectedVersion: null }).hold).toBeNull();
  });

  it('holds for an hour however often it renews, pauses for half an hour, and may then again', () => {
    const minutes = (count: number) => Date.parse(at) + count * 60_000;
    const held = (cart: Cart, from: number, to: number): Cart => {
      const expiresAt = new Date(minutes(to)).toISOString();
      const hold = { reservationId: `r${from}`, expiresAt, lines: [] };
      const applied = apply(cart, { kind: 'hold', hold }, new Date(minutes(from)).toISOString());
      return 'cart' in applied ? applied.cart : cart;
    };
    const never = done(empty, add('a'));
    expect(holdableFrom(never, minutes(0))).toBeNull();
    const renewed = held(held(never, 0, 40), 59, 74);
    expect(holdableFrom(renewed, minutes(59))).toBeNull();
    expect(holdableFrom(renewed, minutes(60))).toEqual(new Date(minutes(104)));
    expect(holdableFrom(renewed, minutes(103))).toEqual(new Date(minutes(104)));
    expect(holdableFrom(renewed, minutes(104))).toBeNull();
    const again = held(renewed, 104, 119);
    expect(holdableFrom(again, minutes(163))).toBeNull();
    expect(holdableFrom(again, minutes(164))).toBeNull();
    expect(holdableFrom(held(held(again, 118, 160), 163, 178), minutes(164))).toEqual(new Date(minutes(208)));
  });

  it('gains no time to hold by giving back, by being emptied, or by a shorter hold', () => {
    const later = Date.parse(at) + holdingMs;
    const expiresAt = new Date(later).toISOString();
    const hold = (ends: string): Change => ({
      kind: 'hold',
      hold: { reservationId: 'r', expiresAt: ends, lines: [] },
    });
    for (const way of [
      { kind: 'hold', hold: null },
      { kind: 'clear', expectedVersion: null },
      { kind: 'market', market: { region: 'US', currency: 'USD' } },
      hold(at),
    ] as const satisfies readonly Change[]) {
      const cart = done(empty, add('a'), hold(expiresAt), way);
      expect(holdableFrom(cart, later)).toEqual(new Date(later + pauseMs));
    }
  });

  it('is abandoned a day after its last change, if there is anything in it', () => {
    const later = Date.parse(at) + abandonedAfterMs;
    const cart = done(empty, add('a'));
    expect(abandonedSince(cart, later)).toEqual(new Date(later));
    expect(abandonedSince(cart, later - 1)).toBeNull();
    expect(abandonedSince(empty, later)).toBeNull();
  });
});
