import { connect, type Database, migrate, transaction } from '@storegraph/postgres';
import { type TestDatabase, testDatabase } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  append,
  type Consumer,
  CursorTooOldError,
  createInProcessBus,
  type EventLog,
  eventsMigrations,
  type Fact,
  type OpenEventLog,
  openEventLog,
  startConsumer,
} from './index.ts';
import { pruneOutbox } from './retention.ts';

/** A publisher and a consumer, each with a database of its own, as in a distributed shop. */
let shops: TestDatabase[];
let publisher: Database;
let consumer: Database;
let log: OpenEventLog;
let consuming: Consumer | null;
let errors: unknown[];

const open = async (schema: string) => {
  const database = await testDatabase(`template_events_${schema}`, (url) =>
    migrate({ url, schema, folders: [eventsMigrations] }),
  );
  shops.push(database);
  return connect({ url: database.url, schema, name: 'retention.test' });
};

beforeEach(async () => {
  shops = [];
  publisher = await open('product');
  consumer = await open('inventory');
  log = openEventLog({ db: publisher, publisher: 'product' });
  consuming = null;
  errors = [];
});
afterEach(async () => {
  await consuming?.stop();
  await log.stop();
  await Promise.all([publisher.close(), consumer.close()]);
  for (const shop of shops) await shop.drop();
});

const variantId = '01900000-0000-7000-8000-000000000001';
const fact: Fact = {
  type: 'product.variant_created',
  aggregateId: variantId,
  data: { variantId, productId: variantId, sku: 'A' },
};
const publish = (count: number) =>
  transaction(publisher, async (tx) =>
    append(
      tx,
      Array.from({ length: count }, () => fact),
    ),
  );
/** Facts up to a sequence are so many days old. */
const age = (upTo: number, days: number) =>
  publisher.execute(sql`update outbox set occurred_at = now() - make_interval(days => ${days})
    where sequence <= ${upTo}`);
const silence = (name: string, days: number) =>
  publisher.execute(sql`update consumer_places set seen_at = now() - make_interval(days => ${days})
    where consumer = ${name}`);
const kept = async () =>
  (await publisher.execute<{ sequence: number }>(sql`select sequence from outbox order by sequence`)).map(
    ({ sequence }) => Number(sequence),
  );
const places = async () => [
  ...(await publisher.execute(sql`select consumer, sequence::int from consumer_places order by consumer`)),
];

describe('pruning', () => {
  it('deletes facts that are older than a week, and no others', async () => {
    await publish(5);
    await age(5, 6);
    await age(3, 8);
    expect(await pruneOutbox(publisher)).toBe(3);
    expect(await kept()).toEqual([4, 5]);
    expect(await pruneOutbox(publisher)).toBe(0);
  });

  it('stops at the first fact that is young, though a later one counts as old', async () => {
    await publish(4);
    await age(4, 8);
    await publisher.execute(sql`update outbox set occurred_at = now() where sequence = 2`);
    await pruneOutbox(publisher);
    expect(await kept()).toEqual([2, 3, 4]);
  });

  it('keeps the last fact, however old, so that the log never looks as if it had not begun', async () => {
    await publish(3);
    await age(3, 400);
    await pruneOutbox(publisher);
    expect(await kept()).toEqual([3]);
    await publish(1);
    expect((await log.read(2, 10)).map(({ sequence }) => sequence)).toEqual([3, 4]);
  });

  it('keeps what a consumer has not taken in, until nobody has heard of it for a month', async () => {
    await publish(5);
    await age(5, 400);
    await log.keepFor('quick', 4);
    await log.keepFor('slow', 2);
    await pruneOutbox(publisher);
    expect(await kept()).toEqual([3, 4, 5]);
    await silence('slow', 29);
    expect(await pruneOutbox(publisher)).toBe(0);
    await silence('slow', 31);
    await pruneOutbox(publisher);
    expect(await kept()).toEqual([5]);
  });

  it('takes as many batches as it needs, of several processes at once too', async () => {
    await publish(12_001);
    await age(12_000, 8);
    const pruned = await Promise.all([
      pruneOutbox(publisher),
      pruneOutbox(publisher),
      pruneOutbox(publisher),
    ]);
    // Who came while another was at it has left the work to it.
    expect(pruned.reduce((sum, each) => sum + each)).toBe(12_000);
    expect(await kept()).toEqual([12_001]);
  });
});

describe('a reader whose facts are deleted', () => {
  beforeEach(async () => {
    await publish(5);
    await age(3, 8);
    await pruneOutbox(publisher);
  });

  it.each([0, 2])('is told so when it reads behind %i', async (after) => {
    const refusal = log.read(after, 10);
    await expect(refusal).rejects.toThrow(CursorTooOldError);
    await expect(refusal).rejects.toMatchObject({ publisher: 'product', after, oldestKept: 4 });
  });

  it('is told so when it follows, and its stream is over', async () => {
    const pages = log.follow(1, new AbortController().signal);
    await expect(pages.next()).rejects.toMatchObject({ code: 'CURSOR_TOO_OLD', after: 1, oldestKept: 4 });
    expect(await pages.next()).toEqual({ done: true, value: undefined });
  });

  it('may still read behind the last fact that is deleted', async () => {
    expect((await log.read(3, 10)).map(({ sequence }) => sequence)).toEqual([4, 5]);
    expect(await log.read(5, 10)).toEqual([]);
  });
});

describe('a consumer', () => {
  const consume = (from: EventLog = log) => {
    const bus = createInProcessBus();
    bus.register(from);
    consuming = startConsumer({
      db: consumer,
      bus,
      consumer: 'inventory',
      handlers: { 'product.variant_created': async () => {} },
      onError: (error) => errors.push(error),
    });
    return consuming;
  };
  const standAt = (sequence: number) =>
    consumer.execute(sql`insert into consumed values ('inventory', 'product', ${sequence})
      on conflict (consumer, publisher) do update set sequence = excluded.sequence`);

  it('tells its publisher how far it has got, at once and as it goes', async () => {
    await publish(3);
    await standAt(2);
    await consume().drained();
    await expect.poll(places, { timeout: 5_000 }).toEqual([{ consumer: 'inventory', sequence: 3 }]);
    await publish(2);
    await expect.poll(places, { timeout: 5_000 }).toEqual([{ consumer: 'inventory', sequence: 5 }]);
    expect(errors).toEqual([]);
  });

  it('comes to a halt that shows when its next facts are deleted, and is kept nothing for', async () => {
    await publish(5);
    await age(4, 8);
    await pruneOutbox(publisher);
    await standAt(2);
    const { check } = consume();
    await expect.poll(() => errors.length).toBeGreaterThan(0);
    expect(errors[0]).toMatchObject({ code: 'CURSOR_TOO_OLD', after: 2, oldestKept: 5 });
    expect(check).toThrow(CursorTooOldError);
    expect(await places()).toEqual([]);
  });

  it('goes on when its place is set to a fact that is kept', async () => {
    await publish(5);
    await age(4, 8);
    await pruneOutbox(publisher);
    const { check, drained } = consume();
    await expect.poll(() => errors.length).toBeGreaterThan(0);
    await standAt(4);
    await drained();
    expect(check).not.toThrow();
  });

  it('does not halt where another process of its kind has taken the facts in already', async () => {
    await publish(5);
    await age(4, 8);
    let isAwake = false;
    // This process looks where it stands, sleeps for a week, and only then asks for what comes next.
    const sleepy: EventLog = {
      ...log,
      read: async (after, limit) => {
        if (!isAwake) {
          await standAt(4);
          await pruneOutbox(publisher);
        }
        isAwake = true;
        return log.read(after, limit);
      },
    };
    const { check, drained } = consume(sleepy);
    await drained();
    expect(check).not.toThrow();
  });
});
