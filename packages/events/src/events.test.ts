import { connect, type Database, migrate, transaction } from '@storegraph/postgres';
import { type TestDatabase, testDatabase } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import {
  append,
  type Bus,
  createInProcessBus,
  eventsMigrations,
  type Fact,
  type FactOf,
  type Handlers,
  type OpenEventLog,
  openEventLog,
  type StoredEvent,
  startConsumer,
} from './index.ts';
import { sequencesOf, take } from './shop-for-tests.ts';

/** A publisher and a consumer, each with a database of its own, as in a distributed shop. */
let shops: TestDatabase[];
let publisher: Database;
let consumer: Database;
let log: OpenEventLog;
let bus: Bus;
const stops: (() => Promise<void>)[] = [];

const open = async (schema: string) => {
  const database = await testDatabase(`template_events_${schema}`, (url) =>
    migrate({ url, schema, folders: [eventsMigrations] }),
  );
  shops.push(database);
  return connect({ url: database.url, schema, name: 'events.test' });
};

beforeEach(async () => {
  shops = [];
  publisher = await open('product');
  consumer = await open('inventory');
  await consumer.execute(sql`create table seen (sequence int)`);
  log = openEventLog({ db: publisher, publisher: 'product' });
  bus = createInProcessBus();
  bus.register(log);
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await log.stop();
  await Promise.all([publisher.close(), consumer.close()]);
  for (const shop of shops) await shop.drop();
});

const variantId = '01900000-0000-7000-8000-000000000001';
const fact = (sku: string): Fact => ({
  type: 'product.variant_created',
  aggregateId: variantId,
  data: { variantId, productId: variantId, sku },
});
const publish = (...skus: string[]) => transaction(publisher, async (tx) => append(tx, skus.map(fact)));
const skusOf = (events: readonly StoredEvent[]) =>
  events.map(({ data }) => (data as FactOf<'product.variant_created'>).sku);

describe('append', () => {
  it('numbers facts 1, 2, 3 in the order of commits, whoever commits', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, n) => publish(`A-${n}`, `B-${n}`)));
    const events = await log.read(0, 1_000);
    expect(sequencesOf(events)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(await log.head()).toBe(100);
    expect(events[0]).toMatchObject({
      id: 'product:1',
      publisher: 'product',
      version: 1,
      aggregateId: variantId,
    });
  });

  it('leaves no gap when a transaction is rolled back', async () => {
    await publish('A');
    await transaction(publisher, async (tx) => {
      await append(tx, [fact('never')]);
      throw new Error('changed my mind');
    }).catch(() => {});
    await publish('B');
    expect(skusOf(await log.read(0, 10))).toEqual(['A', 'B']);
    expect(sequencesOf(await log.read(0, 10))).toEqual([1, 2]);
  });

  it('refuses what the catalogue does not promise, and facts of others', async () => {
    await expect(publish('')).rejects.toThrow();
    const foreign: Fact = {
      type: 'inventory.stock_recovered',
      aggregateId: variantId,
      data: { variantId, available: 1 },
    };
    await expect(transaction(publisher, async (tx) => append(tx, [fact('A'), foreign]))).rejects.toThrow(
      'another subgraph',
    );
    expect(await log.head()).toBe(0);
  });

  it('writes nothing for no facts', async () => {
    await publish();
    expect(await log.head()).toBe(0);
  });
});

test('followers wake for facts that another process committed', async () => {
  const elsewhere = sql`select append_facts(array['product.variant_created'], array[1], array['x'], array[${JSON.stringify(fact('E').data)}::jsonb])`;
  const events = await take(log, { from: 0, count: 1, started: () => publisher.execute(elsewhere) });
  expect(skusOf(events)).toEqual(['E']);
});

describe('a consumer', () => {
  const consume = (handlers: Handlers, onError?: (error: unknown) => void) => {
    const started = startConsumer({
      db: consumer,
      bus,
      consumer: 'inventory',
      handlers,
      onError: onError ?? (() => {}),
    });
    stops.push(() => started.stop());
    return started;
  };
  const note: Handlers = {
    'product.variant_created': async (tx, event) => {
      await tx.execute(sql`insert into seen values (${event.sequence})`);
    },
  };
  const seen = async () =>
    (await consumer.execute<{ sequence: number }>(sql`select sequence from seen order by ctid`)).map(
      (row) => row.sequence,
    );

  it('takes nothing in when the effect fails, and tries again', async () => {
    let failures = 0;
    const { drained } = consume({
      'product.variant_created': async (tx, event) => {
        await tx.execute(sql`insert into seen values (${event.sequence})`);
        if (event.sequence === 2 && failures < 2) {
          failures += 1;
          throw new Error('not yet');
        }
      },
    });
    await publish('A', 'B', 'C');
    await drained();
    expect(failures).toBe(2);
    expect(await seen()).toEqual([1, 2, 3]);
  });

  it('forgets no fact whose effect had failed when it was stopped, though the next one would not have', async () => {
    let isMended = false;
    const failing: Handlers = {
      'product.variant_created': async (tx, event) => {
        if (event.sequence === 1 && !isMended) throw new Error('not yet');
        await tx.execute(sql`insert into seen values (${event.sequence})`);
      },
    };
    await publish('A', 'B');
    const stopped = new Promise<void>((resolve) => {
      const started = consume(failing, () => resolve(started.stop()));
    });
    await stopped;
    isMended = true;
    await consume(failing).drained();
    expect(await seen()).toEqual([1, 2]);
  });

  it('puts aside the one fact it can never take in, with the reason, and goes on', async () => {
    const errors: unknown[] = [];
    const { drained } = consume(
      {
        'product.variant_created': async (tx, event) => {
          if (event.data.sku === 'poison') throw new Error('indigestible');
          await tx.execute(sql`insert into seen values (${event.sequence})`);
        },
      },
      (error) => errors.push(error),
    );
    await publish('A', 'poison', 'C');
    await drained();
    expect(await seen()).toEqual([1, 3]);
    expect(await consumer.execute(sql`select publisher, sequence, type, reason from dead_letters`)).toEqual([
      { publisher: 'product', sequence: 2, type: 'product.variant_created', reason: 'Error: indigestible' },
    ]);
    expect(errors.length).toBeGreaterThan(1);
  });

  it('writes its place seldom while it passes over facts that concern nobody here, and in the end', async () => {
    await consumer.execute(sql`create table moves (sequence bigint)`);
    await consumer.execute(sql`create function note_move() returns trigger language plpgsql as
      'begin insert into moves values (new.sequence); return new; end'`);
    await consumer.execute(sql`create trigger note_move after update on consumed for each row
      execute function note_move()`);
    const { drained } = consume(note);
    const facts = 60;
    for (let n = 0; n < facts; n += 1) {
      await transaction(publisher, async (tx) =>
        append(tx, [{ type: 'product.type_saved', aggregateId: 'x', data: { typeCode: 'x' } }]),
      );
      await drained();
    }
    const place = async () => (await consumer.execute(sql`select sequence::int from consumed`))[0];
    await expect.poll(place, { timeout: 5_000 }).toEqual({ sequence: facts });
    expect((await consumer.execute(sql`select from moves`)).length).toBeLessThan(facts / 2);
    await consumer.execute(sql`drop trigger note_move on consumed`);
    await publish('A');
    await drained();
    expect(await seen()).toEqual([facts + 1]);
  });
});
