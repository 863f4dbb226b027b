import { key } from '@storegraph/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { customer, guest, openCarts, type TestCarts } from './cart-fixture.ts';
import type { Cart, Owner } from './domain.ts';
import { postgresStore } from './postgres.ts';
import { connectRedis, copyDueCarts, redisStore } from './redis.ts';
import { type Carts, createCarts } from './service.ts';
import { createStandings } from './standing-service.ts';
import type { CartStore } from './store.ts';
import { finishMerges } from './sweep-service.ts';

/** A merge whose process dies: before or after each of its writes, in every place carts are kept in. */
const redisUrl = process.env['REDIS_URL'];

const market = { region: 'DE', currency: 'EUR' };
const failing = (error: unknown) => {
  throw error;
};
const places = ['Postgres', ...(redisUrl ? ['Redis'] : [])];

describe.each(places)('a merge that is cut short, carts in %s', (place) => {
  let shop: TestCarts;
  const stores: CartStore[] = [];
  beforeAll(async () => {
    shop = await openCarts();
  });
  afterAll(async () => {
    expect(await shop.broken()).toEqual({});
    for (const store of stores) await store.stop();
    await shop.stop();
  });

  /** Another process: it remembers nothing of the others. */
  const openStore = (db = shop.db): CartStore => {
    const store =
      place === 'Redis'
        ? redisStore({ redis: connectRedis(redisUrl ?? ''), db, onError: failing })
        : postgresStore(db);
    stores.push(store);
    return store;
  };
  const cartsOver = (store: CartStore): Carts => {
    const { db, neighbours } = shop;
    const standings = createStandings(db);
    // Here a guest's id is proof enough.
    const guestOf = async (token: string) => token;
    return createCarts({ db, store, standings, ask: neighbours.ask, market, guestOf, onUnanswered: failing });
  };
  const cartOf = async (owner: Owner): Promise<Cart | null> => (await openStore().find(owner, null)).cart;
  const soon = () => new Date(Date.now() + 60_000);

  /** Two carts that differ in one line, and have one each that the other has not. */
  const twoCarts = async () => {
    const [me, before]: Owner[] = [customer(), guest()];
    const [a, b, c] = [await shop.variant(), await shop.variant(), await shop.variant()];
    for (const id of [a, b, c]) shop.neighbours.stock(id, 9);
    if (!me || !before) throw new Error('Nobody is there.');
    const store = openStore();
    const add = (owner: Owner, variantId: string, quantity: number) =>
      cartsOver(store).changes.lineAdd(owner, { idempotencyKey: key(), variantId, quantity });
    await add(me, a, 1);
    await add(me, b, 1);
    await add(before, a, 2);
    await add(before, c, 3);
    const check = async () => {
      const cart = await cartOf(me);
      expect(cart?.lines.map(({ variantId, quantity }) => [variantId, quantity])).toEqual([
        ...[
          [a, 2],
          [b, 1],
          [c, 3],
        ],
      ]);
      expect(cart?.conflicts).toMatchObject([{ __typename: 'CartQuantityDiffers', mine: 1, guests: 2 }]);
      // Two adds and one merge, however often it was begun.
      expect(cart?.version).toBe(3);
      expect(await cartOf(before)).toMatchObject({ lines: [], closedInto: me.id, isHandedOver: true });
    };
    return { me, before, check };
  };

  /** Dies at the nth write: before it, or after it without having heard of it. */
  const dying = (store: CartStore, { at, isAfter }: { at: number; isAfter: boolean }): CartStore => {
    let writes = 0;
    return {
      ...store,
      write: async (wish) => {
        writes += 1;
        if (writes === at && isAfter) await store.write(wish);
        if (writes >= at) throw new Error('The process has died.');
        return store.write(wish);
      },
    };
  };
  const deaths = [1, 2, 3].flatMap((at) => [false, true].map((isAfter) => ({ at, isAfter })));
  const merging = ({ id: guestToken }: Owner) => ({ idempotencyKey: key(), guestToken });

  test.each(deaths)('at write $at (after it: $isAfter) is ended by whoever calls again', async (death) => {
    for (const isSameKey of [true, false]) {
      const { me, before, check } = await twoCarts();
      const input = merging(before);
      await expect(cartsOver(dying(openStore(), death)).merge(me, input)).rejects.toThrow('died');
      const again = isSameKey ? input : merging(before);
      const merged = await cartsOver(openStore()).merge(me, again);
      expect(merged).toMatchObject({ __typename: 'CartMerged', conflicts: [{ mine: 1, guests: 2 }] });
      await finishMerges(shop.db, cartsOver(openStore()).finishMerges, soon());
      await check();
      await cartsOver(openStore()).merge(me, merging(before));
      await check();
    }
  });

  test.each(deaths.slice(1))('at write $at (after it: $isAfter) ends by itself', async (death) => {
    const { me, before, check } = await twoCarts();
    await expect(cartsOver(dying(openStore(), death)).merge(me, merging(before))).rejects.toThrow('died');
    const finish = cartsOver(openStore()).finishMerges;
    // Whoever is at it still is given the time to end it.
    const { version } = (await cartOf(before)) ?? {};
    await finishMerges(shop.db, finish, new Date());
    expect((await cartOf(before))?.version).toBe(version);
    await Promise.all([1, 2].map(() => finishMerges(shop.db, finish, soon())));
    await check();
  });

  test('before it closed anything leaves the guest’s cart to the guest', async () => {
    const { me, before } = await twoCarts();
    const dead = cartsOver(dying(openStore(), { at: 1, isAfter: false }));
    await expect(dead.merge(me, merging(before))).rejects.toThrow('died');
    await finishMerges(shop.db, cartsOver(openStore()).finishMerges, soon());
    expect((await cartOf(before))?.lines).toHaveLength(2);
    expect((await cartOf(me))?.version).toBe(2);
  });

  test('keeps no other merge from its end', async () => {
    const [one, other] = [await twoCarts(), await twoCarts()];
    for (const { me, before } of [one, other]) {
      const dead = cartsOver(dying(openStore(), { at: 2, isAfter: false }));
      await expect(dead.merge(me, merging(before))).rejects.toThrow('died');
    }
    const store = openStore();
    const write: CartStore['write'] = async (wish) => {
      if (wish.blank.owner.id === one.me.id) throw new Error('This one cannot be written.');
      return store.write(wish);
    };
    const finish = cartsOver({ ...store, write }).finishMerges;
    await expect(finishMerges(shop.db, finish, soon())).rejects.toThrow('1 merges');
    await other.check();
    await finishMerges(shop.db, cartsOver(openStore()).finishMerges, soon());
    await one.check();
  });

  if (place === 'Redis') {
    test('before its copy was written is found once it is copied, which is soon', async () => {
      const { me, before, check } = await twoCarts();
      // Postgres is away, Redis is not.
      const away: typeof shop.db = Object.create(shop.db, {
        execute: { value: () => Promise.reject(new Error('Postgres has died.')) },
      });
      const broken = cartsOver(openStore(away)).merge(me, merging(before));
      await expect(broken).rejects.toThrow('Postgres has died');
      const redis = new Redis(redisUrl ?? '');
      await copyDueCarts({ redis, db: shop.db }, Date.now() + 6_000);
      redis.disconnect();
      await finishMerges(shop.db, cartsOver(openStore()).finishMerges, soon());
      await check();
    });
  }
});
