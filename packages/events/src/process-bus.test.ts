import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type EventLog, openProcessBus, type StoredEvent, startConsumer } from './index.ts';
import { isInstalled, openOwnRedis } from './redis-for-tests.ts';
import { numbers, openShop, sequencesOf, serveLog, take } from './shop-for-tests.ts';

type Served = Awaited<ReturnType<typeof serveLog>>;
let shop: Awaited<ReturnType<typeof openShop>>;
let own: ReturnType<typeof shop.openLog>;
let server: Served;
let errors: unknown[];
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  errors = [];
  shop = await openShop();
  own = shop.openLog();
  server = await serveLog(own);
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await server.close();
  await shop.close();
});

const openBus = (redisUrl?: string, token = server.token) => {
  const bus = openProcessBus({
    ...{ urls: { product: server.url }, token, redisUrl },
    onError: (error) => errors.push(error),
  });
  stops.push(bus.stop);
  return bus;
};
/** Follows from the beginning until it is stopped. */
const startFollowing = (log: EventLog, from = 0) => {
  const stop = new AbortController();
  const events: StoredEvent[] = [];
  const ended = (async () => {
    for await (const page of log.follow(from, stop.signal)) events.push(...page);
  })();
  stops.push(async () => {
    stop.abort();
    await ended;
  });
  return {
    sequences: () => sequencesOf(events),
    /** Waits for as long as it takes to doubt a Redis that says nothing. */
    has: (count: number) =>
      vi.waitFor(() => expect(events.length).toBeGreaterThanOrEqual(count), { timeout: 15_000 }),
  };
};
const messages = () => errors.map((error) => (error instanceof Error ? error.message : error));

describe('a publisher that is away', () => {
  test('is waited for by who follows, and told of once', async () => {
    const follower = startFollowing(await openBus().log('product'));
    const second = startFollowing(await openBus().log('product'), 2);
    await shop.publish(3);
    await follower.has(3);
    await server.leave();
    await shop.publish(3);
    await vi.waitFor(() => expect(errors).toHaveLength(2), { timeout: 5_000 });
    await server.comeBack();
    await Promise.all([follower.has(6), second.has(4)]);
    expect(follower.sequences()).toEqual(numbers(0, 6));
    expect(second.sequences()).toEqual(numbers(2, 6));
    expect(messages()).toEqual([
      expect.stringContaining(`${server.url} does not answer`),
      expect.stringContaining(`${server.url} does not answer`),
    ]);
  });

  test('is told of by its name to who asks it, soon after the start too', async () => {
    await server.leave();
    const log = await openBus().log('product');
    const away = { code: 'PUBLISHER_AWAY', publisher: 'product', status: null };
    await expect(log.head()).rejects.toMatchObject(away);
    await expect(log.read(0, 1)).rejects.toMatchObject(away);
    await expect(log.keepFor('cart', 0)).rejects.toMatchObject(away);
    expect(errors).toHaveLength(1);
    const follower = startFollowing(log);
    await shop.publish();
    await server.comeBack();
    await follower.has(1);
  });

  test('halts no consumer, which goes on when it is back', async () => {
    await server.leave();
    const consumer = startConsumer({
      ...{ db: shop.consumer, bus: openBus(), consumer: 'inventory' },
      handlers: {
        'product.variant_created': async (tx, { sequence }) => {
          await tx.execute(sql`insert into seen values (${sequence})`);
        },
      },
      onError: (error) => errors.push(error),
    });
    stops.push(consumer.stop);
    await shop.publish(2);
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    expect(consumer.check).not.toThrow();
    await server.comeBack();
    await vi.waitFor(async () => expect(await shop.seen()).toEqual([1, 2]), { timeout: 10_000 });
    expect(errors).toHaveLength(1);
  });

  test('keeps nobody from leaving or from stopping', async () => {
    await server.leave();
    const bus = openBus();
    const log = await bus.log('product');
    const waiting = [0, 'now' as const].map((from) => log.follow(from, new AbortController().signal).next());
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    await bus.stop();
    for (const one of waiting) expect(await one).toEqual({ done: true, value: undefined });
  });
});

test('a publisher that refuses us says where and why', async () => {
  const log = await openBus(undefined, 'nobody').log('product');
  await expect(log.head()).rejects.toMatchObject({ status: 401 });
  expect(messages()).toEqual([expect.stringContaining(`${server.url} does not take our token`)]);
});

test('what is no log of this publisher is not taken for one', async () => {
  const inventory = openProcessBus({
    ...{ urls: { inventory: server.url }, token: server.token },
    onError: (error) => errors.push(error),
  });
  stops.push(inventory.stop);
  await shop.publish();
  await expect((await inventory.log('inventory')).read(0, 1)).rejects.toThrow('A fact of product came');
});

test('the log of this process is asked without a detour', async () => {
  const bus = openBus();
  bus.register(own);
  expect(await bus.log('product')).toBe(own);
});

test('without Redis, who asks where a log ends need not wait for the next poll', async () => {
  const log = await openBus().log('product');
  const follower = startFollowing(log);
  await shop.publish();
  await follower.has(1);
  const asked = server.asked();
  await shop.publish();
  await log.head();
  await follower.has(2);
  // The head, and the page behind it; a poll would have been a third.
  expect(server.asked() - asked).toBeLessThanOrEqual(3);
});

describe.runIf(isInstalled)('over a Redis of our own', () => {
  let redis: Awaited<ReturnType<typeof openOwnRedis>>;
  beforeAll(async () => {
    redis = await openOwnRedis();
  });
  afterAll(() => redis.close());
  beforeEach(async () => {
    await redis.start();
    await redis.ask('flushall');
  });

  /** A process of the publisher. */
  const openPublisher = (log: EventLog = own) => {
    const bus = openBus(redis.url);
    bus.register(log);
    return bus;
  };
  /** A follower whose facts come from Redis by now: the publisher is asked for none of them. */
  const followLive = async () => {
    const follower = startFollowing(await openBus(redis.url).log('product'));
    await vi.waitFor(
      async () => {
        const asked = server.asked();
        await shop.publish();
        await follower.has(await own.head());
        expect(server.asked()).toBe(asked);
      },
      { timeout: 15_000 },
    );
    return follower;
  };
  const publishAndSee = async (follower: ReturnType<typeof startFollowing>, count = 3) => {
    await shop.publish(count);
    const head = await own.head();
    await follower.has(head);
    expect(follower.sequences()).toEqual(numbers(0, head));
  };

  test('facts come without the publisher being asked', async () => {
    openPublisher();
    const follower = await followLive();
    const asked = server.asked();
    for (let n = 0; n < 20; n += 1) await publishAndSee(follower, 5);
    expect(server.asked() - asked).toBeLessThanOrEqual(1);
    expect(errors).toEqual([]);
  });

  test('a Redis that is flushed loses nothing', async () => {
    openPublisher();
    const follower = await followLive();
    for (let n = 0; n < 5; n += 1) {
      await Promise.all([shop.publish(10), redis.ask('flushall')]);
      await publishAndSee(follower);
    }
  });

  test('a Redis that is killed is done without, told of once by each process, and taken up again', async () => {
    openPublisher();
    const follower = await followLive();
    await redis.kill();
    await publishAndSee(follower);
    await vi.waitFor(() => expect(errors).toHaveLength(2), { timeout: 5_000 });
    await redis.start();
    const asked = await vi.waitFor(
      async () => {
        const before = server.asked();
        await publishAndSee(follower);
        expect(server.asked()).toBe(before);
        return before;
      },
      { timeout: 15_000 },
    );
    await publishAndSee(follower);
    expect(server.asked() - asked).toBeLessThanOrEqual(1);
    expect(messages()).toEqual([
      expect.stringContaining('Redis does not answer'),
      expect.stringContaining('Redis does not answer'),
    ]);
  });

  test('a Redis that is away keeps nobody from stopping', async () => {
    const publisher = openPublisher();
    const follower = await followLive();
    await redis.kill();
    await publishAndSee(follower);
    await publisher.stop();
  });

  test('a stream that is cut under its readers is no matter', async () => {
    openPublisher();
    const follower = await followLive();
    await shop.publish(50);
    await redis.ask('xtrim', 'facts:product', 'MAXLEN', '1');
    await publishAndSee(follower);
    const late = await take(await openBus(redis.url).log('product'), { from: 0, count: 50 });
    expect(sequencesOf(late)).toEqual(numbers(0, late.length));
  });

  test('several processes of one publisher write each fact once, and go on for each other', async () => {
    const first = openPublisher();
    openPublisher(shop.openLog());
    const follower = await followLive();
    for (let n = 0; n < 20; n += 1) await shop.publish(2);
    await first.stop();
    await publishAndSee(follower);
    const streamed = await redis.streamed('product');
    expect(streamed).toEqual(numbers((streamed[0] ?? 1) - 1, await own.head()));
  });

  test('a stream of an outbox that was begun anew is begun anew, and none of it is taken for true', async () => {
    await shop.publish(2);
    await redis.ask('xadd', 'facts:product', '50-0', 'fact', '{}');
    openPublisher();
    const follower = await followLive();
    await publishAndSee(follower);
    expect(Math.max(...(await redis.streamed('product')))).toBe(await own.head());
    expect(errors).toEqual([]);
  });

  test('what stands in a stream and is no fact is told of, and the publisher asked instead', async () => {
    const follower = startFollowing(await openBus(redis.url).log('product'));
    await shop.publish();
    await follower.has(1);
    await shop.publish();
    await vi.waitFor(
      async () => {
        await redis.ask('xadd', 'facts:product', '*', 'fact', 'nonsense');
        expect(messages()).toContainEqual(expect.stringContaining('no fact of product'));
      },
      { timeout: 15_000 },
    );
    await follower.has(2);
  });
});
