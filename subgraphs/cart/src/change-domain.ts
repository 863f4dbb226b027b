import type { Choice, Conflict } from './conflict-domain.ts';
import {
  type Cart,
  type Content,
  cartClosed,
  type Hold,
  lineNotFound,
  type Market,
  nothing,
  notSold,
  type Refusal,
  type Seen,
  type Standing,
  versionConflict,
} from './domain.ts';
import { holdingWith } from './hold-domain.ts';
import { added, type Next, type Shelf, withCoupon, withoutLine, withQuantity } from './line-domain.ts';
import { type Guest, merge } from './merge-domain.ts';
import { settle } from './settle-domain.ts';

/** One wish of one device. New ids come with it, so that the same change always does the same. */
export type Change =
  | {
      readonly kind: 'add';
      readonly variantId: string;
      readonly quantity: number;
      readonly lineId: string;
      readonly standing: Standing;
    }
  | {
      readonly kind: 'set';
      readonly lineId: string;
      readonly quantity: number;
      readonly expectedVersion: number | null;
    }
  | { readonly kind: 'remove'; readonly lineId: string }
  | { readonly kind: 'save'; readonly lineId: string }
  | { readonly kind: 'restore'; readonly lineId: string }
  | { readonly kind: 'clear'; readonly expectedVersion: number | null }
  | { readonly kind: 'note'; readonly note: string | null }
  | { readonly kind: 'giftMessage'; readonly giftMessage: string | null }
  | { readonly kind: 'couponAdd'; readonly code: string }
  | { readonly kind: 'couponRemove'; readonly code: string }
  | { readonly kind: 'market'; readonly market: Market }
  | { readonly kind: 'seen'; readonly seen: Readonly<Record<string, Seen>> }
  | { readonly kind: 'hold'; readonly hold: Hold | null }
  | { readonly kind: 'merge'; readonly guest: Guest | null }
  | { readonly kind: 'settle'; readonly conflictId: string; readonly choice: Choice; readonly lineId: string }
  | { readonly kind: 'close'; readonly into: string }
  | { readonly kind: 'handOver' };

/** A new version of the cart, the same object where nothing changes, or why it is refused. */
export type Applied = { readonly cart: Cart } | { readonly refusal: Refusal };

/** Does to a cart what a device wishes. Every store of carts answers to this function. */
export const apply = (cart: Cart, change: Change, at: string): Applied => {
  const next = cart.closedInto === null ? changed(cart, change, at) : ofClosed(cart, change);
  if ('refused' in next) return { refusal: next.refused };
  const isSame = Object.entries(next).every(([name, value]) => cart[name as keyof Content] === value);
  if (isSame) return { cart };
  return { cart: withoutOverConflicts({ ...cart, ...next, version: cart.version + 1, updatedAt: at }) };
};

/** A cart that another one takes over changes no more, until everything of it is there. */
const ofClosed = (cart: Cart, change: Change): Next => {
  if (change.kind === 'close' && change.into === cart.closedInto) return {};
  if (change.kind !== 'handOver') return { refused: cartClosed() };
  return cart.isHandedOver ? {} : { ...nothing, closedInto: cart.closedInto, isHandedOver: true };
};

/** What a merge has left open about a line is over when the line is gone. */
const withoutOverConflicts = (cart: Cart): Cart => {
  const { lines, savedForLater, conflicts } = cart;
  const isOver = (one: Conflict) =>
    'lineId' in one && ![...lines, ...savedForLater].some(({ id }) => id === one.lineId);
  return conflicts.some(isOver) ? { ...cart, conflicts: conflicts.filter((one) => !isOver(one)) } : cart;
};

const changed = (cart: Cart, change: Change, at: string): Next => {
  switch (change.kind) {
    case 'add':
      if (change.standing !== 'sold') return { refused: notSold(change.variantId, change.standing) };
      return added(cart, 'lines', { ...change, id: change.lineId, addedAt: at, seen: null });
    case 'set':
      return set(cart, change);
    case 'remove':
      return removed(cart, change.lineId);
    case 'save':
      return moved(cart, change.lineId, 'lines', 'savedForLater');
    case 'restore':
      return moved(cart, change.lineId, 'savedForLater', 'lines');
    case 'clear':
      return stale(cart, change.expectedVersion) ?? cleared(cart);
    case 'note':
      return { note: change.note };
    case 'giftMessage':
      return { giftMessage: change.giftMessage };
    case 'couponAdd':
      return withCoupon(cart, change.code);
    case 'couponRemove':
      return cart.couponCodes.includes(change.code)
        ? { couponCodes: cart.couponCodes.filter((code) => code !== change.code) }
        : {};
    case 'market':
      // Stock is held where the cart ships to.
      return change.market.region === cart.region ? change.market : { ...change.market, hold: null };
    case 'seen':
      return { lines: cart.lines.map((line) => ({ ...line, seen: change.seen[line.id] ?? line.seen })) };
    case 'hold':
      if (change.hold === null || cart.lines.length === 0) return { hold: null };
      return { hold: change.hold, holding: holdingWith(cart, change.hold, at) };
    case 'merge':
      return change.guest === null ? {} : merge(cart, change.guest);
    case 'settle':
      return settle(cart, change, at);
    case 'close':
      return { closedInto: change.into, hold: null };
    case 'handOver':
      return {};
    default:
      throw new Error(`${JSON.stringify(change satisfies never)} is no change of a cart.`);
  }
};

const stale = (cart: Cart, expected: number | null): Next | null =>
  expected === null || expected === cart.version
    ? null
    : { refused: versionConflict(expected, cart.version) };

const set = (cart: Cart, { lineId, quantity, expectedVersion }: Extract<Change, { kind: 'set' }>): Next => {
  const refused = stale(cart, expectedVersion);
  if (refused) return refused;
  const known = cart.lines.find(({ id }) => id === lineId);
  if (!known) return { refused: lineNotFound(lineId) };
  return known.quantity === quantity ? {} : { lines: withQuantity(cart.lines, lineId, quantity) };
};

const removed = (cart: Cart, lineId: string): Next => {
  for (const shelf of ['lines', 'savedForLater'] as const) {
    if (cart[shelf].some(({ id }) => id === lineId)) return { [shelf]: withoutLine(cart[shelf], lineId) };
  }
  return { refused: lineNotFound(lineId) };
};

const moved = (cart: Cart, lineId: string, from: Shelf, to: Shelf): Next => {
  const line = cart[from].find(({ id }) => id === lineId);
  if (!line) return { refused: lineNotFound(lineId) };
  const there = added(cart, to, line);
  return 'refused' in there ? there : { ...there, [from]: withoutLine(cart[from], lineId) };
};

const cleared = ({ lines, couponCodes }: Cart): Next => ({
  lines: lines.length === 0 ? lines : [],
  couponCodes: couponCodes.length === 0 ? couponCodes : [],
  hold: null,
});
