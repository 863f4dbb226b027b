import { once } from 'node:events';
import { type EventLog, PublisherAwayError, type StoredEvent } from '@storegraph/events';
import { createLog } from '@storegraph/server';
import { afterEach, expect, test, vi } from 'vitest';
import { type FactFeed, startFactFeed } from './fact-feed.ts';
import { droppedBy } from './tags.ts';

/** A publisher in another process, which is there or away as a test says. */

const away = () => new PublisherAwayError('product', 'it is restarted.', {});
const fact = (sequence: number): StoredEvent => ({
  ...{ id: `product:${sequence}`, publisher: 'product', sequence, version: 1, aggregateId: 'tent' },
  ...{ type: 'product.type_saved', occurredAt: new Date(), data: { typeCode: 'tent' } },
});

const createPublisher = () => {
  const state = { isAway: false, head: 0 };
  let tell = (_page: readonly StoredEvent[] | Error): void => undefined;
  const ask = async <T>(answer: T): Promise<T> => {
    if (state.isAway) throw away();
    return answer;
  };
  const log: EventLog = {
    publisher: 'product',
    head: () => ask(state.head),
    read: () => ask([]),
    keepFor: () => ask(undefined),
    follow: async function* (_after, signal) {
      const ended = once(signal, 'abort').then(() => null);
      for (;;) {
        const told = new Promise<readonly StoredEvent[] | Error>((resolve) => {
          tell = resolve;
        });
        const page = await Promise.race([told, ended]);
        if (page === null) return;
        if (page instanceof Error) throw page;
        yield page;
      }
    },
  };
  return { state, log, tell: (page: readonly StoredEvent[] | Error) => tell(page) };
};

const feeds: FactFeed[] = [];
afterEach(async () => {
  for (const feed of feeds.splice(0)) await feed.stop();
});

const start = async (publisher: ReturnType<typeof createPublisher>) => {
  const dropped: string[] = [];
  const lines: string[] = [];
  const feed = await startFactFeed([publisher.log], {
    begin: (log) => log.head(),
    heard: (events) => dropped.push(...events.flatMap(droppedBy)),
    lost: (name) => dropped.push(name),
    log: createLog((line) => lines.push(line)),
  });
  feeds.push(feed);
  return { feed, dropped, lines };
};
const soon = { timeout: 10_000 };

test('a publisher that is away does not hold the start up, and is followed as soon as it is there', async () => {
  const publisher = createPublisher();
  publisher.state.isAway = true;
  const { feed, dropped, lines } = await start(publisher);
  expect(feed.follows('product')).toBe(false);
  publisher.state.isAway = false;
  await vi.waitFor(() => expect(feed.follows('product')).toBe(true), soon);
  // What was asked while nobody listened is of the time before.
  expect(dropped.at(-1)).toBe('product');
  expect(lines).toEqual([]);
});

test('one that never answers does not hold the start up either, nor the end', async () => {
  const publisher = createPublisher();
  publisher.log.head = () => new Promise(() => undefined);
  const { feed } = await start(publisher);
  expect(feed.follows('product')).toBe(false);
});

test('a mutation ends when its fact was told', async () => {
  const publisher = createPublisher();
  const { feed, dropped } = await start(publisher);
  publisher.state.head = 1;
  const caughtUp = feed.caughtUp(['product', 'cart']);
  publisher.tell([fact(1)]);
  await caughtUp;
  expect(dropped).toEqual(['product', 'product']);
});

test('a mutation whose subgraph cannot be asked ends all the same, and nothing of it stays kept', async () => {
  const publisher = createPublisher();
  const { feed, dropped } = await start(publisher);
  dropped.splice(0);
  publisher.state.isAway = true;
  await feed.caughtUp(['product']);
  expect(dropped).toEqual(['product']);
});

test('a mutation whose fact does not come in time ends, and nothing of its subgraph stays kept', async () => {
  const publisher = createPublisher();
  const { feed, dropped } = await start(publisher);
  dropped.splice(0);
  publisher.state.head = 1;
  await feed.caughtUp(['product']);
  expect(dropped).toEqual(['product']);
});

test('nothing is kept between a failure and the next start, which is at the head', async () => {
  const publisher = createPublisher();
  const { feed, dropped, lines } = await start(publisher);
  dropped.splice(0);
  publisher.state.isAway = true;
  publisher.tell(new Error('the table is gone'));
  await vi.waitFor(() => expect(feed.follows('product')).toBe(false), soon);
  expect(dropped).toEqual(['product']);
  expect(lines.join()).toContain('the table is gone');
  publisher.state.isAway = false;
  await vi.waitFor(() => expect(feed.follows('product')).toBe(true), soon);
  publisher.state.head = 7;
  const caughtUp = feed.caughtUp(['product']);
  publisher.tell([fact(7)]);
  await caughtUp;
});

test('a subgraph that was left is not followed any more, and says so once', async () => {
  const publisher = createPublisher();
  const { feed, dropped, lines } = await start(publisher);
  dropped.splice(0);
  feed.leave('product');
  feed.leave('product');
  feed.leave('cart');
  expect(feed.follows('product')).toBe(false);
  expect(dropped).toEqual(['product']);
  expect(lines).toHaveLength(1);
});
