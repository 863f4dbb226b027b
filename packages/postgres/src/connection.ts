import { PgDatabase, PgDialect } from 'drizzle-orm/pg-core';
import { type PostgresJsQueryResultHKT, PostgresJsSession } from 'drizzle-orm/postgres-js';
import type postgres from 'postgres';
import { currentOperation, remainingMs } from './operation.ts';
import { openSlot, type Slot } from './slot.ts';

/** How many connections a process keeps for single statements, and for transactions, unless told otherwise. */
const defaultConnections = 4;

declare const insideTransaction: unique symbol;

/** What can be asked of the database, inside a transaction or not. It cannot open one. */
export type Reader = Omit<PgDatabase<PostgresJsQueryResultHKT, Record<string, never>>, 'transaction' | '_'>;

/** A transaction under way. Whoever writes asks for one, so that handing in a bare database does not compile. */
export type Transaction = Reader & { readonly [insideTransaction]: true };

/** A subgraph's database: single statements by its own methods, transactions by `transaction(db, …)`. */
export type Database = Reader & {
  readonly schema: string;
  /** Waits for what is under way, at most five seconds, and closes every connection. */
  close(): Promise<void>;
};

const transactionSlots = new WeakMap<object, readonly Slot[]>();

/** The connections a database keeps for transactions; only `transaction()` takes them. */
export const slotsForTransactions = (db: Database): readonly Slot[] => {
  const slots = transactionSlots.get(db);
  if (!slots) throw new Error('This database was not opened by connect().');
  return slots;
};

export type ConnectOptions = {
  url: string;
  /** The Postgres schema of the subgraph: where its unqualified names are looked for, before `public`. */
  schema: string;
  /** What the server lists the connections under. */
  name: string;
  statementConnections?: number;
  transactionConnections?: number;
};

/**
 * Opens a database lazily. Single statements and transactions have connections of their own, because the
 * driver may send a BEGIN and then other people's statements down the same connection.
 */
export const connect = ({
  url,
  schema,
  name,
  statementConnections = defaultConnections,
  transactionConnections = defaultConnections,
}: ConnectOptions): Database => {
  const open = (count: number) => Array.from({ length: count }, () => openSlot({ url, schema, name }));
  const statements = open(statementConnections);
  const transactions = open(transactionConnections);
  const db: Database = Object.assign(
    readerOver(() => leastBusy(statements)),
    {
      schema,
      close: async () => {
        await Promise.all([...statements, ...transactions].map((slot) => slot.close()));
      },
    },
  );
  transactionSlots.set(db, transactions);
  return db;
};

const leastBusy = (slots: readonly Slot[]): Slot =>
  slots.reduce((best, slot) => (slot.pending < best.pending ? slot : best));

const dialect = new PgDialect();

/** Drizzle's query API over connections, with each statement prepared, counted and stoppable. */
export const readerOver = (choose: () => Slot): Reader => {
  const counted = { unsafe: (text: string, parameters: unknown[] = []) => send(choose(), text, parameters) };
  // Of the driver the session uses `unsafe` alone, as long as nobody opens a transaction through drizzle.
  const session = new PostgresJsSession(counted as unknown as postgres.Sql, dialect, undefined, {});
  return new PgDatabase<PostgresJsQueryResultHKT, Record<string, never>>(dialect, session, undefined);
};

/** Sends a statement: prepared, counted and stoppable. */
export const send = (slot: Slot, text: string, parameters: unknown[]) => {
  remainingMs();
  const operation = currentOperation();
  // Drizzle hands over what its columns have encoded; the driver's type lists the same as its own types.
  const query = slot
    .client()
    .unsafe(text, parameters as postgres.ParameterOrJSON<never>[], { prepare: true });
  slot.pending += 1;
  if (operation) {
    operation.statements += 1;
    operation.running.add(query);
  }
  const told = operation?.onStatement?.(text);
  const ended = (error?: unknown) => {
    slot.pending -= 1;
    operation?.running.delete(query);
    told?.(error);
  };
  query.then(() => ended(), ended);
  return query;
};
