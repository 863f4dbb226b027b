import { CursorTooOldError, type StoredEvent } from '@storegraph/events';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FollowersFullError, type Following, type FollowLimits } from './following-domain.ts';
import { noStock, type Stock, stockIn } from './stock-domain.ts';
import type { StockChange, StockStream } from './stock-follower.ts';
import { createStockHub } from './stock-hub.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const variants = ['a', 'b', 'c', 'd'];
const pageSize = 3;

/** A shop in memory, as slow and unreliable as the test says. What a variant has available is its last change's place. */
const openShop = (
  delaysMs: readonly number[] = [0],
  failures: readonly boolean[] = [false],
  limits: FollowLimits = { clients: 1_000, variants: 10_000 },
) => {
  const facts: StoredEvent[] = [];
  const available = new Map<string, number>();
  const wakers = new Set<() => void>();
  let pruned = 0;
  const reads: string[][] = [];
  let turns = 0;
  const later = () => {
    turns += 1;
    const ms = delaysMs[turns % delaysMs.length] ?? 0;
    return ms === 0 ? Promise.resolve() : new Promise<void>((resolve) => setTimeout(resolve, ms));
  };
  const stockNow = (id: string): Stock => ({
    ...stockIn(noStock, [], null),
    available: available.get(id) ?? 0,
  });
  const wakeAll = () => {
    for (const wake of wakers) wake();
    wakers.clear();
  };
  async function* follow(after: number | 'now', signal: AbortSignal) {
    let position = after === 'now' ? facts.length : after;
    signal.addEventListener('abort', wakeAll);
    while (!signal.aborted) {
      await later();
      if (position < pruned)
        throw new CursorTooOldError({ publisher: 'inventory', after: position, oldestKept: pruned + 1 });
      const page = facts.slice(position, position + pageSize);
      position += page.length;
      if (page.length > 0) yield page;
      else {
        await new Promise<void>((resolve) => {
          wakers.add(resolve);
        });
      }
    }
  }
  const hub = createStockHub({
    log: { head: async () => facts.length, follow },
    readStock: async (keys) => {
      reads.push(keys.map(({ variantId }) => variantId));
      await later();
      if (failures[reads.length % failures.length]) throw new Error('The database is away.');
      const stocks = keys.map(({ variantId }) => stockNow(variantId));
      await later();
      return stocks;
    },
    changedSince: async ({ variantIds, after }) => {
      await later();
      const since = facts.slice(after);
      const isAll = since.some(({ type }) => type === 'inventory.warehouse_saved');
      const changed = new Set(since.map(({ aggregateId }) => aggregateId));
      const head = facts.length;
      await later();
      return { head, changed: variantIds.filter((id) => isAll || changed.has(id)) };
    },
    refreshWarehouses: later,
    onError: () => {},
    limits,
  });
  /** Publishes facts in one commit. */
  const publish = (ids: readonly string[], type: StoredEvent['type'] = 'inventory.stock_changed') => {
    for (const aggregateId of ids) {
      const sequence = facts.length + 1;
      // The hub looks at these three fields alone.
      facts.push({ type, aggregateId, sequence } as StoredEvent);
      available.set(aggregateId, sequence);
    }
    wakeAll();
  };
  /** Deletes all facts but the last. */
  const prune = () => {
    pruned = facts.length - 1;
  };
  return { hub, facts, reads, publish, prune, stockNow, later };
};

type Shop = ReturnType<typeof openShop>;

const everything: Following = { variantIds: variants, region: null, after: 0, maxPerSecond: 20 };

const opened = async (
  { hub }: Pick<Shop, 'hub'>,
  following: Partial<Following> = {},
): Promise<StockStream> => {
  const opening = hub.follow({ ...everything, ...following });
  // It may be refused before it is awaited.
  opening.catch(() => {});
  await vi.advanceTimersByTimeAsync(2_000);
  const stream = await opening;
  if ('problem' in stream) throw new Error(stream.problem);
  return stream;
};

/** A client that keeps what it was told. Each connection reads in the background, as slowly as the shop is. */
const createClient = (shop: Shop) => {
  const seen = new Map<string, number>();
  const reading: Promise<void>[] = [];
  let cursor = 0;
  let connections = 0;
  let stream: StockStream | null = null;

  const take = ({ variantId, stock, cursor: at }: StockChange) => {
    seen.set(variantId, stock.available);
    expect(Number.parseInt(at, 10), 'cursors never go back').toBeGreaterThanOrEqual(cursor);
    cursor = Number.parseInt(at, 10);
    // The one promise of a cursor: whatever happened up to it has been seen, of every variant.
    for (const id of variants) {
      const due = shop.facts.slice(0, cursor).findLast((fact) => fact.aggregateId === id)?.sequence ?? 0;
      expect(seen.get(id) ?? 0, `${id} at ${cursor}`).toBeGreaterThanOrEqual(due);
    }
  };
  const read = async (connection: number, mostMessages: number) => {
    const opened = await shop.hub.follow({ ...everything, after: cursor });
    if ('problem' in opened) throw new Error(opened.problem);
    stream = opened;
    for (let left = mostMessages; left > 0 && connection === connections; left -= 1) {
      await shop.later();
      const { done, value } = await opened.next();
      if (done || connection !== connections) break;
      take(value);
    }
    await opened.return();
  };
  return {
    seen,
    reading,
    /** Leaves the connection there is and opens another, which ends after so many messages. */
    connect: (mostMessages: number) => {
      connections += 1;
      void stream?.return();
      reading.push(read(connections, mostMessages));
    },
  };
};

type Step = (shop: Shop, client: ReturnType<typeof createClient>) => void;

describe('the hub of stock changes', () => {
  const action: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.subarray(variants, { minLength: 1 }).map(
        (ids): Step =>
          (shop) =>
            shop.publish(ids),
      ),
    },
    { weight: 1, arbitrary: fc.constant<Step>((shop) => shop.publish(['all'], 'inventory.warehouse_saved')) },
    {
      weight: 3,
      arbitrary: fc.integer({ min: 1, max: 6 }).map(
        (messages): Step =>
          (_shop, client) =>
            client.connect(messages),
      ),
    },
  );
  const step = fc.tuple(action, fc.integer({ min: 0, max: 50 }));

  test('whatever changes and whenever a client disconnects, it has seen every last state in the end', async () => {
    const run = async (
      steps: readonly (readonly [Step, number])[],
      delaysMs: readonly number[],
      failures: readonly boolean[],
    ) => {
      const shop = openShop(delaysMs, failures);
      shop.hub.start();
      const client = createClient(shop);
      for (const [act, ms] of steps) {
        act(shop, client);
        await vi.advanceTimersByTimeAsync(ms);
      }
      client.connect(Number.POSITIVE_INFINITY);
      await vi.advanceTimersByTimeAsync(20_000);
      expect([...client.seen].sort()).toEqual(variants.map((id) => [id, shop.stockNow(id).available]));
      await shop.hub.stop();
      await Promise.all(client.reading);
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60, size: 'max' }),
        fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 7 }),
        fc
          .array(
            fc.integer({ min: 0, max: 4 }).map((dice) => dice === 0),
            { minLength: 1, maxLength: 5 },
          )
          .map((failures) => [...failures, false]),
        run,
      ),
      { numRuns: 200 },
    );
  });

  test('joins the changes of a variant to so many in a second, and tells the last', async () => {
    const shop = openShop();
    shop.hub.start();
    const stream = await opened(shop, { variantIds: ['a'], maxPerSecond: 4 });
    const told: number[] = [];
    const reading = (async () => {
      for await (const { stock } of stream) told.push(stock.available);
    })();
    await vi.advanceTimersByTimeAsync(1_000);
    told.length = 0;
    for (let change = 0; change < 200; change += 1) {
      shop.publish(['a']);
      await vi.advanceTimersByTimeAsync(5);
    }
    expect(told.length).toBeGreaterThanOrEqual(3);
    expect(told.length).toBeLessThanOrEqual(5);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told.at(-1)).toBe(200);
    await shop.hub.stop();
    await reading;
  });

  test('reads for all clients at once, each variant once', async () => {
    const shop = openShop();
    shop.hub.start();
    await Promise.all(Array.from({ length: 50 }, () => opened(shop, { after: 0 })));
    shop.reads.length = 0;
    shop.publish(['a', 'c', 'a', 'unknown']);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(shop.reads).toEqual([['a', 'c']]);
    await shop.hub.stop();
  });

  test('a client that does not read holds one state of each variant, the latest', async () => {
    const shop = openShop();
    shop.hub.start();
    const stream = await opened(shop);
    for (let change = 0; change < 100; change += 1) {
      shop.publish(['a', 'b']);
      await vi.advanceTimersByTimeAsync(20);
    }
    await vi.advanceTimersByTimeAsync(1_000);
    const told: [string, number][] = [];
    const reading = (async () => {
      for await (const { variantId, stock } of stream) told.push([variantId, stock.available]);
    })();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told.sort()).toEqual([
      ['a', 199],
      ['b', 200],
      ['c', 0],
      ['d', 0],
    ]);
    await shop.hub.stop();
    await reading;
  });

  test('leaving settles at once, also while a change is waited for, and nothing comes after', async () => {
    const shop = openShop();
    shop.hub.start();
    const stream = await opened(shop, { variantIds: ['a'] });
    await stream.next();
    const waiting = stream.next();
    expect(await stream.return()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    shop.publish(['a']);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    await shop.hub.stop();
  });

  test('a stop ends every stream, and those that come too late', async () => {
    const shop = openShop();
    shop.hub.start();
    const stream = await opened(shop, { variantIds: ['a'] });
    await stream.next();
    const waiting = stream.next();
    await shop.hub.stop();
    expect((await waiting).done).toBe(true);
    expect((await (await opened(shop)).next()).done).toBe(true);
  });

  test.each([[[5]], [[1, 40]], [[40, 1]], [[1, 1, 40]], [[40, 1, 1]], [[1, 40, 1]]])(
    'what changes while a client joins is told, at whatever moment (steps take %o ms)',
    async (delaysMs) => {
      for (let momentMs = 0; momentMs <= 80; momentMs += 5) {
        const shop = openShop(delaysMs);
        shop.hub.start();
        shop.publish(['a']);
        await vi.advanceTimersByTimeAsync(1_000);
        const joining = shop.hub.follow({ ...everything, after: 1 });
        await vi.advanceTimersByTimeAsync(momentMs);
        shop.publish(['b']);
        await vi.advanceTimersByTimeAsync(1_000);
        const stream = await joining;
        if ('problem' in stream) throw new Error(stream.problem);
        expect((await stream.next()).value).toMatchObject({ variantId: 'b', cursor: '2' });
        await shop.hub.stop();
      }
    },
    5_000,
  );

  test('a cursor says when more was told than it covers', async () => {
    const shop = openShop();
    shop.hub.start();
    shop.publish(['a', 'b']);
    const stream = await opened(shop, { after: 0 });
    const cursors: string[] = [];
    for (const _each of everything.variantIds) cursors.push((await stream.next()).value.cursor);
    // Until the last of them is told, the others are still owed.
    expect(cursors.slice(0, -1).every((cursor) => cursor === '0+')).toBe(true);
    expect(cursors.at(-1)).toBe('2');
    await shop.hub.stop();
  });

  test('facts that are deleted before it has read them cost a read of everything, and no change is lost', async () => {
    const shop = openShop();
    shop.hub.start();
    shop.publish(['a']);
    const client = createClient(shop);
    client.connect(Number.POSITIVE_INFINITY);
    await vi.advanceTimersByTimeAsync(1_000);
    shop.publish(['b', 'c', 'd']);
    shop.prune();
    await vi.advanceTimersByTimeAsync(2_000);
    expect([...client.seen].sort()).toEqual(variants.map((id) => [id, shop.stockNow(id).available]));
    shop.publish(['a']);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(client.seen.get('a')).toBe(5);
    await shop.hub.stop();
    await Promise.all(client.reading);
  });

  test('clients and their variants have a limit, and one that leaves makes room', async () => {
    const shop = openShop([0], [false], { clients: 3, variants: 6 });
    shop.hub.start();
    const four = await opened(shop);
    await expect(opened(shop, { variantIds: ['a', 'b', 'c'] })).rejects.toThrow(FollowersFullError);
    const one = await opened(shop, { variantIds: ['a'] });
    await opened(shop, { variantIds: ['a'] });
    await expect(opened(shop, { variantIds: ['a'] })).rejects.toThrow(FollowersFullError);
    await one.return();
    await four.return();
    await expect(opened(shop, { after: 1 })).rejects.toThrow(/ahead/);
    await opened(shop);
    await shop.hub.stop();
  });

  test('a cursor ahead of the log is refused', async () => {
    const shop = openShop();
    shop.hub.start();
    shop.publish(['a']);
    await expect(opened(shop, { after: 2 })).rejects.toThrow(/ahead/);
    await shop.hub.stop();
  });
});
