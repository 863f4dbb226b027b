import { idempotencyConflict, markReplay } from '@storegraph/idempotency';
import { parseInput } from '@storegraph/server';
import { blankOf, type Needs as CartNeeds, intentOf, releaseDropped, type Unasked } from './cart-service.ts';
import type { Conflict } from './conflict-domain.ts';
import type { LostCoupons } from './coupon-service.ts';
import { type Cart, limitReached, limits, type Owner, type Refusal } from './domain.ts';
import type { Look } from './glance-service.ts';
import * as inputs from './inputs.ts';
import { type Guest, merge } from './merge-domain.ts';
import { lastGuestOf } from './sign-in-repository.ts';
import type { Intent, Written } from './write-domain.ts';

type Needs = CartNeeds & {
  readonly look: Look;
  readonly lostCoupons: LostCoupons;
  /** The guest whose token it is; null for any other token. */
  readonly guestOf: (token: string) => Promise<string | null>;
};

export type Merged = {
  readonly __typename: 'CartMerged';
  readonly cart: Cart | null;
  readonly conflicts: readonly Conflict[];
};
export type GuestNotProven = { readonly __typename: 'GuestNotProven'; readonly message: string };
type LimitReached = Extract<Refusal, { readonly __typename: 'CartLimitReached' }>;
export type MergeOutcome = Merged | GuestNotProven | LimitReached | Unasked;

/**
 * Takes a guest's cart over, in three writes. First the guest's cart is closed, so that nothing can be put into it that
 * would be lost; then its lines are taken over; then it is emptied. Cut short in between, the next call goes on, or
 * `finish` does: the closed cart says into whose it goes, and the customer's cart which ones it has taken over.
 */
export const createMerge =
  (needs: Needs) =>
  async (owner: Owner, given: unknown): Promise<MergeOutcome> => {
    const parsed = parseInput(inputs.merge, given);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey: key, guestToken } = parsed.input;
    const intent = intentOf(owner, 'cartMerge', given, key);
    const { cart: mine, kept } = await needs.store.find(owner, intent);
    // What was answered before is answered again, also when the guest's token has ended since.
    const source = kept ? null : await sourceOf(needs, { owner, mine }, guestToken);
    if (source && '__typename' in source) return source;
    const written = await takeOver(needs, owner, { source, intent });
    if (written.kind === 'conflict') return idempotencyConflict(key);
    const { outcome, cart, isReplay } = written;
    if (outcome.__typename !== 'CartChanged') throw new Error(`A merge ended with ${outcome.__typename}.`);
    const merged: Merged = { __typename: 'CartMerged', cart, conflicts: cart?.conflicts ?? [] };
    return isReplay ? markReplay(merged) : merged;
  };

/** Ends merges that were cut short, of guests whose carts are closed. One that fails keeps no other from its end. */
export const createFinish =
  (needs: Needs) =>
  async (guestIds: readonly string[]): Promise<void> => {
    const finish = async (id: string): Promise<void> => {
      const { cart: source } = await needs.store.find({ kind: 'guest', id }, null);
      if (!source?.closedInto) return;
      await takeOver(needs, { kind: 'customer', id: source.closedInto }, { source, intent: null });
    };
    const failures: unknown[] = [];
    for (const id of guestIds) await finish(id).catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} merges were not ended.`);
  };

type Taking = { readonly source: Cart | null; readonly intent: Intent | null };

const takeOver = async (needs: Needs, owner: Owner, { source, intent }: Taking): Promise<Written> => {
  const { store, now } = needs;
  const blank = blankOf(needs, owner, source ?? {});
  const guest = source?.isHandedOver === false ? await known(needs, source, blank) : null;
  const at = now().toISOString();
  const written = await store.write({ blank, change: { kind: 'merge', guest }, at, intent });
  const isTaken = written.kind === 'done' && guest && written.cart?.mergedCarts.includes(guest.cart.id);
  if (source && isTaken) {
    const empty = blankOf(needs, source.owner);
    await store.write({ blank: empty, change: { kind: 'handOver' }, at, intent: null });
  }
  return written;
};

type Refused = GuestNotProven | LimitReached;

/** The guest's cart, closed, as far as the customer may take it over; null where the guest had none. */
const sourceOf = async (
  needs: Needs,
  { owner, mine }: { readonly owner: Owner; readonly mine: Cart | null },
  token: string | null,
): Promise<Cart | Refused | null> => {
  const guestId = await provenGuest(needs, owner, token);
  if (guestId === null) return notProven();
  const guest: Owner = { kind: 'guest', id: guestId };
  const { cart } = await needs.store.find(guest, null);
  if (cart === null) return null;
  if (cart.closedInto !== null) return cart.closedInto === owner.id ? cart : notProven();
  // While it is still the guest's: nothing is lost that way.
  if (mine && mine.conflicts.length >= limits.CONFLICTS) return limitReached('CONFLICTS');
  return close(needs, guest, owner);
};

const notProven = (): GuestNotProven => ({
  __typename: 'GuestNotProven',
  message:
    'Nothing proves that this guest is you: send the token of the guest you were before you signed in.',
});

/** A token proves it; without one, what the account told of the sign-in. */
const provenGuest = async (
  { db, guestOf }: Needs,
  owner: Owner,
  token: string | null,
): Promise<string | null> => {
  if (owner.kind !== 'customer') return null;
  return token === null ? lastGuestOf(db, owner.id) : guestOf(token);
};

/** Closes the guest's cart and answers it as it was left. */
const close = async (needs: Needs, guest: Owner, customer: Owner): Promise<Cart | GuestNotProven | null> => {
  const change = { kind: 'close', into: customer.id } as const;
  const at = needs.now().toISOString();
  const written = await needs.store.write({ blank: blankOf(needs, guest), change, at, intent: null });
  await releaseDropped(needs, written);
  if (written.kind === 'conflict' || written.outcome.__typename !== 'CartChanged') return notProven();
  return written.cart;
};

/** What the merge has to know of the guest's variants and codes, in the market of the cart they come into. */
const known = async ({ store, look, lostCoupons }: Needs, source: Cart, blank: Cart): Promise<Guest> => {
  const { cart } = await store.find(blank.owner, null);
  const target = cart ?? blank;
  const variantIds = source.lines.map(({ variantId }) => variantId);
  const glances = [...(await look(target, variantIds))];
  const guest: Guest = {
    cart: source,
    unavailable: glances.flatMap(([id, { standing }]) => (standing === 'sold' ? [] : [id])),
    prices: Object.fromEntries(
      glances.flatMap(([id, { price }]) => (price === undefined ? [] : [[id, price]])),
    ),
    available: Object.fromEntries(
      glances.flatMap(([id, { pieces }]) => (pieces === undefined ? [] : [[id, pieces]])),
    ),
    lostCoupons: {},
  };
  const after: Cart = { ...target, ...merge(target, guest) };
  if (after.couponCodes.length === target.couponCodes.length) return guest;
  return { ...guest, lostCoupons: await lostCoupons(after) };
};
