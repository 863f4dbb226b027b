import { createHash } from 'node:crypto';
import { type Ask, parseInput } from '@storegraph/server';
import {
  blankOf,
  type Needs as CartNeeds,
  type Ended,
  endedAs,
  intentOf,
  releaseDropped,
} from './cart-service.ts';
import { type Cart, type Hold, isHeldWhole, type Owner, toHold } from './domain.ts';
import { holdableFrom } from './hold-domain.ts';
import * as inputs from './inputs.ts';
import { type OnUnanswered, orNothing } from './neighbour-service.ts';
import type { Intent, Written } from './write-domain.ts';

type Needs = CartNeeds & { readonly ask: Ask };

export type CartEmpty = { readonly __typename: 'CartEmpty'; readonly message: string };
export type HoldTooSoon = {
  readonly __typename: 'CartHoldTooSoon';
  readonly message: string;
  readonly availableAt: Date;
};
export type StockMissing = {
  readonly __typename: 'CartStockMissing';
  readonly message: string;
  readonly lines: readonly {
    readonly variantId: string;
    readonly requested: number;
    readonly available: number;
  }[];
};

/** Holds of stock for a cart. The inventory keeps them, and ends them when their time is over. */
export const createHolds = (needs: Needs) => ({
  hold: async (owner: Owner, given: unknown): Promise<Ended | CartEmpty | HoldTooSoon | StockMissing> => {
    const parsed = parseInput(inputs.hold, given);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey: key, holdSeconds } = parsed.input;
    const intent = intentOf(owner, 'cartHold', given, key);
    const { cart, kept } = await needs.store.find(owner, intent);
    // What was answered before is answered again, and a closed cart is refused, without anything being held.
    const isAsked = kept === null && cart?.closedInto == null;
    const refusal = isAsked ? whyNot(cart, needs.now().getTime()) : null;
    if (refusal) return refusal;
    const hold = isAsked && cart ? await take(needs, cart, { key, holdSeconds }) : null;
    if (hold && '__typename' in hold) {
      // What was held before was let go to make room.
      await note(needs, owner, { hold: null, found: cart, intent: null });
      return hold;
    }
    const written = await note(needs, owner, { hold, found: cart, intent });
    return endedAs(written, blankOf(needs, owner), []);
  },
  release: async (owner: Owner, given: unknown): Promise<Ended> => {
    const parsed = parseInput(inputs.nothing, given);
    if ('invalid' in parsed) return parsed.invalid;
    const intent = intentOf(owner, 'cartHoldRelease', given, parsed.input.idempotencyKey);
    const written = await note(needs, owner, { hold: null, found: null, intent });
    return endedAs(written, blankOf(needs, owner), []);
  },
});

type Noted = {
  readonly hold: Hold | null;
  /** The cart whose hold was dealt with already. */
  readonly found: Cart | null;
  readonly intent: Intent | null;
};

/** Writes what the cart holds, and lets go of what another device has taken meanwhile. */
const note = async (needs: Needs, owner: Owner, { hold, found, intent }: Noted): Promise<Written> => {
  const [blank, at] = [blankOf(needs, owner), needs.now().toISOString()];
  const written = await needs.store.write({ blank, change: { kind: 'hold', hold }, at, intent });
  const isOther =
    written.kind === 'done' && written.before?.hold?.reservationId !== found?.hold?.reservationId;
  if (isOther) await releaseDropped(needs, written);
  const noted = written.kind === 'done' ? written.cart?.hold : null;
  // The cart was emptied meanwhile, or a customer has taken it over.
  if (hold && noted?.reservationId !== hold.reservationId) await needs.release(hold);
  return written;
};

const empty = (): CartEmpty => ({
  __typename: 'CartEmpty',
  message: 'There is nothing in the cart to hold: add something first.',
});

/** Why nothing is held for a cart now, before the inventory is asked. */
const whyNot = (cart: Cart | null, now: number): CartEmpty | HoldTooSoon | null => {
  if (!cart?.lines.length) return empty();
  const availableAt = holdableFrom(cart, now);
  return availableAt && tooSoon(availableAt);
};

const tooSoon = (availableAt: Date): HoldTooSoon => ({
  __typename: 'CartHoldTooSoon',
  message: `The cart has held stock for as long as it may, and is to let others to it: buy what is held while it is, or hold again after ${availableAt.toISOString()}.`,
  availableAt,
});

type Wish = { readonly key: string; readonly holdSeconds: number };

/** Extends the hold where it is for what lies in the cart; else lets it go and takes another one. */
const take = async ({ ask, release }: Needs, cart: Cart, wish: Wish): Promise<Hold | StockMissing> => {
  if (cart.hold) {
    const extended = isHeldWhole(cart) ? await extend(ask, cart, wish) : null;
    if (extended) return { ...cart.hold, expiresAt: extended };
    // Its own pieces would be missing otherwise.
    await release(cart.hold);
  }
  return reserve(ask, cart, wish);
};

/** The same wish for the same version of the cart is the same to the inventory, however often it is repeated. */
const keyOf = (what: string, { id, version }: Cart, { key }: Wish): string =>
  createHash('sha256').update(`${what} ${id} ${version} ${key}`).digest('base64url');

const reserve = async (ask: Ask, cart: Cart, wish: Wish): Promise<Hold | StockMissing> => {
  const lines = toHold(cart);
  const input = {
    idempotencyKey: keyOf('reserve', cart, wish),
    ...{ lines, region: cart.region, holdSeconds: wish.holdSeconds },
  };
  const { stockReserve } = await ask<{ stockReserve: Reserved }>('inventory', reserveDocument, { input });
  if (stockReserve.__typename === 'StockReserved') {
    const { id: reservationId, expiresAt } = stockReserve.reservation;
    return { reservationId, expiresAt, lines };
  }
  const missing = missingIn(stockReserve, lines);
  if (missing) return { __typename: 'CartStockMissing', message: stockReserve.message, lines: missing };
  throw new Error(`The inventory would not hold a cart: ${stockReserve.__typename}.`);
};

const missingIn = (refused: Refused, lines: Hold['lines']): StockMissing['lines'] | null => {
  if (refused.__typename === 'OutOfStock') return refused.lines;
  if (refused.__typename !== 'VariantNotFound') return null;
  return lines
    .filter(({ variantId }) => variantId === refused.variantId)
    .map(({ variantId, quantity }) => ({ variantId, requested: quantity, available: 0 }));
};

/** When it ends now; null where it cannot be extended any more. */
const extend = async (ask: Ask, cart: Cart, wish: Wish): Promise<string | null> => {
  const input = {
    idempotencyKey: keyOf('extend', cart, wish),
    reservationId: cart.hold?.reservationId,
    holdSeconds: wish.holdSeconds,
  };
  const { reservationExtend } = await ask<{
    reservationExtend: { readonly reservation?: { readonly expiresAt: string } };
  }>('inventory', extendDocument, { input });
  return reservationExtend.reservation?.expiresAt ?? null;
};

/** Gives a hold back. One that cannot be reached ends by itself, so nobody waits for it. */
export const createRelease =
  (ask: Ask, onUnanswered: OnUnanswered) =>
  async ({ reservationId }: Hold): Promise<void> => {
    const input = { idempotencyKey: `cart-release-${reservationId}`, reservationId };
    await orNothing(ask('inventory', releaseDocument, { input }), onUnanswered);
  };

type Reserved =
  | {
      readonly __typename: 'StockReserved';
      readonly reservation: { readonly id: string; readonly expiresAt: string };
    }
  | Refused;
type Refused = { readonly message: string } & (
  | { readonly __typename: 'OutOfStock'; readonly lines: StockMissing['lines'] }
  | { readonly __typename: 'VariantNotFound'; readonly variantId: string }
  | { readonly __typename: 'InvalidInput' | 'IdempotencyConflict' }
);

const reserveDocument = `mutation ($input: StockReserveInput!) {
  stockReserve(input: $input) {
    __typename
    ... on StockReserved { reservation { id expiresAt } }
    ... on OutOfStock { lines { variantId requested available } }
    ... on VariantNotFound { variantId }
    ... on UserError { message }
  }
}`;
const extendDocument = `mutation ($input: ReservationExtendInput!) {
  reservationExtend(input: $input) { ... on ReservationExtended { reservation { expiresAt } } }
}`;
const releaseDocument = `mutation ($input: ReservationReleaseInput!) {
  reservationRelease(input: $input) { __typename }
}`;
