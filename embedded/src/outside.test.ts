import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@storegraph/postgres';
import { createLog } from '@storegraph/server';
import { type TestDatabase, testDatabase } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Shop, startShop } from './shop.ts';

/** The shop over a Postgres that is there already, as in docker-compose.yml. */

let folder = '';
let database: TestDatabase;
const open: Shop[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'storegraph-outside-'));
  database = await testDatabase('empty', async () => {});
});
afterEach(async () => {
  for (const shop of open.splice(0)) await shop.stop();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const start = async (name: string) => {
  const shop = await startShop({
    folder: join(folder, name),
    port: 0,
    products: 30,
    postgresUrl: database.url,
    log: createLog(() => {}),
  });
  open.push(shop);
  return shop;
};

const totalCount = async ({ url }: Shop) => {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ products(first: 1) { totalCount } }' }),
  });
  const { data } = (await response.json()) as { data: { products: { totalCount: number } } };
  return data.products.totalCount;
};

describe('the shop over another Postgres', () => {
  it('is filled once, however many begin at the same time', async () => {
    const shops = await Promise.all([start('one'), start('two')]);
    expect(shops.map(({ isNew }) => isNew).sort()).toEqual([false, true]);
    const counts = await Promise.all(shops.map(totalCount));
    expect(counts[0]).toBeGreaterThan(20);
    expect(counts[1]).toBe(counts[0]);
  });

  it('is left as it is when somebody has put products there before', async () => {
    const first = await start('one');
    const count = await totalCount(first);
    const db = connect({
      url: database.url,
      schema: 'public',
      name: 'outside.test',
      transactionConnections: 0,
    });
    await db.execute(sql`drop schema shop cascade`);
    await db.close();
    const second = await start('two');
    expect(second.isNew).toBe(false);
    expect(await totalCount(second)).toBe(count);
  });
});
