import { idempotencyConflict, markReplay } from '@storegraph/idempotency';
import { parseInput } from '@storegraph/server';
import { blankOf, type Needs as CartNeeds, intentOf, releaseDropped, type Unasked } from './cart-service.ts';
import type { Conflict } from './conflict-domain.ts';
import type { Cart, Owner } from './domain.ts';
import type { Look } from './glance-service.ts';
import * as inputs from './inputs.ts';
import type { Guest } from './merge-domain.ts';
import { lastGuestOf } from './sign-in-repository.ts';

type Needs = CartNeeds & {
  readonly look: Look;
  /** The guest whose token it is; null for any other token. */
  readonly guestOf: (token: string) => Promise<string | null>;
};

export type Merged = {
  readonly __typename: 'CartMerged';
  readonly cart: Cart | null;
  readonly conflicts: readonly Conflict[];
};
export type GuestNotProven = { readonly __typename: 'GuestNotProven'; readonly message: string };
export type MergeOutcome = Merged | GuestNotProven | Unasked;

/**
 * Takes a guest's cart over, in two writes. First the guest's cart is closed, so that nothing can be put into it that
 * would be lost; then its lines are taken over. Cut short in between, the next call goes on: the closed cart says into
 * whose it goes, and the customer's cart which ones it has taken over.
 */
export const createMerge =
  (needs: Needs) =>
  async (owner: Owner, given: unknown): Promise<MergeOutcome> => {
    const { store, now } = needs;
    const parsed = parseInput(inputs.merge, given);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey: key, guestToken } = parsed.input;
    const intent = intentOf(owner, 'cartMerge', given, key);
    const { kept } = await store.find(owner, intent);
    // What was answered before is answered again, also when the guest's token has ended since.
    const source = kept ? null : await sourceOf(needs, owner, guestToken);
    if (source === 'not proven') return notProven();
    const blank = blankOf(needs, owner, source ?? {});
    const guest = source && (await known(needs, source, blank));
    const change = { kind: 'merge', guest } as const;
    const written = await store.write({ blank, change, at: now().toISOString(), intent });
    if (written.kind === 'conflict') return idempotencyConflict(key);
    const { outcome, cart, isReplay } = written;
    if (outcome.__typename !== 'CartChanged') throw new Error(`A merge ended with ${outcome.__typename}.`);
    const merged: Merged = { __typename: 'CartMerged', cart, conflicts: cart?.conflicts ?? [] };
    return isReplay ? markReplay(merged) : merged;
  };

/** The guest's cart, closed, as far as the customer may take it over; null where the guest had none. */
const sourceOf = async (
  needs: Needs,
  owner: Owner,
  token: string | null,
): Promise<Cart | 'not proven' | null> => {
  const guestId = await provenGuest(needs, owner, token);
  return guestId === null ? 'not proven' : close(needs, { kind: 'guest', id: guestId }, owner);
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

/** Closes the guest's cart and answers it as it was left; null where there is none. */
const close = async (needs: Needs, guest: Owner, customer: Owner): Promise<Cart | 'not proven' | null> => {
  const { cart } = await needs.store.find(guest, null);
  if (cart === null) return null;
  if (cart.closedInto !== null) return cart.closedInto === customer.id ? cart : 'not proven';
  const change = { kind: 'close', into: customer.id } as const;
  const at = needs.now().toISOString();
  const written = await needs.store.write({ blank: cart, change, at, intent: null });
  await releaseDropped(needs, written);
  if (written.kind === 'conflict' || written.outcome.__typename !== 'CartChanged') return 'not proven';
  return written.cart;
};

/** What the merge has to know of the guest's variants, in the market of the cart they come into. */
const known = async ({ store, look }: Needs, source: Cart, blank: Cart): Promise<Guest> => {
  const { cart } = await store.find(blank.owner, null);
  const variantIds = source.lines.map(({ variantId }) => variantId);
  const glances = [...(await look(cart ?? blank, variantIds))];
  return {
    cart: source,
    unavailable: glances.flatMap(([id, { standing }]) => (standing === 'sold' ? [] : [id])),
    prices: Object.fromEntries(
      glances.flatMap(([id, { price }]) => (price === undefined ? [] : [[id, price]])),
    ),
    available: Object.fromEntries(
      glances.flatMap(([id, { pieces }]) => (pieces === undefined ? [] : [[id, pieces]])),
    ),
  };
};
