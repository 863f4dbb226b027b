import { transaction } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { boot, boots, type OpenImports, onceEach, openImports, writtenTo } from './import-fixture.ts';

let catalogue: OpenImports;
beforeEach(async () => {
  catalogue = await openImports();
});
afterEach(() => catalogue.stop());

/** As if the process at work had been silent for too long. */
const endLeases = () =>
  catalogue.db.execute(sql`update imports set lease_owner = gen_random_uuid(), leased_until = now()`);

test('what was started before a process is there is taken up', async () => {
  const id = await catalogue.send(boots(3).join('\n'));
  await catalogue.importer();
  expect(await catalogue.ended(id)).toMatchObject({ status: 'FINISHED', productsWritten: 3 });
});

test('processes that stop leave an import after what is written, and others go on', async () => {
  const id = await catalogue.send(boots(2_000).join('\n'));
  let written = 0;
  for (let turn = 1; turn <= 3; turn += 1) {
    const importer = await catalogue.importer();
    for await (const step of catalogue.steps(id)) if (step.productsWritten > written) break;
    await importer.stop();
    written = (await catalogue.read(id)).productsWritten;
  }
  await catalogue.importer();
  expect(await catalogue.ended(id)).toMatchObject({ rowsRead: 2_000, productsWritten: 2_000 });
  expect(await writtenTo(catalogue.db)).toEqual(onceEach(2_000));
});

test('processes that rob each other of an import write each product once', async () => {
  const id = await catalogue.send(boots(2_000).join('\n'));
  await Promise.all([catalogue.importer(), catalogue.importer()]);
  for await (const step of catalogue.steps(id)) if (step.status === 'RUNNING') await endLeases();
  expect(await catalogue.read(id)).toMatchObject({ rowsRead: 2_000, productsWritten: 2_000, errors: [] });
  expect(await writtenTo(catalogue.db)).toEqual(onceEach(2_000));
});

test('a process that lost its import in the midst of a chunk writes nothing of it', async () => {
  const { db } = catalogue;
  const id = await catalogue.send(boots(300).join('\n'));
  const stuck = sql`
    select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  const loser = await transaction(db, async (tx) => {
    await tx.execute(sql`lock table products in exclusive mode`);
    const importer = await catalogue.importer();
    await expect.poll(async () => (await db.execute(stuck)).length, { timeout: 20_000 }).toBe(1);
    await db.execute(sql`
      update imports set lease_owner = gen_random_uuid(), leased_until = now() + interval '1 hour'`);
    return importer;
  });
  await loser.stop();
  expect(await writtenTo(db)).toEqual(onceEach(0));

  await endLeases();
  await catalogue.importer();
  expect(await catalogue.ended(id)).toMatchObject({ rowsRead: 300, productsWritten: 300, errors: [] });
  expect(await writtenTo(db)).toEqual(onceEach(300));
});

test('products that only the database refuses are found, named by row, and the rest is written', async () => {
  const { db } = catalogue;
  await db.execute(sql`create unique index a_rule_of_tomorrow on products ((texts #>> '{en,name}'))`);
  await db.execute(sql`alter table variants add constraint no_weight check (weight_grams is null)`);
  const lines = boots(300);
  const heavy = [{ sku: 'heavy', options: { size: '41' }, weightGrams: 1 }];
  lines[17] = boot('boot-17', { variants: heavy });
  lines[177] = boot('boot-177', { texts: [{ locale: 'en', name: 'Boot boot-12' }] });
  lines[299] = boot('boot-299', { variants: heavy });
  const id = await catalogue.send([...lines, boot('boot-17')].join('\n'));
  await catalogue.importer();
  const result = await catalogue.ended(id);
  expect(result).toMatchObject({
    status: 'FINISHED',
    rowsRead: 301,
    productsWritten: 297,
    productsRefused: 4,
  });
  expect(result.errors).toEqual([
    { row: 18, field: null, message: 'cannot be stored as it is (Postgres 23514, no_weight)' },
    { row: 178, field: null, message: 'cannot be stored as it is (Postgres 23505, a_rule_of_tomorrow)' },
    { row: 300, field: null, message: 'cannot be stored as it is (Postgres 23514, no_weight)' },
    { row: 301, field: 'slug', message: 'boot-17 stands in the file more than once, apart' },
  ]);
  expect(await writtenTo(db)).toEqual(onceEach(297));
});

test('what goes wrong on our side is set back behind the others, and given up in the end', async () => {
  const { db } = catalogue;
  const bad = await catalogue.send(boots(1).join('\n'));
  const good = await catalogue.send(boots(2).join('\n'));
  await db.execute(sql`delete from import_parts where import_id = ${bad}`);
  await db.execute(sql`update imports set attempts = 5 where id = ${bad}`);
  await catalogue.importer();
  expect(await catalogue.ended(good)).toMatchObject({ status: 'FINISHED', productsWritten: 2 });
  const [waiting] = await db.execute(sql`
    select status, attempts, leased_until > now() as paused from imports where id = ${bad}`);
  expect(waiting).toEqual({ status: 'RUNNING', attempts: 6, paused: true });

  await db.execute(sql`update imports set attempts = 8, leased_until = now() where id = ${bad}`);
  expect(await catalogue.ended(bad)).toMatchObject({
    status: 'FAILED',
    failure: expect.stringMatching(/8 tries.*our side/),
  });
});

test('a step forward forgets the tries before it', async () => {
  const { db } = catalogue;
  const id = await catalogue.send(boots(300).join('\n'));
  await db.execute(sql`update imports set attempts = 7`);
  await catalogue.importer();
  expect(await catalogue.ended(id)).toMatchObject({ status: 'FINISHED', productsWritten: 300 });
  expect([...(await db.execute(sql`select attempts from imports`))]).toEqual([{ attempts: 0 }]);
});
