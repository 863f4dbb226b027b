import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openProcessBus, type ProcessBus } from './index.ts';
import { isInstalled, openOwnRedis } from './redis-for-tests.ts';
import { numbers, openShop, serveLog } from './shop-for-tests.ts';

/** What may happen to a shop while its facts are followed. */
const happening = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('commit'), count: fc.integer({ min: 1, max: 30 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('follow'), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('leave', 'flush', 'cut', 'redis', 'publisher', 'relay') }),
  },
);
type Happening = { kind: string; count?: number; share?: number };

type Follower = { from: number; seen: number[]; hasLeft: boolean; leave: () => Promise<void> };

const openWorld = async (redis: Awaited<ReturnType<typeof openOwnRedis>>) => {
  await redis.start();
  await redis.ask('flushall');
  const shop = await openShop();
  const own = shop.openLog();
  const server = await serveLog(own);
  const open = () =>
    openProcessBus({
      urls: { product: server.url },
      token: server.token,
      redisUrl: redis.url,
      onError: () => {},
    });
  const readers = [open(), open()];
  const publishers: ProcessBus[] = [];
  const publish = () => {
    const bus = open();
    bus.register(own);
    publishers.push(bus);
  };
  publish();
  let isServed = true;
  let isRedisUp = true;
  let published = 0;
  const followers: Follower[] = [];

  const follow = async (share: number) => {
    const log = await readers[followers.length % 2]?.log('product');
    if (!log) return;
    const stop = new AbortController();
    const from = Math.round(share * published);
    const seen: number[] = [];
    const ended = (async () => {
      for await (const page of log.follow(from, stop.signal)) {
        seen.push(...page.map(({ sequence }) => sequence));
      }
    })();
    const follower: Follower = {
      from,
      seen,
      hasLeft: false,
      leave: async () => {
        follower.hasLeft = true;
        stop.abort();
        await ended;
      },
    };
    followers.push(follower);
  };
  const setRedis = async (isUp: boolean) => {
    isRedisUp = isUp;
    await (isUp ? redis.start() : redis.kill());
  };
  const setServed = async (isUp: boolean) => {
    isServed = isUp;
    await (isUp ? server.comeBack() : server.leave());
  };
  const acts: Record<string, (happening: Happening) => Promise<unknown>> = {
    commit: async ({ count = 1 }) => {
      await shop.publish(count);
      published += count;
    },
    follow: ({ share = 0 }) => follow(share),
    leave: async () => followers.find(({ hasLeft }) => !hasLeft)?.leave(),
    flush: async () => isRedisUp && redis.ask('flushall'),
    cut: async () => isRedisUp && redis.ask('xtrim', 'facts:product', 'MAXLEN', '1'),
    redis: () => setRedis(!isRedisUp),
    publisher: () => setServed(!isServed),
    relay: async () => {
      await publishers.shift()?.stop();
      publish();
    },
  };
  return {
    act: (happening: Happening) => acts[happening.kind]?.(happening),
    /** Everything is well again, and one more fact is published: whoever follows by now has all. */
    settle: async () => {
      if (!isServed) await setServed(true);
      if (!isRedisUp) await setRedis(true);
      await Promise.all([follow(0), follow(1)]);
      await shop.publish();
      published += 1;
      const hasAll = () => {
        for (const { from, seen, hasLeft } of followers) {
          if (!hasLeft) expect(from + seen.length).toBe(published);
        }
      };
      await vi.waitFor(hasAll, { timeout: 15_000 });
      return followers;
    },
    close: async () => {
      for (const { leave } of followers) await leave();
      for (const bus of [...readers, ...publishers]) await bus.stop();
      await server.close();
      await shop.close();
    },
  };
};

describe.runIf(isInstalled)('whatever happens to Redis, to the publisher and to the followers', () => {
  let redis: Awaited<ReturnType<typeof openOwnRedis>>;
  beforeAll(async () => {
    redis = await openOwnRedis();
  });
  afterAll(() => redis.close());

  test('every follower sees every fact once, in order', { timeout: 120_000 }, async () => {
    const holds = async (happenings: readonly Happening[]) => {
      const world = await openWorld(redis);
      try {
        for (const one of happenings) await world.act(one);
        for (const { from, seen } of await world.settle())
          expect(seen).toEqual(numbers(from, from + seen.length));
      } finally {
        await world.close();
      }
    };
    const story = fc.array(happening, { minLength: 20, maxLength: 60, size: 'max' });
    await fc.assert(fc.asyncProperty(story, holds), {
      numRuns: 8,
      endOnFailure: true,
    });
  });
});
