import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { MigrationError } from './errors.ts';

/** Numbered SQL files that belong together: a subgraph's own, or those a package brings along. */
export type MigrationFolder = { name: string; path: string };

type Migration = { folder: string; name: string; text: string; checksum: string };
type Applied = { folder: string; name: string; checksum: string };

/** Any number; all processes that migrate take the same lock. */
const migrationLock = 5_104_261;

/**
 * Brings a subgraph's schema up to date: forward only, each file once and in a transaction of its own, by one
 * process while the others wait.
 */
export const migrate = async ({
  url,
  schema,
  folders,
}: {
  url: string;
  schema: string;
  folders: readonly MigrationFolder[];
}): Promise<void> => {
  const wanted = (await Promise.all(folders.map(migrationsIn))).flat();
  const sql = postgres(url, {
    max: 1,
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: `${schema} migrations`, search_path: `"${schema}", public` },
  });
  try {
    const known = await appliedIn(sql, schema);
    if (known && missingIn(wanted, known, schema).length === 0) return;
    await sql`select pg_advisory_lock(${migrationLock})`;
    await prepare(sql, schema);
    for (const migration of missingIn(wanted, (await appliedIn(sql, schema)) ?? [], schema))
      await apply(sql, migration);
  } finally {
    await sql.end({ timeout: 5 });
  }
};

const migrationsIn = async ({ name: folder, path }: MigrationFolder): Promise<Migration[]> => {
  const names = (await readdir(path)).filter((name) => name.endsWith('.sql')).sort();
  const strange = names.find((name, index) => Number(name.slice(0, 4)) !== index + 1);
  if (strange)
    throw new MigrationError(`${folder}/${strange} breaks the numbering 0001_, 0002_ … of its folder.`);
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(path, name), 'utf8');
      return { folder, name, text, checksum: createHash('sha256').update(text).digest('hex') };
    }),
  );
};

/** Null when nothing was ever applied. */
const appliedIn = async (sql: postgres.Sql, schema: string): Promise<Applied[] | null> => {
  try {
    return await sql<Applied[]>`select folder, name, checksum from ${sql(schema)}.migrations`;
  } catch (error) {
    if (error instanceof postgres.PostgresError && error.code === '42P01') return null;
    throw error;
  }
};

const prepare = async (sql: postgres.Sql, schema: string) => {
  await sql`create schema if not exists ${sql(schema)}`;
  await sql`create table if not exists ${sql(schema)}.migrations (
    folder text not null,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now(),
    primary key (folder, name)
  )`;
};

const missingIn = (
  wanted: readonly Migration[],
  applied: readonly Applied[],
  schema: string,
): Migration[] => {
  const key = ({ folder, name }: { folder: string; name: string }) => `${folder}/${name}`;
  const checksums = new Map(applied.map((one) => [key(one), one.checksum]));
  const names = new Set(wanted.map(key));
  const unknown = applied.find((one) => !names.has(key(one)));
  if (unknown) {
    throw new MigrationError(
      `The database has seen ${key(unknown)} in "${schema}", which this release does not have: start the newer release.`,
    );
  }
  const changed = wanted.find((one) => checksums.has(key(one)) && checksums.get(key(one)) !== one.checksum);
  if (changed) {
    throw new MigrationError(
      `${key(changed)} was changed after "${schema}" had applied it: restore the file and write a new migration.`,
    );
  }
  return wanted.filter((one) => !checksums.has(key(one)));
};

const apply = async (sql: postgres.Sql, { folder, name, text, checksum }: Migration) => {
  try {
    // One connection and nobody else on it: here the driver's own transaction is safe.
    await sql.begin(async (tx) => {
      await tx.unsafe(text);
      await tx`insert into migrations (folder, name, checksum) values (${folder}, ${name}, ${checksum})`;
    });
  } catch (error) {
    throw new MigrationError(`${folder}/${name} failed: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
};
