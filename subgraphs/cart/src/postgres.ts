import { type Database, isUniqueViolation } from '@storegraph/postgres';
import type { Soon } from '@storegraph/server';
import { findCarts, type Save, saveCarts, type Wanted } from './batch-repository.ts';
import type { Cart, Owner } from './domain.ts';
import { createGathering } from './gathering.ts';
import { cartsByIds, findCart, keepOutcome, saveCart, versionsOf } from './repository.ts';
import { CartBusyError, type CartStore, maxTries, nameOf } from './store.ts';
import { type Decision, decide, type Found, type Intent, type Write, type Written } from './write-domain.ts';

/**
 * Carts in Postgres alone. A write is one statement, and one that reads where this process has not written the cart
 * before; without a transaction around them, since the version that was read decides.
 */
export const postgresStore = (db: Database): CartStore => {
  const listeners = new Set<(owner: Owner) => void>();
  const inTurn = createTurns();
  const recent = createRecent();
  const saveTogether = createGathering((saves: readonly Save[]) => saveAll(db, saves));
  const findTogether = createGathering((wanted: readonly Wanted[]) => findAll(db, wanted));
  const changed = (owner: Owner) => {
    for (const listener of listeners) listener(owner);
  };
  const places = { db, recent, saveTogether, findTogether, changed };
  return {
    find: (owner, intent) => findCart(db, owner, intent),
    byIds: (ids) => cartsByIds(db, ids),
    write: (wish) => inTurn(nameOf(wish.blank.owner), () => writeOnce(places, wish)),
    forget: async (owners) => {
      for (const owner of owners) recent.delete(nameOf(owner));
    },
    versions: (owners) => versionsOf(db, owners),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    isReady: async () => undefined,
    start: () => undefined,
    stop: async () => undefined,
  };
};

/** Reads, decides, and writes over what was read alone; anew when that is not there any more. */
const writeOnce = async (places: Places, wish: Write): Promise<Written> => {
  const { recent, changed, findTogether } = places;
  const { blank, intent } = wish;
  const name = nameOf(blank.owner);
  for (let tries = 0; tries < maxTries; tries += 1) {
    const remembered = tries === 0 ? recent.get(name) : undefined;
    const found = remembered
      ? { cart: remembered, kept: null }
      : await findTogether({ owner: blank.owner, intent });
    const decision = decide(found, wish);
    if ('answer' in decision) return decision.answer;
    // What is remembered may be old: good enough to write over if it is not, and no ground to refuse on.
    if (remembered && decision.next === null) continue;
    if (!(await keep(places, decision, intent))) continue;
    if (decision.next) {
      recent.set(name, decision.next);
      changed(blank.owner);
    }
    return decision.written;
  }
  throw new CartBusyError(`The cart of ${name} was changed ${maxTries} times meanwhile.`);
};

/** About 20 MB of carts as people fill them. */
const maxRecent = 5_000;

/** The carts written last, so that the next change of one need not read it first. */
const createRecent = () => {
  const carts = new Map<string, Cart>();
  return {
    get: (name: string): Cart | undefined => carts.get(name),
    delete: (name: string) => carts.delete(name),
    set: (name: string, cart: Cart): void => {
      // Behind all the others: the first is always the one that was written longest ago.
      carts.delete(name);
      carts.set(name, cart);
      const oldest = carts.size > maxRecent ? carts.keys().next().value : undefined;
      if (oldest !== undefined) carts.delete(oldest);
    },
  };
};

type Places = {
  readonly db: Database;
  readonly recent: ReturnType<typeof createRecent>;
  readonly saveTogether: (save: Save) => Promise<boolean>;
  readonly findTogether: (wanted: Wanted) => Promise<Found>;
  readonly changed: (owner: Owner) => void;
};

/** False when another write was there first. */
const keep = (
  { db, saveTogether }: Places,
  { next, expectedVersion, written: { outcome } }: Decision,
  intent: Intent | null,
): Soon<boolean> => {
  if (next === null) return intent === null || keepOutcome(db, intent, outcome);
  const saved =
    intent === null
      ? saveCart(db, next, { expectedVersion, intent, outcome })
      : saveTogether({ cart: next, expectedVersion, intent, outcome });
  return saved.catch(isTwice);
};

/** The same key came twice at once: the other one's outcome is there now. */
const isTwice = (error: unknown): false => {
  if (isUniqueViolation(error)) return false;
  throw error;
};

/** One alone goes by a plain statement, which takes a third less. */
const findAll = async (db: Database, wanted: readonly Wanted[]): Promise<readonly Found[]> => {
  const [first] = wanted;
  return first && wanted.length === 1
    ? [await findCart(db, first.owner, first.intent)]
    : findCarts(db, wanted);
};

/** The same. */
const saveAll = async (db: Database, saves: readonly Save[]): Promise<readonly boolean[]> => {
  const [first] = saves;
  return first && saves.length === 1 ? [await saveCart(db, first.cart, first)] : saveCarts(db, saves);
};

/** How many writes of one owner wait for each other in a process: no person has as many devices. */
const maxWaiting = 200;

/** Lets work of one name wait for each other, so that the devices of one process do not write past each other. */
const createTurns = () => {
  const turns = new Map<string, { readonly last: Promise<unknown>; readonly waiting: number }>();
  return async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const { last, waiting } = turns.get(name) ?? { last: null, waiting: 0 };
    if (waiting >= maxWaiting) throw new CartBusyError(`${waiting} writes wait for the cart of ${name}.`);
    const mine = last === null ? work() : last.then(work, work);
    turns.set(name, { last: mine, waiting: waiting + 1 });
    try {
      return await mine;
    } finally {
      const now = turns.get(name);
      if (now?.last === mine) turns.delete(name);
      else if (now) turns.set(name, { ...now, waiting: now.waiting - 1 });
    }
  };
};
