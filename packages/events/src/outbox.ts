import { fileURLToPath } from 'node:url';
import {
  afterCommit,
  atCommit,
  type MigrationFolder,
  type Reader,
  type Statement,
  type Transaction,
} from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import { type Fact, parseFact, publisherOf, type StoredEvent, storedEvent, versionOf } from './catalogue.ts';
import { CursorTooOldError } from './retention.ts';

/** The tables a subgraph needs to publish and to consume. */
export const eventsMigrations: MigrationFolder = {
  name: 'events',
  path: fileURLToPath(new URL('../migrations', import.meta.url)),
};

/** Woken when a transaction of this process has committed facts; other processes' commits are polled for. */
const commitListeners = new Map<string, Set<() => void>>();

/** Calls the listener after each commit of this process that published facts of the publisher. */
export const onCommit = (publisher: string, listener: () => void): (() => void) => {
  const listeners = commitListeners.get(publisher) ?? new Set();
  commitListeners.set(publisher, listeners.add(listener));
  return () => listeners.delete(listener);
};

/** Says that facts were committed, for those who append by SQL of their own (`append_facts`). */
export const announceCommit = (publisher: string): void => {
  for (const listener of commitListeners.get(publisher) ?? []) listener();
};

const buffers = new WeakMap<Transaction, Fact[]>();

/**
 * Publishes facts with the change itself: both or neither. They are written at the end of the transaction,
 * because numbering them holds up every other publisher of this subgraph until the commit.
 */
export const append = (tx: Transaction, facts: readonly Fact[]): void => {
  const [first] = facts;
  if (!first) return;
  const publisher = publisherOf(first.type);
  const buffered = buffers.get(tx) ?? [];
  for (const fact of facts) {
    if (publisherOf(fact.type) !== publisherOf((buffered[0] ?? first).type)) {
      throw new Error(`${publisher} cannot publish ${fact.type}: it is another subgraph's fact.`);
    }
    parseFact(fact.type, fact.data);
  }
  buffered.push(...facts);
  if (buffers.has(tx)) return;
  buffers.set(tx, buffered);
  atCommit(tx, () => statementOf(buffered));
  afterCommit(tx, () => announceCommit(publisher));
};

const statementOf = (facts: readonly Fact[]): Statement => ({
  text: 'select append_facts($1::text[], $2::integer[], $3::text[], $4::text[]::jsonb[])',
  parameters: [
    facts.map((fact) => fact.type),
    facts.map((fact) => versionOf(fact.type)),
    facts.map((fact) => fact.aggregateId),
    facts.map((fact) => JSON.stringify(fact.data)),
  ],
});

/** The sequence of the latest fact, 0 before the first. */
export const headOf = async (reader: Reader): Promise<number> => {
  const [head] = await reader.execute<{ sequence: number }>(sql`select sequence from outbox_head`);
  return Number(head?.sequence ?? 0);
};

type OutboxRow = {
  sequence: number;
  type: string;
  version: number;
  aggregate_id: string;
  data: unknown;
  occurred_at: Date | string;
};

/** The facts behind a sequence, in order, at most `limit`. The log has no gaps: one says that facts are deleted. */
export const readAfter = async (
  reader: Reader,
  { publisher, after, limit }: { publisher: string; after: number; limit: number },
): Promise<StoredEvent[]> => {
  const rows = await reader.execute<OutboxRow>(sql`
    select sequence, type, version, aggregate_id, data, occurred_at
    from outbox where sequence > ${after} order by sequence limit ${limit}`);
  const events = [...rows].map((row) =>
    storedEvent(publisher, {
      ...row,
      sequence: Number(row.sequence),
      aggregateId: row.aggregate_id,
      occurredAt: new Date(row.occurred_at),
    }),
  );
  const oldestKept = events[0]?.sequence ?? 0;
  if (oldestKept > after + 1) throw new CursorTooOldError({ publisher, after, oldestKept });
  return events;
};
