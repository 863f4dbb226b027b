import { randomUUID } from 'node:crypto';
import { fingerprintOf } from '@storegraph/idempotency';
import { connect, type Database, migrate, newId, transaction } from '@storegraph/postgres';
import { type TestDatabase, testDatabase } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apply, type Change } from './change-domain.ts';
import { type Cart, newCart, type Owner } from './domain.ts';
import { migrations } from './main.ts';
import { postgresStore } from './postgres.ts';
import { connectRedis, copyDueCarts, redisStore } from './redis.ts';
import { saveCart } from './repository.ts';
import { type CartStore, nameOf } from './store.ts';
import type { Intent, Written } from './write-domain.ts';

/** One suite for every place carts are kept in. `REDIS_URL=redis://127.0.0.1 npm test` */
const redisUrl = process.env['REDIS_URL'];

const market = { region: 'DE', currency: 'EUR' };
const someone = (kind: Owner['kind'] = 'guest'): Owner => ({ kind, id: randomUUID() });
const add = (variantId: string, quantity = 1): Change => ({
  ...{ kind: 'add', variantId, quantity, lineId: newId(), standing: 'sold' },
});
const intentOf = (owner: Owner, input: unknown, key: string = randomUUID()): Intent => ({
  ...{ scope: nameOf(owner), operation: 'change', key, fingerprint: fingerprintOf(input) },
});

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await testDatabase('template_cart_store', (url) =>
    migrate({
      url,
      schema: 'cart',
      folders: migrations,
    }),
  );
  db = connect({ url: database.url, schema: 'cart', name: 'store.test' });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const doIt = (
  store: CartStore,
  owner: Owner,
  change: Change,
  intent: Intent | null = intentOf(owner, change),
): Promise<Written> => {
  const at = new Date().toISOString();
  return store.write({ blank: newCart(newId(), owner, market, at), change, at, intent });
};
const cartOf = async (store: CartStore, owner: Owner): Promise<Cart | null> =>
  (await store.find(owner, null)).cart;
const quantities = (cart: Cart | null) =>
  Object.fromEntries((cart?.lines ?? []).map(({ variantId, quantity }) => [variantId, quantity]));

const failing = (error: unknown) => {
  throw error;
};
const places = [
  { name: 'Postgres', open: () => postgresStore(db) },
  ...(redisUrl
    ? [
        {
          name: 'Redis with a copy in Postgres',
          open: () => redisStore({ redis: connectRedis(redisUrl), db, onError: failing }),
        },
      ]
    : []),
];

describe.each(places)('carts in $name', ({ open }) => {
  let store: CartStore;
  let other: CartStore;
  beforeAll(async () => {
    store = open();
    other = open();
    store.start();
    other.start();
    await store.isReady();
  });
  afterAll(async () => {
    await Promise.all([store.stop(), other.stop()]);
  });

  test.each(['guest', 'customer'] as const)('count what many devices of a %s do at once', async (kind) => {
    const owner = someone(kind);
    const ids = [randomUUID(), randomUUID()] as const;
    await Promise.all(
      Array.from({ length: 24 }, (_each, place) =>
        doIt(place % 3 === 0 ? other : store, owner, add(ids[place % 2 === 0 ? 0 : 1], 2)),
      ),
    );
    const cart = await cartOf(store, owner);
    expect(quantities(cart)).toEqual({ [ids[0]]: 24, [ids[1]]: 24 });
    expect(cart?.version).toBe(24);
    expect(await cartOf(other, owner)).toEqual(cart);
  });

  test('are begun by many at once, in two processes, each once for a key', async () => {
    const owners = Array.from({ length: 40 }, () => someone('customer'));
    const [a, b] = [add(randomUUID(), 2), add(randomUUID())];
    const begin = owners.map((owner) => ({ owner, intent: intentOf(owner, a) }));
    const doAll = (by: CartStore, all: typeof begin) =>
      Promise.all(all.map(({ owner, intent }) => doIt(by, owner, a, intent)));
    const written = await Promise.all([
      doAll(store, begin),
      doAll(other, begin.toReversed()),
      doAll(store, begin),
    ]);
    const fresh = written.flat().filter((one) => one.kind === 'done' && !one.isReplay);
    expect(fresh).toHaveLength(owners.length);
    // A batch in which carts are begun and changed, and one key is used for something else.
    const [first, ...others] = owners;
    const news = Array.from({ length: 5 }, () => someone());
    const [refused, ...changed] = await Promise.all([
      ...(first ? [doIt(store, first, b, { ...intentOf(first, b), key: begin[0]?.intent.key ?? '' })] : []),
      ...[...others, ...news].map((owner) => doIt(store, owner, b)),
    ]);
    expect(refused).toMatchObject({ kind: 'conflict' });
    expect(changed.every((one) => one.kind === 'done' && one.outcome.__typename === 'CartChanged')).toBe(
      true,
    );
    const found = await Promise.all([...owners, ...news].map((owner) => cartOf(other, owner)));
    expect(found.map((cart) => cart?.version)).toEqual([1, ...others.map(() => 2), ...news.map(() => 1)]);
  });

  test('do the same intent once, also when it comes many times at once, and never with another input', async () => {
    const owner = someone();
    const change = add(randomUUID(), 3);
    const intent = intentOf(owner, change);
    const all = await Promise.all(
      Array.from({ length: 10 }, (_each, place) => doIt(place % 2 ? other : store, owner, change, intent)),
    );
    expect(all.filter((one) => one.kind === 'done' && !one.isReplay)).toHaveLength(1);
    expect((await cartOf(store, owner))?.lines).toMatchObject([{ quantity: 3 }]);
    expect(await doIt(store, owner, change, intentOf(owner, 'another', intent.key))).toMatchObject({
      kind: 'conflict',
    });
  });

  test('refuse nothing, and skip nothing, for what they remember of a cart that was changed elsewhere', async () => {
    const owner = someone();
    await doIt(store, owner, { kind: 'note', note: 'x' });
    const change = add(randomUUID());
    await doIt(other, owner, change);
    await doIt(other, owner, { kind: 'note', note: 'y' });
    expect(await doIt(store, owner, { kind: 'note', note: 'x' })).toMatchObject({ cart: { version: 4 } });
    await doIt(other, owner, add(randomUUID()));
    const lineId = change.kind === 'add' ? change.lineId : '';
    await doIt(other, owner, { kind: 'save', lineId });
    const restored = await doIt(store, owner, { kind: 'restore', lineId });
    expect(restored).toMatchObject({ outcome: { __typename: 'CartChanged' }, cart: { version: 7 } });
  });

  test('keep refusals too, for repeats', async () => {
    const owner = someone();
    const change = { kind: 'remove', lineId: newId() } as const;
    const intent = intentOf(owner, change);
    const first = await doIt(store, owner, change, intent);
    const outcome = { __typename: 'CartLineNotFound', lineId: change.lineId };
    expect(first).toMatchObject({ kind: 'done', cart: null, isReplay: false, outcome });
    expect(await doIt(other, owner, change, intent)).toMatchObject({ isReplay: true, outcome });
  });

  test('are found by their ids, and their versions by their owners', async () => {
    const owners = [someone(), someone('customer'), someone()] as const;
    await doIt(store, owners[0], add(randomUUID()));
    await doIt(store, owners[1], add(randomUUID()));
    await doIt(store, owners[1], { kind: 'note', note: 'x' });
    const carts = await Promise.all(owners.map((owner) => cartOf(store, owner)));
    const ids = carts.map((cart) => cart?.id ?? randomUUID());
    expect(await store.byIds([...ids, 'no id'])).toEqual([...carts, null]);
    expect(await other.versions(owners)).toEqual([1, 2, 0]);
  });

  test('tell of their changes, in another process too where they can', async () => {
    const owner = someone();
    const heard = new Promise<Owner>((resolve) => {
      const stop = store.onChange((changed) => {
        if (changed.id !== owner.id) return;
        stop();
        resolve(changed);
      });
    });
    await doIt(store, owner, add(randomUUID()));
    expect(await heard).toEqual(owner);
  });

  test('do what the rules do, whatever several devices wish', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (wishes) => {
        const owner = someone();
        let model = newCart('', owner, market, '');
        for (const wish of wishes.filter(isFresh)) {
          const [here, there] = wish.device === 0 ? [store, other] : [other, store];
          model = await doAsModel(here, there, wish, model);
        }
        expect(shapeOf((await cartOf(other, owner)) ?? newCart('', owner, market, ''))).toEqual(
          shapeOf(model),
        );
      }),
      { numRuns: 40 },
    );
  });
});

/** Does a wish on one device, maybe repeats it on another one, and answers what the model of the cart is then. */
const doAsModel = async (
  here: CartStore,
  there: CartStore,
  { change: wish, isRepeated }: Step,
  model: Cart,
): Promise<Cart> => {
  const intent = intentOf(model.owner, wish);
  const written = await doIt(here, model.owner, wish, intent);
  if (isRepeated) await doIt(there, model.owner, wish, intent);
  const expected = apply(model, wish, '');
  const outcome = 'refusal' in expected ? expected.refusal.__typename : 'CartChanged';
  expect(written).toMatchObject({ outcome: { __typename: outcome } });
  return 'cart' in expected ? expected.cart : model;
};

const lineIds = Array.from({ length: 12 }, newId);
const lineId = fc.constantFrom(...lineIds);
const variantId = fc.constantFrom(randomUUID(), randomUUID(), randomUUID());
const quantity = fc.integer({ min: 1, max: 999 });
const oneOf = <const T extends string>(...kinds: T[]) => fc.constantFrom(...kinds);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: oneOf('add'), variantId, quantity, lineId, standing: oneOf('sold') }),
  fc.record({ kind: oneOf('add'), variantId, quantity: fc.constant(1), lineId, standing: oneOf('sold') }),
  fc.record({ kind: oneOf('set'), lineId, quantity, expectedVersion: fc.constant(null) }),
  fc.record({ kind: oneOf('remove', 'save', 'restore'), lineId }),
  fc.record({ kind: oneOf('clear'), expectedVersion: fc.option(fc.nat(5)) }),
  fc.record({ kind: oneOf('couponAdd', 'couponRemove'), code: fc.constantFrom('A', 'B') }),
  fc.record({ kind: oneOf('note'), note: fc.constantFrom('x', null) }),
);
type Step = { readonly change: Change; readonly device: number; readonly isRepeated: boolean };
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ change, device: fc.constantFrom(0, 1), isRepeated: fc.boolean() }),
  { maxLength: 25 },
);
/** The id of a new line is new. */
const isFresh = ({ change: wish }: Step, place: number, all: readonly Step[]): boolean =>
  wish.kind !== 'add' ||
  !all.slice(0, place).some((one) => one.change.kind === 'add' && one.change.lineId === wish.lineId);
/** Without what is different each time. */
const shapeOf = (cart: Cart) => {
  const lines = (some: Cart['lines']) => some.map(({ id, variantId, quantity }) => [id, variantId, quantity]);
  return (
    cart && {
      ...{ version: cart.version, note: cart.note, couponCodes: cart.couponCodes },
      ...{ lines: lines(cart.lines), savedForLater: lines(cart.savedForLater) },
    }
  );
};

test('a cart in Postgres is changed in place, so that no index grows with each add', async () => {
  const store = postgresStore(db);
  const owner = someone();
  await doIt(store, owner, add(randomUUID()));
  const cart = await cartOf(store, owner);
  if (!cart) throw new Error('There is no cart.');
  const inPlace = await transaction(db, async (tx) => {
    const next = { ...cart, version: 2, note: 'x', updatedAt: new Date().toISOString() };
    await saveCart(tx, next, { expectedVersion: 1, intent: null, outcome: { __typename: 'CartChanged' } });
    const [row] = await tx.execute(
      sql`select pg_stat_get_xact_tuples_hot_updated('carts'::regclass)::int as count`,
    );
    return row;
  });
  expect(inPlace).toEqual({ count: 1 });
});

describe.runIf(redisUrl)('a Redis that loses what it had', () => {
  const url = redisUrl ?? '';
  let store: CartStore;
  let redis: Redis;
  beforeAll(() => {
    redis = new Redis(url);
    store = redisStore({ redis: connectRedis(url), db, onError: failing });
  });
  afterAll(async () => {
    await store.stop();
    redis.disconnect();
  });
  const forget = async (owner: Owner) => {
    const keys = await redis.keys(`cart:{${nameOf(owner)}}*`);
    if (keys.length > 0) await redis.del(...keys);
  };

  test('loses no customer’s cart, and no intent that was answered', async () => {
    const owner = someone('customer');
    const [a, b] = [randomUUID(), randomUUID()];
    const change = add(a, 2);
    const intent = intentOf(owner, change);
    await doIt(store, owner, change, intent);
    await doIt(store, owner, add(b));
    await forget(owner);
    expect(quantities(await cartOf(store, owner))).toEqual({ [a]: 2, [b]: 1 });
    await forget(owner);
    expect(await doIt(store, owner, change, intent)).toMatchObject({ isReplay: true });
    await forget(owner);
    await doIt(store, owner, add(a));
    expect(quantities(await cartOf(store, owner))).toEqual({ [a]: 3, [b]: 1 });
  });

  test('falls back to an earlier state of it, as after a crash, and the copy is believed', async () => {
    const owner = someone('customer');
    const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
    await doIt(store, owner, add(a));
    const key = `cart:{${nameOf(owner)}}`;
    const earlier = await redis.hgetall(key);
    for (const lost of [[b], [b, c]]) {
      for (const id of lost) await doIt(store, owner, add(id));
      await redis.multi().del(key).hset(key, earlier).exec();
      await doIt(store, owner, add(a));
    }
    expect(quantities(await cartOf(store, owner))).toEqual({ [a]: 3, [b]: 2, [c]: 1 });
  });

  test('loses a guest’s cart only when it was young', async () => {
    const owner = someone();
    await doIt(store, owner, add(randomUUID(), 5));
    await copyDueCarts({ redis, db }, Date.now() + 29 * 60_000);
    expect(await db.execute(sql`select 1 from carts where owner_id = ${owner.id}`)).toHaveLength(0);
    await copyDueCarts({ redis, db }, Date.now() + 31 * 60_000);
    await forget(owner);
    expect((await cartOf(store, owner))?.lines).toMatchObject([{ quantity: 5 }]);
    await doIt(store, owner, { kind: 'note', note: 'back' });
    expect(await redis.zscore('cart:to-copy', nameOf(owner))).not.toBeNull();
  });

  test('is asked once for an add', async () => {
    const owner = someone();
    await doIt(store, owner, add(randomUUID()));
    const sent = await sentDuring(redis, owner, async () => {
      await doIt(store, owner, add(randomUUID()));
      await doIt(store, owner, add(randomUUID()));
    });
    expect(sent).toEqual(['eval', 'eval']);
  });
});

/** The commands sent to Redis for an owner while the work ran; what a script does in it does not count. */
const sentDuring = async (redis: Redis, { id }: Owner, work: () => Promise<void>): Promise<string[]> => {
  const monitor = await redis.monitor();
  let sent: string[] = [];
  const done = new Promise<void>((resolve) => {
    monitor.on('monitor', (_time: string, args: string[], source: string) => {
      if (source === 'lua') return;
      if (args.includes(`begin ${id}`)) sent = [];
      else if (args.includes(`end ${id}`)) resolve();
      else if (args.some((arg) => arg.includes(id))) sent.push(args[0]?.toLowerCase() ?? '');
    });
  });
  await redis.echo(`begin ${id}`);
  await work();
  await redis.echo(`end ${id}`);
  await done;
  monitor.disconnect();
  return sent;
};
