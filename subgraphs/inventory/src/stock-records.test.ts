import { readFile } from 'node:fs/promises';
import { append, createInProcessBus, eventsMigrations, type Fact, openEventLog } from '@storegraph/events';
import { connect, migrate, newId, transaction } from '@storegraph/postgres';
import { skuKeyOf } from '@storegraph/sku';
import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inventory } from './main.ts';
import { movementsOf } from './movement-repository.ts';
import { type Answer, type OpenStock, openStock, reader } from './stock-fixture.ts';

let shop: OpenStock;
let warehouseId: string;
beforeAll(async () => {
  shop = await openStock();
  warehouseId = await shop.makeWarehouse({ code: 'BER1' });
});
afterAll(() => shop.stop());

describe('stockMovements', () => {
  const query = `query ($variantId: ID!, $warehouseId: ID, $first: Int, $after: String) {
    stockMovements(variantId: $variantId, warehouseId: $warehouseId, first: $first, after: $after) {
      nodes { id variantId delta reason reference note actor occurredAt warehouse { code } }
      edges { cursor node { delta } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
  const page = async (variables: object): Promise<Answer> =>
    (await shop.ask(query, variables)).stockMovements;
  const refusal = async (variables: object): Promise<Answer> => {
    const { errors } = await shop.execute(query, { variantId: newId(), ...variables }, reader);
    return errors?.map(({ message, extensions }: Answer) => [extensions.code, message]);
  };

  test('pages the ledger, latest first, without gap or repeat; one statement a page', async () => {
    const variantId = await shop.makeVariant();
    const elsewhere = await shop.makeWarehouse();
    for (const shelf of [warehouseId, elsewhere]) await shop.put({ variantId, warehouseId: shelf });
    for (let delta = 1; delta <= 7; delta += 1) {
      const shelf = delta === 4 ? elsewhere : warehouseId;
      await shop.db.execute(sql`insert into movements (variant_id, warehouse_id, delta, reason, reference, actor, occurred_at)
        values (${variantId}, ${shelf}, ${delta}, 'RECEIVED', 'note 1', 'staff:ada', now())`);
    }
    const deltas: number[] = [];
    let after: string | null = null;
    for (let pages = 1; pages <= 3; pages += 1) {
      const { nodes, edges, pageInfo }: Answer = await page({ variantId, first: 3, after });
      deltas.push(...nodes.map(({ delta }: Answer) => delta));
      expect(pageInfo).toMatchObject({ hasNextPage: pages < 3, hasPreviousPage: pages > 1 });
      expect(pageInfo.endCursor).toBe(edges.at(-1).cursor);
      after = pageInfo.endCursor;
    }
    expect(deltas).toEqual([7, 6, 5, 4, 3, 2, 1]);
    const there = await page({ variantId, warehouseId: elsewhere });
    expect(there.nodes).toMatchObject([
      { variantId, delta: 4, reason: 'RECEIVED', reference: 'note 1', note: null, actor: 'staff:ada' },
    ]);
    const { statements } = await shop.execute(query, { variantId }, reader);
    expect(statements).toBe(1);
  });
  test.each([
    ['of a variant', null, 'movements_of_variant'],
    ['of one shelf', newId(), 'movements_of_warehouse'],
  ])('reads a page %s in the order of an index', async (_case, shelf, index) => {
    const page = movementsOf(shop.db, { variantId: newId(), warehouseId: shelf, before: 1_000, limit: 51 });
    // Small tables are sorted; of a large one that would be every movement there ever was.
    const plan = await transaction(shop.db, async (tx) => {
      await tx.execute(sql`set local enable_sort = off`);
      return tx.execute(sql`explain (costs off) ${page}`);
    });
    const steps = JSON.stringify([...plan]);
    expect(steps).toContain(`Index Scan Backward using ${index}`);
    expect(steps).not.toContain('Filter');
  });
  test('is empty where nothing ever moved', async () => {
    for (const variantId of [newId(), 'no id']) {
      expect(await page({ variantId })).toMatchObject({ nodes: [], pageInfo: { endCursor: null } });
    }
  });
  test('refuses a page of none or of too many, and what is no cursor', async () => {
    const limits = [['BAD_USER_INPUT', 'first must be from 1 to 200.']];
    expect(await refusal({ first: 0 })).toEqual(limits);
    expect(await refusal({ first: 201 })).toEqual(limits);
    for (const after of ['', 'abc', Buffer.from('movement -1').toString('base64url')]) {
      expect(await refusal({ after })).toEqual([['BAD_USER_INPUT', 'after is no cursor of a ledger.']]);
    }
  });
});

describe('reservation', () => {
  const query = `query ($id: ID!) { reservation(id: $id) { id status expiresAt
    lines { quantity variant { id stock { available } } warehouse { code } } } }`;

  test('shows what is taken from where, in two statements', async () => {
    const variantIds = [await shop.makeVariant(), await shop.makeVariant()];
    const id = newId();
    await shop.db.execute(sql`insert into reservations
      (reservation_id, fingerprint, status, expires_at, variant_ids, warehouse_ids, quantities)
      values (${id}, 'x', 'CONFIRMED', now(), ${sql.param(variantIds)}::uuid[],
        ${sql.param([warehouseId, warehouseId])}::uuid[], '{2,3}')`);
    const { data, errors, statements } = await shop.execute(query, { id }, reader);
    expect(errors).toBeUndefined();
    expect(data.reservation).toMatchObject({
      id,
      status: 'CONFIRMED',
      lines: [
        { quantity: 2, variant: { id: variantIds[0], stock: { available: 0 } }, warehouse: { code: 'BER1' } },
        { quantity: 3, variant: { id: variantIds[1] }, warehouse: { code: 'BER1' } },
      ],
    });
    expect(statements).toBe(2);
  });
  test('is null for one that is not there, and for a refusal kept for its key', async () => {
    const refused = newId();
    await shop.db.execute(sql`insert into reservations
      (reservation_id, fingerprint, status, expires_at, variant_ids, warehouse_ids, quantities, refusal)
      values (${refused}, 'x', 'REFUSED', now(), '{}', '{}', '{}', '{}')`);
    for (const id of [refused, newId(), 'no id']) {
      expect(await shop.ask(query, { id })).toEqual({ reservation: null });
    }
  });
});

describe('the catalogue', () => {
  test('keeps the subgraph from being ready when facts are gone that it has not taken in', async () => {
    const own = await openStock();
    await migrate({ url: own.url, schema: 'product', folders: [eventsMigrations] });
    const catalogue = connect({ url: own.url, schema: 'product', name: 'test catalogue' });
    const data = { variantId: newId(), productId: newId(), sku: 'A' };
    const fact: Fact = { type: 'product.variant_created', aggregateId: data.variantId, data };
    await transaction(catalogue, async (tx) => append(tx, [fact, fact]));
    await catalogue.execute(sql`select prune_outbox('0 days', '0 days', 100)`);
    const bus = createInProcessBus();
    const log = openEventLog({ db: catalogue, publisher: 'product' });
    bus.register(log);
    const part = await inventory({ postgresUrl: own.url, bus });
    await part.start();
    const state = () => part.isReady().then(() => 'ready', String);
    await expect.poll(state).toContain('The facts of product behind 0 are deleted');
    await part.stop();
    await log.stop();
    await catalogue.close();
    await own.stop();
  });

  test('gave SKUs to rows from before they had keys: the migration makes the keys the code does', async () => {
    const files = new URL('../migrations/', import.meta.url);
    const migration = await readFile(new URL('0006_sku_key.sql', files), 'utf8');
    // Scripts that every Postgres knows, with all that is strange about capitals and composed letters.
    const alphabets = [
      ' -\u024f',
      '\u0370-\u0586',
      '\u1e00-\u1fff',
      '\u2100-\u24ff',
      '\ufb00-\ufb06',
      '\uff01-\uff5e',
    ];
    const letter = fc.oneof(
      ...alphabets.map((range) => {
        const [from = 0, to = 0] = [range.charCodeAt(0), range.charCodeAt(2)];
        return fc.integer({ min: from, max: to }).map((code) => String.fromCharCode(code));
      }),
    );
    const named = ['ab-1', 'ＡＢ－１', 'STRAẞE', 'ΟΔΟΣ', 'İstanbul', 'ǅ-1', 'é', '①'];
    const skus = [...named, ...fc.sample(fc.string({ unit: letter, maxLength: 20 }), 2_000)];
    await transaction(shop.db, async (tx) => {
      await tx.execute(sql`create temporary table variants (sku text, place int) on commit drop`);
      await tx.execute(sql`create index variants_sku on variants (sku)`);
      await tx.execute(
        sql`insert into variants select * from unnest(${sql.param(skus)}::text[]) with ordinality`,
      );
      for (const statement of migration.split(/;\n/).filter((text) => text.trim() !== ''))
        await tx.execute(sql.raw(statement));
      const rows = await tx.execute<{ key: string }>(sql`select sku_key as key from variants order by place`);
      expect(rows.map(({ key }) => key)).toEqual(skus.map(skuKeyOf));
    });
  });

  test('tells which variants there are; a repeat or a late fact changes nothing', async () => {
    const url = shop.url;
    await migrate({ url, schema: 'product', folders: [eventsMigrations] });
    const catalogue = connect({ url, schema: 'product', name: 'test catalogue' });
    const log = openEventLog({ db: catalogue, publisher: 'product' });
    shop.bus.register(log);
    const variant = { variantId: newId(), productId: newId(), sku: 'OLD' };
    const removed = { variantId: newId(), productId: newId(), sku: 'GONE' };
    const fact = (name: 'created' | 'updated' | 'removed', data: typeof variant): Fact => ({
      type: `product.variant_${name}`,
      aggregateId: data.variantId,
      data,
    });
    await transaction(catalogue, async (tx) => {
      append(tx, [
        fact('created', variant),
        fact('created', variant),
        fact('updated', { ...variant, sku: 'NEW' }),
        fact('created', removed),
        fact('removed', removed),
        fact('removed', removed),
        fact('updated', removed),
      ]);
    });
    const known = async () => [
      ...(await shop.db.execute(sql`select sku, removed_at is not null as removed from variants
        where variant_id in (${variant.variantId}, ${removed.variantId}) order by sku`)),
    ];
    const consumedTo = async () =>
      (await shop.db.execute(sql`select sequence::int from consumed where publisher = 'product'`))[0];
    await expect.poll(consumedTo).toEqual({ sequence: 7 });
    expect(await known()).toEqual([
      { sku: 'GONE', removed: true },
      { sku: 'NEW', removed: false },
    ]);
    await log.stop();
    await catalogue.close();
  });
});
