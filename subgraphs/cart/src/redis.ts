import { isUniqueViolation } from '@storegraph/postgres';
import { Redis } from 'ioredis';
import type { Cart, Owner } from './domain.ts';
import {
  changed,
  channel,
  createRedisCarts,
  isCustomers,
  keep,
  keyOf,
  keyOfIntent,
  type Places,
  toCopy,
} from './redis-carts.ts';
import { cartIn } from './redis-hash.ts';
import { copiedScript } from './redis-scripts.ts';
import { cartsByIds, copyCart, keepOutcome } from './repository.ts';
import { CartBusyError, type CartStore, maxTries, nameOf, ownerNamed } from './store.ts';
import { decide, type Intent, type Write, type Written } from './write-domain.ts';

/** How often carts to copy are looked for, and how many at a time. */
const copyEveryMs = 5_000;
const copiedAtOnce = 200;

/** Far longer than a command takes, and shorter than anybody waits. */
const commandTimeoutMs = 3_000;

type Needs = Places & { readonly onError: (error: unknown) => void };

/** A Redis that fails soon where it is away: whoever waits for a cart may try again. */
export const connectRedis = (url: string): Redis =>
  new Redis(url, { maxRetriesPerRequest: 1, commandTimeout: commandTimeoutMs });

/**
 * Carts in Redis, with a copy in Postgres: of a customer's at once, before the write is answered, of a guest's when it
 * is half an hour old. What Redis has lost is read from the copy.
 */
export const redisStore = ({ redis, db, onError }: Needs): CartStore => {
  const listeners = new Set<(owner: Owner) => void>();
  const listening = redis.duplicate();
  redis.on('error', onError);
  listening.on('error', onError);
  listening.on('message', (_channel, name: string) => {
    for (const listener of listeners) listener(ownerNamed(name));
  });

  const { find } = createRedisCarts({ redis, db });
  let timer: NodeJS.Timeout | undefined;
  let copying: Promise<unknown> | null = null;
  return {
    find,
    byIds: async (ids) => {
      const names = ids.length === 0 ? [] : await redis.mget(ids.map((id) => `cart:id:${id}`));
      const copies = await cartsByIds(
        db,
        ids.filter((_id, place) => !names[place]),
      );
      return Promise.all(
        ids.map(async (id, place) => {
          const name = names[place];
          const cart = name
            ? (await find(ownerNamed(name), null)).cart
            : copies.find((one) => one?.id === id);
          return cart?.id === id ? cart : null;
        }),
      );
    },
    write: createWrite({ redis, db }),
    forget: async (owners) => {
      for (const name of owners.map(nameOf)) {
        const id = await redis.hget(keyOf(name), 'id');
        await redis.multi().del(keyOf(name), `cart:id:${id}`).zrem(toCopy, name).exec();
      }
    },
    versions: async (owners) => {
      const pipeline = redis.pipeline();
      for (const owner of owners) pipeline.hget(keyOf(nameOf(owner)), 'version');
      return ((await pipeline.exec()) ?? []).map(([error, version]) => {
        if (error) throw error;
        return Number(version ?? 0);
      });
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    isReady: async () => {
      await redis.ping();
    },
    start: () => {
      listening.subscribe(channel).catch(onError);
      timer ??= setInterval(() => {
        copying ??= copyDueCarts({ redis, db })
          .catch(onError)
          .finally(() => {
            copying = null;
          });
      }, copyEveryMs).unref();
    },
    stop: async () => {
      clearInterval(timer);
      await copying;
      listening.disconnect();
      redis.disconnect();
    },
  };
};

/** Adds at once where that can be; else reads, decides, and writes over what was read alone. */
const createWrite = ({ redis, db }: Places): CartStore['write'] => {
  const { find, add, save } = createRedisCarts({ redis, db });
  /** Null when another write came in between. */
  const writeOverRead = async (wish: Write): Promise<Written | null> => {
    const { blank, intent } = wish;
    const decision = decide(await find(blank.owner, intent), wish);
    if ('answer' in decision) return decision.answer;
    const { next, expectedVersion, written } = decision;
    const { outcome } = written;
    const isKept = next
      ? await save(next, { expectedVersion, intent, outcome })
      : intent === null || (await keep(redis, blank.owner, intent, outcome));
    return isKept ? written : null;
  };
  return async (wish) => {
    const { owner } = wish.blank;
    for (let tries = 0; tries < maxTries; tries += 1) {
      const written = (await add(wish)) ?? (await writeOverRead(wish));
      if (written === null) continue;
      if (written.kind === 'conflict' || !isCustomers(written.cart ?? wish.blank)) return written;
      if (await isCopied({ redis, db }, written, wish.intent)) return written;
    }
    throw new CartBusyError(`The cart of ${nameOf(owner)} was changed ${maxTries} times meanwhile.`);
  };
};

/**
 * Copies what was written, before it is answered. False when the copy is ahead of Redis, which has forgotten writes
 * then: the cart goes out of Redis, and the write begins anew on the copy.
 */
const isCopied = async (
  { redis, db }: Places,
  { cart, outcome }: Extract<Written, { kind: 'done' }>,
  intent: Intent | null,
): Promise<boolean> => {
  if (cart === null) return true;
  const copy = await copyOf(db, cart, { intent, outcome });
  if (copy === 'written') return true;
  if (await isAhead(redis, copy, cart)) {
    const name = nameOf(cart.owner);
    await redis.del(keyOf(name), keyOfIntent(name, intent));
    return false;
  }
  if (intent) await keepOutcome(db, intent, outcome);
  return true;
};

const copyOf = async (...copying: Parameters<typeof copyCart>): ReturnType<typeof copyCart> => {
  try {
    return await copyCart(...copying);
  } catch (error) {
    // Two copied a new cart at once: by its id they met where its owner is not looked at. Now the first is there.
    if (!isUniqueViolation(error)) throw error;
    return copyCart(...copying);
  }
};

const isAhead = async (
  redis: Redis,
  copy: { readonly version: number; readonly updatedAt: string },
  cart: Cart,
): Promise<boolean> => {
  // An older one is what the statement saw before it waited for a newer one, which has this write in it.
  if (copy.version < cart.version) return false;
  if (copy.version === cart.version) return copy.updatedAt !== cart.updatedAt;
  // Another device has written and copied meanwhile, unless Redis knows nothing of that.
  const version = Number((await redis.hget(keyOf(nameOf(cart.owner)), 'version')) ?? 0);
  return version < copy.version;
};

/** Copies the carts whose time has come. Any number of processes may do so. */
export const copyDueCarts = async ({ redis, db }: Places, now = Date.now()): Promise<number> => {
  for (let total = 0; ; ) {
    const names = await redis.zrangebyscore(toCopy, 0, now, 'LIMIT', 0, copiedAtOnce);
    for (const name of names) {
      const cart = cartIn(ownerNamed(name), await redis.hgetall(keyOf(name)));
      if (cart) await copyOf(db, cart, { intent: null, outcome: changed });
      await redis.eval(copiedScript, 2, keyOf(name), toCopy, name, cart?.version ?? 0);
    }
    total += names.length;
    if (names.length < copiedAtOnce) return total;
  }
};
