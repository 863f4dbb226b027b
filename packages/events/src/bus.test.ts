import { sql } from 'drizzle-orm';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Bus,
  CursorTooOldError,
  createInProcessBus,
  type EventLog,
  type Handlers,
  openProcessBus,
  startConsumer,
} from './index.ts';
import { numbers, openShop, sequencesOf, serveLog, take } from './shop-for-tests.ts';

/** What a bus promises, in one process and between many. `REDIS_URL=redis://127.0.0.1 npm test` */
const redisUrl = process.env['REDIS_URL'];
/** A database of this suite's own: the streams of others have the same names. */
const ownRedisUrl = redisUrl && new URL('/7', redisUrl).href;
const redis = ownRedisUrl ? new Redis(ownRedisUrl) : null;
afterAll(() => redis?.disconnect());

type Shop = Awaited<ReturnType<typeof openShop>>;
type Opened = { bus: Bus; stop: () => Promise<void> };

const betweenProcesses =
  (ownRedis?: string) =>
  async (shop: Shop): Promise<Opened> => {
    await redis?.flushdb();
    const own = shop.openLog();
    const server = await serveLog(own);
    const needs = {
      token: server.token,
      redisUrl: ownRedis,
      onError: (error: unknown) => errors.push(error),
    };
    const publishers = openProcessBus({ ...needs, urls: {} });
    publishers.register(own);
    const bus = openProcessBus({ ...needs, urls: { product: server.url } });
    return {
      bus,
      stop: async () => {
        await Promise.all([bus.stop(), publishers.stop()]);
        await server.close();
      },
    };
  };

const ways = [
  {
    name: 'in one process',
    open: async (shop: Shop): Promise<Opened> => {
      const bus = createInProcessBus();
      const own = shop.openLog();
      bus.register(own);
      return { bus, stop: own.stop };
    },
  },
  { name: 'between processes', open: betweenProcesses() },
  ...(ownRedisUrl ? [{ name: 'between processes, over Redis', open: betweenProcesses(ownRedisUrl) }] : []),
];

let errors: unknown[];

describe.each(ways)('$name', ({ open }) => {
  let shop: Shop;
  let opened: Opened;
  let log: EventLog;
  const stops: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    errors = [];
    shop = await openShop();
    opened = await open(shop);
    log = await opened.bus.log('product');
  });
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
    await opened.stop();
    await shop.close();
    expect(errors).toEqual([]);
  });

  describe('a log', () => {
    it('ends where its publisher has committed, at once', async () => {
      expect(await log.head()).toBe(0);
      await shop.publish(3);
      expect(await log.head()).toBe(3);
    });

    it('is read from any point, in order, no more than was asked for', async () => {
      await shop.publish(5);
      expect(sequencesOf(await log.read(2, 10))).toEqual([3, 4, 5]);
      expect(sequencesOf(await log.read(0, 2))).toEqual([1, 2]);
      expect(await log.read(5, 10)).toEqual([]);
      expect((await log.read(0, 1))[0]).toEqual({
        ...{
          id: 'product:1',
          publisher: 'product',
          sequence: 1,
          type: 'product.variant_created',
          version: 1,
        },
        aggregateId: expect.any(String),
        occurredAt: expect.any(Date),
        data: expect.objectContaining({ sku: 'A-1' }),
      });
    });

    it('gives its followers what lies behind their place and then what comes, each once', async () => {
      await shop.publish(3);
      const events = await take(log, { from: 1, count: 4, started: () => shop.publish(2) });
      expect(sequencesOf(events)).toEqual([2, 3, 4, 5]);
    });

    it('gives whoever comes now what comes, and nothing of before', async () => {
      await shop.publish(3);
      const pages = log.follow('now', new AbortController().signal);
      const first = pages.next();
      // It comes when it asks where the log ends, which the test cannot see: so facts are published until it has one.
      const isThere = () => Promise.race([first.then(() => true), log.head().then(() => false)]);
      do await shop.publish();
      while (!(await isThere()));
      await pages.return?.();
      expect((await first).value?.[0]?.sequence).toBeGreaterThan(3);
    });

    it('serves many followers at different places while facts arrive', async () => {
      await shop.publish(1_500);
      const followers = [0, 700, 1_499].map((from) => take(log, { from, count: 1_700 - from }));
      for (let n = 0; n < 20; n += 1) await shop.publish(10);
      for (const [index, from] of [0, 700, 1_499].entries()) {
        expect(sequencesOf((await followers[index]) ?? [])).toEqual(numbers(from, 1_700));
      }
    });

    it('lets go at once of whoever leaves while waiting', async () => {
      const leaving = new AbortController();
      const [left, aborted] = [
        log.follow('now', new AbortController().signal),
        log.follow(0, leaving.signal),
      ];
      const waiting = [left.next(), aborted.next()];
      await left.return?.();
      leaving.abort();
      for (const one of waiting) expect(await one).toEqual({ done: true, value: undefined });
      expect(await left.next()).toEqual({ done: true, value: undefined });
    });

    it('lets its followers go when it is stopped', async () => {
      const waiting = log.follow(0, new AbortController().signal).next();
      await opened.stop();
      expect(await waiting).toEqual({ done: true, value: undefined });
    });

    it('tells whoever needs facts that are deleted, and nobody else', async () => {
      await shop.publish(5);
      await shop.forget(3);
      const tooOld = { publisher: 'product', after: 1, oldestKept: 4 };
      await expect(log.read(1, 10)).rejects.toMatchObject(tooOld);
      const pages = log.follow(1, new AbortController().signal);
      const refusal = pages.next();
      await expect(refusal).rejects.toThrow(CursorTooOldError);
      await expect(refusal).rejects.toMatchObject(tooOld);
      expect(await pages.next()).toEqual({ done: true, value: undefined });
      expect(sequencesOf(await take(log, { from: 3, count: 2 }))).toEqual([4, 5]);
    });

    it('keeps what a consumer has not taken in', async () => {
      await shop.publish(5);
      await log.keepFor('a consumer/of ours', 2);
      await shop.forget(5);
      expect(sequencesOf(await log.read(2, 10))).toEqual([3, 4, 5]);
    });
  });

  describe('a consumer', () => {
    const note: Handlers = {
      'product.variant_created': async (tx, event) => {
        await tx.execute(sql`insert into seen values (${event.sequence})`);
      },
    };
    const consume = () => {
      const started = startConsumer({
        ...{ db: shop.consumer, bus: opened.bus, consumer: 'inventory', handlers: note },
        onError: (error) => errors.push(error),
      });
      stops.push(started.stop);
      return started;
    };

    it('takes in what was published before it started, then what comes, in order', async () => {
      await shop.publish(2);
      const { drained, check } = consume();
      await shop.publish();
      await drained();
      expect(await shop.seen()).toEqual([1, 2, 3]);
      expect(check).not.toThrow();
    });

    it('has each effect once, however many processes run it and however often they restart', async () => {
      const all = [consume(), consume(), consume()];
      for (let n = 0; n < 20; n += 1) await shop.publish(2);
      await all[0]?.stop();
      await shop.publish();
      await Promise.all(all.slice(1).map(({ drained }) => drained()));
      await consume().drained();
      expect(await shop.seen()).toEqual(numbers(0, 41));
    });

    it('passes over facts of a later release', async () => {
      await shop.publisher.execute(
        sql`select append_facts(array['product.teleported'], array[1], array['x'], array['{}'::jsonb])`,
      );
      const { drained } = consume();
      await shop.publish();
      await drained();
      expect(await shop.seen()).toEqual([2]);
    });
  });
});
