import { fileURLToPath } from 'node:url';
import {
  type Database,
  type MigrationFolder,
  type Repeating,
  startRepeating,
  type Transaction,
  transaction,
} from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { fingerprintOf } from './fingerprint.ts';

/** How long an answer is kept for repeats. */
const keptHours = 24;
/** How many old keys one transaction deletes, so that the sweep never holds locks for long. */
const forgetBatch = 5_000;
/** How often old keys are looked for. */
const forgetEveryMs = 15 * 60_000;

/** The table a subgraph needs to answer repeats. */
export const idempotencyMigrations: MigrationFolder = {
  name: 'idempotency',
  path: fileURLToPath(new URL('../migrations', import.meta.url)),
};

/** What a client may send as a key: 16 to 255 of `A-Z a-z 0-9 _ -`. */
export const idempotencyKey = z
  .string()
  .regex(/^[A-Za-z0-9_-]{16,255}$/, 'must be 16 to 255 characters of A-Z a-z 0-9 _ -');

/** One intent of one caller. */
export type Command = {
  /** Who asks: keys of different callers never meet. */
  scope: string;
  /** Which mutation: keys of different mutations never meet. */
  operation: string;
  key: string;
  /** The coerced input, without or with the key. */
  input: unknown;
};

/** The key was used with another input. */
export type IdempotencyConflict = { __typename: 'IdempotencyConflict'; message: string };

const replays = new WeakSet<object>();

/** Whether an outcome is an earlier one given again. */
export const isReplay = (outcome: unknown): boolean =>
  typeof outcome === 'object' && outcome !== null && replays.has(outcome);

/** Marks an outcome as given again, for those who keep outcomes in tables of their own. */
export const markReplay = <T extends object>(outcome: T): T => {
  replays.add(outcome);
  return outcome;
};

/** The refusal of a key that stands for another input. */
export const idempotencyConflict = (key: string): IdempotencyConflict => ({
  __typename: 'IdempotencyConflict',
  message: `The idempotency key ${key} was used before with another input. Nothing was executed: send a new key, or the first input again.`,
});

/**
 * Does the work once for a key: its outcome is stored with the effect, and a repeat gets it again without
 * redoing anything. A repeat while the first runs waits for it. The outcome must be plain JSON: ids and
 * refusals, no rows.
 */
export const once = async <Outcome extends { __typename: string }>(
  tx: Transaction,
  command: Command,
  work: () => Promise<Outcome>,
): Promise<Outcome | IdempotencyConflict> => {
  const { scope, operation, key } = command;
  const fingerprint = fingerprintOf(command.input);
  // An insert waits for another transaction that is inserting the same key, and so for its outcome.
  const [claimed] = await tx.execute(sql`
    insert into idempotency_keys (scope, operation, key, fingerprint)
    values (${scope}, ${operation}, ${key}, ${fingerprint}) on conflict do nothing returning 1 as claimed`);
  if (claimed) {
    const outcome = await work();
    await tx.execute(sql`update idempotency_keys set outcome = ${JSON.stringify(outcome)}::jsonb
      where scope = ${scope} and operation = ${operation} and key = ${key}`);
    return outcome;
  }
  const [kept] = await tx.execute<{ fingerprint: Buffer; outcome: Outcome }>(sql`
    select fingerprint, outcome from idempotency_keys
    where scope = ${scope} and operation = ${operation} and key = ${key}`);
  // Between the two statements only the sweep of day-old keys can delete the row.
  if (!kept) throw new Error(`The idempotency key ${key} was forgotten while it was read.`);
  if (!fingerprint.equals(kept.fingerprint)) return idempotencyConflict(key);
  return markReplay(kept.outcome);
};

/** Deletes keys older than a day, in small transactions. Answers how many. */
export const forgetOldKeys = async (db: Database): Promise<number> => {
  for (let forgotten = 0; ; ) {
    const rows = await transaction(db, (tx) =>
      tx.execute(sql`delete from idempotency_keys where ctid = any(array(
        select ctid from idempotency_keys
        where created_at < now() - make_interval(hours => ${keptHours})
        limit ${forgetBatch} for update skip locked)) returning 1 as forgotten`),
    );
    forgotten += rows.length;
    if (rows.length < forgetBatch) return forgotten;
  }
};

/** Keeps the table small while a subgraph runs. */
export const startForgetting = (db: Database, onError: (error: unknown) => void): Repeating =>
  startRepeating(() => forgetOldKeys(db), { everyMs: forgetEveryMs, onError });
