import { type Database, readerOver, send, slotsForTransactions, type Transaction } from './connection.ts';
import { DeadlineExceededError, driverError, isTransient, PostgresBusyError } from './errors.ts';
import { remainingMs } from './operation.ts';
import type { Slot } from './slot.ts';

/** How many callers may wait for a connection of one database. */
const maxWaiting = 2_000;
/** How long a caller without a deadline waits for a connection. */
const maxWaitMs = 10_000;
/** How often work is done again after a deadlock or a serialization failure. */
const maxAttempts = 4;
/** The longest pause before work is done again; the pause is random so that rivals part. */
const maxPauseMs = 40;

/** A statement as it goes to the database: text with $1, $2 … and their values. */
export type Statement = { text: string; parameters: unknown[] };

type Ending = { lastStatements: (() => Statement)[]; effects: (() => void)[] };

const endings = new WeakMap<Transaction, Ending>();

const endingOf = (tx: Transaction): Ending => {
  const ending = endings.get(tx);
  if (!ending) throw new Error('This is not a transaction under way.');
  return ending;
};

/** Sends a statement last, in one go with the COMMIT, so that what it locks is held for as short as can be. */
export const atCommit = (tx: Transaction, statement: () => Statement): void => {
  endingOf(tx).lastStatements.push(statement);
};

/** Runs an effect when the transaction has committed, and never otherwise. It must not throw. */
export const afterCommit = (tx: Transaction, effect: () => void): void => {
  endingOf(tx).effects.push(effect);
};

/**
 * Runs work in one transaction: committed when it resolves, rolled back when it throws. Work that met a
 * deadlock or a serialization failure is done again from its start, so it must do nothing but SQL.
 */
export const transaction = async <T>(db: Database, work: (tx: Transaction) => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptOnce(db, work);
    } catch (error) {
      if (!isTransient(error) || attempt >= maxAttempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * maxPauseMs));
    }
  }
};

const attemptOnce = async <T>(db: Database, work: (tx: Transaction) => Promise<T>): Promise<T> => {
  const { slot, leave } = await waitForSlot(db);
  try {
    return await commitOrRollBack(slot, work);
  } finally {
    leave();
  }
};

let lastMark = 0;

/**
 * The driver reconnects silently when a connection drops, and a COMMIT on the new connection would succeed
 * over nothing. So each transaction carries a mark, and commits only where the mark is.
 */
const commitOrRollBack = async <T>(slot: Slot, work: (tx: Transaction) => Promise<T>): Promise<T> => {
  const mark = ++lastMark;
  const timeout = remainingMs();
  await slot
    .client()
    .unsafe(
      `begin; set local storegraph.transaction = '${mark}'${
        timeout === null ? '' : `; set local statement_timeout = ${Math.ceil(timeout)}`
      }`,
    );
  const losses = slot.losses();
  let isOpen = true;
  const tx = readerOver(() => {
    if (!isOpen) throw new Error('A statement was sent through a transaction that is over.');
    if (slot.losses() !== losses) throw connectionLost();
    return slot;
  }) as Transaction; // the brand exists in types only
  const ending: Ending = { lastStatements: [], effects: [] };
  endings.set(tx, ending);
  let value: T;
  try {
    value = await work(tx);
    isOpen = false;
    if (slot.losses() !== losses) throw connectionLost();
    const lastStatements = ending.lastStatements.map((statement) => {
      const { text, parameters } = statement();
      return send(slot, text, parameters);
    });
    const committed = commit(slot, mark);
    await Promise.all([...lastStatements, committed]);
  } catch (error) {
    isOpen = false;
    if (slot.losses() === losses) await rollBack(slot);
    throw error;
  }
  for (const effect of ending.effects) effect();
  return value;
};

const connectionLost = (cause?: unknown) =>
  new Error('The connection of the transaction was lost.', { cause });

const commit = async (slot: Slot, mark: number) => {
  try {
    await slot
      .client()
      .unsafe(
        `select 1 / (coalesce(current_setting('storegraph.transaction', true), '') = '${mark}')::int; commit`,
      );
  } catch (error) {
    // Division by zero: the mark is not there.
    throw driverError(error)?.code === '22012' ? connectionLost(error) : error;
  }
};

/** A connection that cannot roll back is ended, so that nobody inherits its transaction. */
const rollBack = async (slot: Slot) => {
  const client = slot.client();
  try {
    await client.unsafe('rollback');
  } catch {
    await client.unsafe('select pg_terminate_backend(pg_backend_pid())').catch(() => {});
  }
};

type Line = { free: Slot[]; waiting: ((slot: Slot) => void)[] };
const lines = new WeakMap<Database, Line>();

/** Waits for one of the database's connections for transactions. Answers it, and how to give it back. */
const waitForSlot = async (db: Database): Promise<{ slot: Slot; leave: () => void }> => {
  const line = lines.get(db) ?? { free: [...slotsForTransactions(db)], waiting: [] };
  lines.set(db, line);
  const slot = line.free.pop() ?? (await nextFree(db, line));
  return {
    slot,
    leave: () => {
      const next = line.waiting.shift();
      if (next) next(slot);
      else line.free.push(slot);
    },
  };
};

const nextFree = (db: Database, line: Line): Promise<Slot> => {
  if (line.waiting.length >= maxWaiting) {
    throw new PostgresBusyError(`${maxWaiting} callers wait for a transaction on "${db.schema}" already.`);
  }
  const remaining = remainingMs();
  return new Promise((resolve, reject) => {
    const enter = (slot: Slot) => {
      clearTimeout(timer);
      resolve(slot);
    };
    const giveUp = () => {
      line.waiting.splice(line.waiting.indexOf(enter), 1);
      reject(
        remaining === null
          ? new PostgresBusyError(`No transaction on "${db.schema}" became free within ${maxWaitMs} ms.`)
          : new DeadlineExceededError(
              'The deadline of the request passed while it waited for a transaction.',
            ),
      );
    };
    const timer = setTimeout(giveUp, remaining ?? maxWaitMs);
    line.waiting.push(enter);
  });
};
