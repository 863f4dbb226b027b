import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testDatabase } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { connect, type Database, MigrationError, migrate } from './index.ts';

let database: Awaited<ReturnType<typeof testDatabase>>;
let db: Database;
let path: string;

beforeAll(async () => {
  database = await testDatabase('template_empty', async () => {});
  db = connect({ url: database.url, schema: 'shop', name: 'migrate.test' });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'storegraph-migrations-'));
  await write('0001_first.sql', 'create table first (id int)');
});
afterEach(async () => {
  await rm(path, { recursive: true });
  await db.execute(sql`drop schema if exists shop cascade`);
});

const write = (name: string, text: string) => writeFile(join(path, name), text);
const run = () => migrate({ url: database.url, schema: 'shop', folders: [{ name: 'own', path }] });
const applied = async () =>
  (await db.execute<{ name: string }>(sql`select name from shop.migrations order by name`)).map(
    ({ name }) => name,
  );

it('applies each file once, in order, into the schema', async () => {
  await run();
  await write('0002_second.sql', 'alter table first add column name text');
  await run();
  await run();
  expect(await applied()).toEqual(['0001_first.sql', '0002_second.sql']);
  expect(await db.execute(sql`select id, name from shop.first`)).toEqual([]);
});

it('lets one process migrate while the others wait', async () => {
  await Promise.all(Array.from({ length: 8 }, run));
  expect(await applied()).toEqual(['0001_first.sql']);
});

it('leaves nothing of a file that fails, and says which', async () => {
  await write('0002_broken.sql', 'create table second (id int); select 1 / 0');
  await expect(run()).rejects.toThrow('own/0002_broken.sql failed: division by zero');
  expect(await applied()).toEqual(['0001_first.sql']);
  await write('0002_broken.sql', 'create table second (id int)');
  await run();
  expect(await applied()).toEqual(['0001_first.sql', '0002_broken.sql']);
});

it('refuses a file that was changed after it was applied', async () => {
  await run();
  await write('0001_first.sql', 'create table first (id bigint)');
  await expect(run()).rejects.toThrow(MigrationError);
  await expect(run()).rejects.toThrow('restore the file and write a new migration');
});

it('refuses a database that is ahead of the files', async () => {
  await write('0002_second.sql', 'create table second (id int)');
  await run();
  await rm(join(path, '0002_second.sql'));
  await expect(run()).rejects.toThrow('start the newer release');
});

it('refuses a gap in the numbering', async () => {
  await write('0003_third.sql', 'select 1');
  await expect(run()).rejects.toThrow('breaks the numbering');
});
