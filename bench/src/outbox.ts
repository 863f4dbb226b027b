import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { append, eventsMigrations, type Fact, openEventLog } from '@storegraph/events';
import {
  connect,
  type Database,
  migrate,
  newId,
  startEmbeddedPostgres,
  transaction,
} from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import { type BenchResult, median } from './result.ts';

/** What the gapless sequence of the outbox costs writers, and how fast followers read it. */
const writers = 32;
const roundMs = 2_000;
const rounds = 5;
const factsToRead = 50_000;

const fact = (id: string): Fact => ({
  type: 'product.variant_created',
  aggregateId: id,
  data: { variantId: id, productId: id, sku: id },
});

/** The way without a sequence of our own: an identity column, which commits out of order. */
const insertUnnumbered = (db: Database) =>
  transaction(db, (tx) =>
    tx.execute(
      sql`insert into unnumbered (type, data) values ('x', ${JSON.stringify(fact(newId()).data)}::jsonb)`,
    ),
  );

const appendOne = (db: Database) => transaction(db, async (tx) => append(tx, [fact(newId())]));

/** How many transactions a second the writers commit. */
const commitsPerSecond = async (write: () => Promise<unknown>): Promise<number> => {
  const endsAt = Date.now() + roundMs;
  let commits = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: writers }, async () => {
      for (; Date.now() < endsAt; commits += 1) await write();
    }),
  );
  return (commits * 1_000) / (performance.now() - startedAt);
};

const followedPerSecond = async (db: Database): Promise<number> => {
  const log = openEventLog({ db, publisher: 'product' });
  const from = await log.head();
  for (let written = 0; written < factsToRead; written += 1_000) {
    await transaction(db, async (tx) =>
      append(
        tx,
        Array.from({ length: 1_000 }, () => fact(newId())),
      ),
    );
  }
  const startedAt = performance.now();
  const stop = new AbortController();
  let read = 0;
  for await (const page of log.follow(from, stop.signal)) {
    read += page.length;
    if (read >= factsToRead) stop.abort();
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  await log.stop();
  return read / seconds;
};

export const run = async (): Promise<BenchResult> => {
  const folder = await mkdtemp(join(tmpdir(), 'storegraph-bench-'));
  const postgres = await startEmbeddedPostgres({ folder });
  const url = postgres.url('postgres');
  await migrate({ url, schema: 'product', folders: [eventsMigrations] });
  const db = connect({ url, schema: 'product', name: 'bench', transactionConnections: 16 });
  try {
    await db.execute(
      sql`create table unnumbered (id bigint generated always as identity primary key, type text, data jsonb)`,
    );
    const numbered: number[] = [];
    const unnumbered: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      numbered.push(await commitsPerSecond(() => appendOne(db)));
      unnumbered.push(await commitsPerSecond(() => insertUnnumbered(db)));
    }
    const followed = await followedPerSecond(db);
    return {
      name: `outbox: ${writers} writers over 16 connections, one fact a transaction, durable`,
      rows: [
        { way: 'numbered without gaps (ours)', 'per second': Math.round(median(numbered)) },
        { way: 'identity column, out of order', 'per second': Math.round(median(unnumbered)) },
        { way: 'facts a follower reads', 'per second': Math.round(followed) },
      ],
      ratios: [
        {
          name: 'numbered / identity',
          value: median(numbered) / median(unnumbered),
          bound: 0.2,
          atLeast: true,
        },
      ],
    };
  } finally {
    await db.close();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
};
