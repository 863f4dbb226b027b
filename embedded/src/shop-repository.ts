import { fileURLToPath } from 'node:url';
import {
  type Database,
  type MigrationFolder,
  type Reader,
  type Transaction,
  transaction,
} from '@storegraph/postgres';
import { sql } from 'drizzle-orm';

/** The tables of the shop as a whole. */
export const shopMigrations: MigrationFolder = {
  name: 'shop',
  path: fileURLToPath(new URL('../migrations', import.meta.url)),
};

/** Asks the database for nothing, to learn whether it answers. */
export const ping = async (reader: Reader): Promise<void> => {
  await reader.execute(sql`select 1`);
};

/** Any number; whoever fills a shop holds this lock meanwhile. */
const seedingLock = 7_320_941;

/** Where the first filling stands. */
export type Seeding = 'never' | 'begun' | 'finished';

export const seedingOf = async (reader: Reader): Promise<Seeding> => {
  const [row] = await reader.execute<{ is_finished: boolean }>(
    sql`select finished_at is not null as is_finished from seeding`,
  );
  if (!row) return 'never';
  return row.is_finished ? 'finished' : 'begun';
};

export const beginSeeding = async (reader: Reader): Promise<void> => {
  await reader.execute(sql`insert into seeding default values on conflict do nothing`);
};

export const finishSeeding = async (tx: Transaction): Promise<void> => {
  await tx.execute(sql`
    insert into seeding (finished_at) values (now()) on conflict (is_only) do update set finished_at = now()`);
};

/** Runs work while no other process can run work of this kind; answers null at once when one does. */
export const whileOnlyOne = <T>(db: Database, work: (tx: Transaction) => Promise<T>): Promise<T | null> =>
  transaction(db, async (tx) => {
    const [row] = await tx.execute<{ is_ours: boolean }>(
      sql`select pg_try_advisory_xact_lock(${seedingLock}) as is_ours`,
    );
    return row?.is_ours ? work(tx) : null;
  });

/** Deletes what a filling that was cut short has left behind. */
export const dropSchemas = async (reader: Reader, schemas: readonly string[]): Promise<void> => {
  for (const schema of schemas)
    await reader.execute(sql`drop schema if exists ${sql.identifier(schema)} cascade`);
};

/** How far a subgraph's consumers have taken in others' facts. */
export const consumptionIn = async (
  reader: Reader,
): Promise<{ consumer: string; publisher: string; sequence: number }[]> => {
  const rows = await reader.execute<{ consumer: string; publisher: string; sequence: string }>(
    sql`select consumer, publisher, sequence from consumed`,
  );
  return [...rows].map((row) => ({ ...row, sequence: Number(row.sequence) }));
};

/** The sequence of a subgraph's latest fact. */
export const headIn = async (reader: Reader): Promise<number> => {
  const [row] = await reader.execute<{ sequence: string }>(sql`select sequence from outbox_head`);
  return Number(row?.sequence ?? 0);
};

/** The rows of a query that is written as text. */
export const rowsOf = async (reader: Reader, query: string): Promise<readonly Record<string, unknown>[]> => [
  ...(await reader.execute(sql.raw(query))),
];
