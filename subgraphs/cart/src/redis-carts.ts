import type { Database } from '@storegraph/postgres';
import type { Redis } from 'ioredis';
import { type Cart, limits, type Owner } from './domain.ts';
import { cartIn, hashOf, keptIn, keptText, lineText } from './redis-hash.ts';
import { addScript, restoreScript, saveScript } from './redis-scripts.ts';
import { type Copy, findCopy, type Kept } from './repository.ts';
import { nameOf } from './store.ts';
import { decide, type Found, type Intent, type Outcome, type Write, type Written } from './write-domain.ts';

/** A cart that nobody touches for so long is left to its copy. */
const cartKeptMs = 7 * 24 * 60 * 60_000;
/** How long an outcome is kept for repeats. */
const keptMs = 24 * 60 * 60_000;
/** A guest's cart is copied when it is so old, and then as often while it changes. */
const guestCopiedAfterMs = 30 * 60_000;
/** A customer's cart is copied with each write; it is looked at again in case that was cut short. */
const customerCopiedAfterMs = 5_000;

/** The owners whose carts are to be copied, by when. */
export const toCopy = 'cart:to-copy';
/** Where the owners of carts are told that were changed. */
export const channel = 'cart:changed';
export const keyOf = (name: string): string => `cart:{${name}}`;
export const keyOfIntent = (name: string, intent: Pick<Intent, 'operation' | 'key'> | null): string =>
  `cart:{${name}}:key:${intent ? `${intent.operation}:${intent.key}` : ''}`;

export const changed: Outcome = { __typename: 'CartChanged' };

export type Places = {
  readonly redis: Redis;
  /** Where the copies are. */
  readonly db: Database;
};

/** What is asked of Redis for a cart, each in one round trip. */
export const createRedisCarts = ({ redis, db }: Places) => {
  const save = async (cart: Cart, wish: SaveWish): Promise<boolean> => {
    const { expectedVersion, intent, outcome } = wish;
    const name = nameOf(cart.owner);
    const saved = await redis.eval(
      saveScript,
      4,
      ...[keyOf(name), keyOfIntent(name, intent), toCopy, channel],
      ...[cartKeptMs, name, intent ? keptText(intent, outcome) : '', keptMs],
      ...[copyDue(cart), expectedVersion, ...hashOf(cart)],
    );
    return saved === 1;
  };

  /** One round trip; and a look at the copy, where Redis has no cart. */
  const find = async (owner: Owner, intent: Intent | null): Promise<Found> => {
    const name = nameOf(owner);
    const answers = await redis.pipeline().hgetall(keyOf(name)).get(keyOfIntent(name, intent)).exec();
    const [hash, kept] = (answers ?? []).map(([error, value]) => {
      if (error) throw error;
      return value;
    });
    const cart = cartIn(owner, hash as Record<string, string>);
    const known = keptIn(kept as string | null);
    if (cart) return { cart, kept: known };
    const copy = await findCopy(db, owner);
    if (copy === null) return { cart: null, kept: known };
    await restore(copy);
    const isAsked = (one: Kept) => one.operation === intent?.operation && one.key === intent.key;
    return { cart: copy.cart, kept: known ?? copy.kept.find(isAsked) ?? null };
  };

  const restore = async ({ cart, kept }: Copy): Promise<void> => {
    const name = nameOf(cart.owner);
    const keys = kept.flatMap((one) => [keyOfIntent(name, one), keptText(one, one.outcome)]);
    const texts = [cartKeptMs, name, keptMs, kept.length, ...keys, ...hashOf(cart)];
    await redis.eval(restoreScript, 1, keyOf(name), ...texts);
  };

  /** Adds in one round trip; null where the rules have to look at the cart. */
  const add = async (wish: Write): Promise<Written | null> => {
    const { change, intent, at, blank } = wish;
    if (change.kind !== 'add' || change.standing !== 'sold' || intent === null) return null;
    const { variantId, quantity, lineId } = change;
    const name = nameOf(blank.owner);
    const answer = await redis.eval(
      addScript,
      4,
      ...[keyOf(name), keyOfIntent(name, intent), toCopy, channel],
      ...[cartKeptMs, name, keptText(intent, changed), keptMs, copyDue(blank), at],
      ...[variantId, quantity, lineId, lineText({ id: lineId, variantId, addedAt: at, seen: null })],
      ...[limits.LINES, limits.QUANTITY],
    );
    const [said, kept = null, fields = []] = answer as [string, string?, string[]?];
    if (said === 'look') return null;
    const cart = cartIn(blank.owner, pairs(fields));
    if (said === 'done') return { kind: 'done', outcome: changed, cart, before: cart, isReplay: false };
    const decision = decide({ cart, kept: keptIn(kept) }, wish);
    return 'answer' in decision ? decision.answer : null;
  };

  return { save, find, add };
};

type SaveWish = {
  readonly expectedVersion: number;
  readonly intent: Intent | null;
  readonly outcome: Outcome;
};

/** A guest's cart that a customer takes over is the customer's. */
export const isCustomers = ({ owner, closedInto }: Pick<Cart, 'owner' | 'closedInto'>): boolean =>
  owner.kind === 'customer' || closedInto !== null;

const copyDue = (cart: Cart): number =>
  Date.now() + (isCustomers(cart) ? customerCopiedAfterMs : guestCopiedAfterMs);

export const keep = async (
  redis: Redis,
  owner: Owner,
  intent: Intent,
  outcome: Outcome,
): Promise<boolean> => {
  const key = keyOfIntent(nameOf(owner), intent);
  return (await redis.set(key, keptText(intent, outcome), 'PX', keptMs, 'NX')) === 'OK';
};

const pairs = (flat: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    flat.flatMap((field, place) => (place % 2 === 0 ? [[field, flat[place + 1] ?? '']] : [])),
  );
