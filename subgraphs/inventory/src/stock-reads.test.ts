import { newId } from '@storegraph/postgres';
import { anonymous } from '@storegraph/server';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, entities, type OpenStock, openStock, reader, writer } from './stock-fixture.ts';

let shop: OpenStock;
beforeAll(async () => {
  shop = await openStock();
});
afterAll(() => shop.stop());

const stockOf = async (id: string, region: string | null = null): Promise<Answer> => {
  const query = `query ($representations: [_Any!]!, $region: Region) { _entities(representations: $representations) {
    ... on ProductVariant { id stock(region: $region) {
      status available backorderable preorderUntil policy lowStockThreshold } } } }`;
  const { _entities } = await shop.ask(query, { ...entities([id]), region }, anonymous);
  expect(_entities[0].id).toBe(id);
  return _entities[0].stock;
};

describe('ProductVariant.stock', () => {
  test('sums the active warehouses that serve the region; all active ones without a region', async () => {
    const variantId = await shop.makeVariant();
    const [everywhere, german, french, closed] = await Promise.all([
      shop.makeWarehouse(),
      shop.makeWarehouse({ servesRegions: ['DE', 'AT'] }),
      shop.makeWarehouse({ servesRegions: ['FR'] }),
      shop.makeWarehouse({ isActive: false }),
    ]);
    await shop.put({ variantId, warehouseId: everywhere, onHand: 10, reserved: 2, sold: 3 });
    await shop.put({ variantId, warehouseId: german, onHand: 100 });
    await shop.put({ variantId, warehouseId: french, onHand: 1_000 });
    await shop.put({ variantId, warehouseId: closed, onHand: 10_000 });
    expect(await stockOf(variantId)).toMatchObject({ status: 'IN_STOCK', available: 1_105 });
    expect(await stockOf(variantId, 'AT')).toMatchObject({ available: 105 });
    expect(await stockOf(variantId, 'FR')).toMatchObject({ available: 1_005 });
    expect(await stockOf(variantId, 'US')).toMatchObject({ available: 5 });
  });

  test('is low at its threshold', async () => {
    const variantId = await shop.makeVariant({ low: 5 });
    const warehouseId = await shop.makeWarehouse();
    await shop.put({ variantId, warehouseId, onHand: 6 });
    expect(await stockOf(variantId)).toMatchObject({ status: 'IN_STOCK', lowStockThreshold: 5 });
    await shop.put({ variantId, warehouseId, onHand: 5 });
    expect(await stockOf(variantId)).toMatchObject({ status: 'LOW', available: 5 });
    await shop.put({ variantId, warehouseId, onHand: 5, reserved: 5 });
    expect(await stockOf(variantId)).toMatchObject({ status: 'OUT_OF_STOCK', available: 0 });
  });

  test('offers a backorder up to its bound, less what is promised, where its warehouse ships to', async () => {
    const variantId = await shop.makeVariant({ policy: 'BACKORDER' });
    const [owing, other] = await Promise.all([
      shop.makeWarehouse({ servesRegions: ['DE'] }),
      shop.makeWarehouse(),
    ]);
    await shop.put({ variantId, warehouseId: owing, onHand: 1, sold: 4, limit: 10 });
    await shop.put({ variantId, warehouseId: other, onHand: 2 });
    // What one warehouse owes is not taken from what another has.
    expect(await stockOf(variantId)).toMatchObject({ status: 'IN_STOCK', available: 2, backorderable: 7 });
    await shop.put({ variantId, warehouseId: other });
    expect(await stockOf(variantId, 'DE')).toMatchObject({
      status: 'BACKORDER',
      available: 0,
      backorderable: 7,
    });
    expect(await stockOf(variantId, 'FR')).toMatchObject({ status: 'OUT_OF_STOCK', backorderable: 0 });
    await shop.put({ variantId, warehouseId: owing, onHand: 1, sold: 11, limit: 10 });
    expect(await stockOf(variantId)).toMatchObject({ status: 'OUT_OF_STOCK', backorderable: 0 });
  });

  test("offers a preorder until its date, by the database's clock", async () => {
    const coming = `now() + interval '1 day'`;
    const past = `now() - interval '1 day'`;
    const warehouseId = await shop.makeWarehouse();
    const open = await shop.makeVariant({ policy: 'PREORDER', until: coming });
    await shop.put({ variantId: open, warehouseId, limit: 10, until: coming });
    expect(await stockOf(open)).toMatchObject({ status: 'PREORDER', backorderable: 10, policy: 'PREORDER' });
    expect(Date.parse((await stockOf(open)).preorderUntil)).toBeGreaterThan(0);
    const over = await shop.makeVariant({ policy: 'PREORDER', until: past });
    await shop.put({ variantId: over, warehouseId, limit: 10, until: past });
    expect(await stockOf(over)).toMatchObject({ status: 'OUT_OF_STOCK', backorderable: 0 });
  });

  test('is nothing for a variant nobody told of, for what is no id, and for one that was removed', async () => {
    const nothing = {
      status: 'OUT_OF_STOCK',
      available: 0,
      backorderable: 0,
      preorderUntil: null,
      policy: 'DENY',
      lowStockThreshold: 0,
    };
    expect(await stockOf(newId())).toEqual(nothing);
    expect(await stockOf('no id')).toEqual(nothing);
    const removed = await shop.makeVariant();
    await shop.put({ variantId: removed, warehouseId: await shop.makeWarehouse(), onHand: 5 });
    await shop.db.execute(sql`update variants set removed_at = now() where variant_id = ${removed}`);
    expect(await stockOf(removed)).toEqual(nothing);
  });

  test('of 500 variants, for several regions and warehouse by warehouse, is one statement', async () => {
    const warehouseId = await shop.makeWarehouse({ name: 'Shelf' });
    const ids = await Promise.all(Array.from({ length: 500 }, () => shop.makeVariant()));
    for (const variantId of ids.slice(0, 3))
      await shop.put({ variantId, warehouseId, onHand: 7, reserved: 1 });
    const { data, errors, statements } = await shop.execute(
      `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on ProductVariant { id
        everywhere: stock { available byWarehouse { variantId onHand reserved sold available version warehouse { name } } }
        there: stock(region: "DE") { available } } } }`,
      entities(ids),
      reader,
    );
    expect(errors).toBeUndefined();
    expect(statements).toBe(1);
    expect(data._entities.map((each: Answer) => each.id)).toEqual(ids);
    expect(data._entities[0]).toMatchObject({
      everywhere: {
        available: 6,
        byWarehouse: [
          {
            variantId: ids[0],
            onHand: 7,
            reserved: 1,
            sold: 0,
            available: 6,
            version: 1,
            warehouse: { name: 'Shelf' },
          },
        ],
      },
      there: { available: 6 },
    });
    const references = await shop.execute(
      `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on ProductVariant { id } } }`,
      entities(ids),
    );
    expect(references.statements).toBe(0);
  });

  test('warehouse by warehouse is for those who may read stock', async () => {
    const { errors } = await shop.execute(
      `query ($representations: [_Any!]!) { _entities(representations: $representations) {
        ... on ProductVariant { stock { byWarehouse { onHand } } } } }`,
      entities([newId()]),
      anonymous,
    );
    expect(errors?.[0].extensions.code).toBe('UNAUTHENTICATED');
  });
});

describe('warehouses', () => {
  test('are listed by priority, from memory', async () => {
    const late = await shop.makeWarehouse({ priority: 1_000, servesRegions: ['FR', 'DE', 'FR'] });
    const early = await shop.makeWarehouse({ priority: 0 });
    const { data, statements } = await shop.execute(
      '{ warehouses { id code name region servesRegions priority isActive } }',
      {},
      reader,
    );
    const order = data.warehouses.map(({ id }: Answer) => id);
    expect(order.indexOf(early)).toBeLessThan(order.indexOf(late));
    expect(data.warehouses.find(({ id }: Answer) => id === late)).toMatchObject({
      servesRegions: ['DE', 'FR'],
      isActive: true,
    });
    expect(statements).toBe(0);
  });

  test('that another process saves are known here', async () => {
    const warehouseId = newId();
    const fact = JSON.stringify({ warehouseId, code: 'OTHER' });
    await shop.db.execute(sql`
      with saved as (insert into warehouses (warehouse_id, code, name, region, priority, is_active)
        values (${warehouseId}, 'OTHER', 'Other', 'DE', 5, true))
      select append_facts(array['inventory.warehouse_saved'], array[1], array[${warehouseId}::text], array[${fact}::jsonb])`);
    await expect
      .poll(async () => (await shop.ask('{ warehouses { id } }')).warehouses)
      .toContainEqual({ id: warehouseId });
  });

  test('are saved under their code: again is a change, and a repeat of the key is not', async () => {
    const save = `mutation ($input: WarehouseSaveInput!) { warehouseSave(input: $input) { __typename
      ... on WarehouseSaved { warehouse { id name priority } } ... on InvalidInput { problems { path } } } }`;
    const input = { idempotencyKey: newId(), code: 'BER1', name: 'Berlin', region: 'DE' };
    const head = await shop.log.head();
    const first = await shop.ask(save, { input }, writer);
    expect(first.warehouseSave.warehouse).toMatchObject({ name: 'Berlin', priority: 100 });
    const { id } = first.warehouseSave.warehouse;
    const renamed = { ...input, idempotencyKey: newId(), name: 'Berlin South', priority: 3 };
    const second = await shop.ask(save, { input: renamed }, writer);
    expect(second.warehouseSave.warehouse).toEqual({ id, name: 'Berlin South', priority: 3 });
    // A repeat shows the warehouse as it is now, and changes nothing.
    expect(await shop.ask(save, { input }, writer)).toEqual(second);
    const facts = (await shop.log.read(head, 10)).filter(({ aggregateId }) => aggregateId === id);
    expect(facts.map(({ type, data }) => ({ type, data }))).toEqual([
      { type: 'inventory.warehouse_saved', data: { warehouseId: id, code: 'BER1' } },
      { type: 'inventory.warehouse_saved', data: { warehouseId: id, code: 'BER1' } },
    ]);
    const other = await shop.ask(save, { input: { ...input, name: 'Else' } }, writer);
    expect(other.warehouseSave.__typename).toBe('IdempotencyConflict');
    const wrong = { ...input, idempotencyKey: newId(), code: 'ber 1', priority: 1_001, servesRegions: [] };
    expect((await shop.ask(save, { input: wrong }, writer)).warehouseSave.problems).toEqual([
      { path: ['code'] },
      { path: ['servesRegions'] },
      { path: ['priority'] },
    ]);
  });
});
