import { append, eventsMigrations, type Fact, openEventLog } from '@storegraph/events';
import { connect, migrate, newId, transaction } from '@storegraph/postgres';
import { anonymous } from '@storegraph/server';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type OpenStock, openStock } from './stock-fixture.ts';

let shop: OpenStock;
let warehouseId: string;
beforeAll(async () => {
  shop = await openStock();
  warehouseId = await shop.makeWarehouse();
});
afterAll(() => shop.stop());

const operation = `subscription ($variantIds: [ID!]!, $region: Region, $after: String, $maxPerSecond: Int) {
  stockChanged(variantIds: $variantIds, region: $region, after: $after, maxPerSecond: $maxPerSecond) {
    cursor variant { id } stock { status available } } }`;

const follow = async (variantIds: readonly string[], rest: object = {}) => {
  const stream = await shop.subscribe(operation, { variantIds, maxPerSecond: 20, ...rest }, anonymous);
  return {
    next: async (): Promise<{ cursor: string; id: string; available: number }> => {
      const { value, done }: Answer = await stream.next();
      if (done || value.errors) throw new Error(JSON.stringify(value ?? 'It has ended.'));
      const { cursor, variant, stock } = value.data.stockChanged;
      return { cursor, id: variant.id, available: stock.available };
    },
    leave: () => stream.return?.(),
    stream,
  };
};

/** Facts that came before are behind the hub when it tells of one that came after them. */
const settled = async () => {
  const variantId = await shop.makeVariant();
  await shop.put({ variantId, warehouseId, onHand: 1 });
  const marker = await follow([variantId]);
  await marker.next();
  await shop.put({ variantId, warehouseId, onHand: 2 });
  while ((await marker.next()).available < 2);
  await marker.leave();
};

describe('stockChanged', () => {
  test('starts with the state of each variant now, of those nobody told of too', async () => {
    const [known, unknown] = [await shop.makeVariant(), newId()];
    await shop.put({ variantId: known, warehouseId, onHand: 3 });
    const { next, leave } = await follow([known, unknown.toUpperCase()]);
    const told = [await next(), await next()].map(({ id, available }) => ({ id, available }));
    expect(told).toContainEqual({ id: known, available: 3 });
    expect(told).toContainEqual({ id: unknown, available: 0 });
    await leave();
  });

  test('tells of a change with the stock for the region, whichever process made it', async () => {
    const variantId = await shop.makeVariant();
    const french = await shop.makeWarehouse({ servesRegions: ['FR'] });
    await shop.put({ variantId, warehouseId, onHand: 3 });
    await settled();
    const { next, leave } = await follow([variantId], { region: 'DE' });
    expect((await next()).available).toBe(3);
    await shop.put({ variantId, warehouseId: french, onHand: 50 });
    await shop.put({ variantId, warehouseId, onHand: 4 });
    let change = await next();
    while (change.available !== 4) change = await next();
    expect(change.id).toBe(variantId);
    await leave();
  });

  test('resumes after a cursor with what changed since, and nothing else', async () => {
    const [a, b, c] = [await shop.makeVariant(), await shop.makeVariant(), await shop.makeVariant()];
    for (const variantId of [a, b, c]) await shop.put({ variantId, warehouseId, onHand: 1 });
    await settled();
    const first = await follow([a, b, c]);
    // While something of the start is still to come, a client that lost its connection begins anew.
    expect((await first.next()).cursor).toBe('0+');
    await first.next();
    const { cursor } = await first.next();
    await first.leave();
    await shop.put({ variantId: b, warehouseId, onHand: 2 });
    await shop.put({ variantId: b, warehouseId, onHand: 7 });
    const again = await follow([a, b, c], { after: cursor });
    expect(await again.next()).toMatchObject({ id: b, available: 7 });
    await shop.put({ variantId: c, warehouseId, onHand: 9 });
    let change = await again.next();
    while (change.id === b) change = await again.next();
    expect(change).toMatchObject({ id: c, available: 9 });
    await again.leave();
  });

  test('begins anew after a cursor whose facts are deleted, of variants too that have not changed', async () => {
    const [a, b] = [await shop.makeVariant(), await shop.makeVariant()];
    for (const variantId of [a, b]) await shop.put({ variantId, warehouseId, onHand: 1 });
    await settled();
    const cursor = String(await shop.log.head());
    const pruned = () => shop.db.execute(sql`select prune_outbox('0 days', '0 days', 5000)`);
    await pruned();
    // The facts up to the cursor are gone, and none behind it: there is nothing to tell.
    const quiet = await follow([a, b], { after: cursor });
    await shop.put({ variantId: b, warehouseId, onHand: 2 });
    expect(await quiet.next()).toMatchObject({ id: b, available: 2 });
    await quiet.leave();
    await shop.put({ variantId: b, warehouseId, onHand: 3 });
    await pruned();
    const late = await follow([a, b], { after: cursor });
    const told = [await late.next(), await late.next()].map(({ id, available }) => ({ id, available }));
    expect(told).toContainEqual({ id: a, available: 1 });
    expect(told).toContainEqual({ id: b, available: 3 });
    await late.leave();
  });

  test('tells of a variant that the catalogue removes', async () => {
    const url = shop.url;
    await migrate({ url, schema: 'product', folders: [eventsMigrations] });
    const catalogue = connect({ url, schema: 'product', name: 'test catalogue' });
    const log = openEventLog({ db: catalogue, publisher: 'product' });
    shop.bus.register(log);
    const variantId = await shop.makeVariant();
    await shop.put({ variantId, warehouseId, onHand: 5 });
    await settled();
    const { next, leave } = await follow([variantId]);
    const { cursor, available } = await next();
    expect(available).toBe(5);
    const data = { variantId, productId: newId(), sku: variantId };
    const removed: Fact = { type: 'product.variant_removed', aggregateId: variantId, data };
    await transaction(catalogue, async (tx) => append(tx, [removed, removed]));
    expect(await next()).toMatchObject({ id: variantId, available: 0 });
    await leave();
    const again = await follow([variantId], { after: cursor });
    expect(await again.next()).toMatchObject({ id: variantId, available: 0 });
    await again.leave();
    const facts = (await shop.log.read(Number(cursor), 100)).filter(
      ({ aggregateId }) => aggregateId === variantId,
    );
    expect(facts.map(({ type }) => type)).toEqual(['inventory.stock_withdrawn']);
    await log.stop();
    await catalogue.close();
  });

  test('tells of a preorder whose date passes, once', async () => {
    const coming = `now() + interval '1 day'`;
    const variantId = await shop.makeVariant({ policy: 'PREORDER', until: coming });
    await shop.put({ variantId, warehouseId, limit: 10, until: coming });
    await settled();
    const { stream, leave } = await follow([variantId]);
    const status = async () => ((await stream.next()) as Answer).value.data.stockChanged.stock.status;
    expect(await status()).toBe('PREORDER');
    await shop.db.execute(sql`
      with passed as (update variants set preorder_until = now() where variant_id = ${variantId} returning *)
      update stock set backorder_until = preorder_until from passed where stock.variant_id = passed.variant_id`);
    expect(await status()).toBe('OUT_OF_STOCK');
    await leave();
    expect([...(await shop.db.execute(sql`select end_preorders(100) as ended`))]).toEqual([{ ended: 0 }]);
  });

  test('tells of all variants when a warehouse changes', async () => {
    const variantId = await shop.makeVariant();
    const code = newId().toUpperCase().slice(4);
    const id = await shop.makeWarehouse({ code });
    await shop.put({ variantId, warehouseId: id, onHand: 5 });
    await settled();
    const { next, leave } = await follow([variantId]);
    const { cursor, available } = await next();
    expect(available).toBe(5);
    await shop.makeWarehouse({ code, isActive: false });
    expect((await next()).available).toBe(0);
    await leave();
    const again = await follow([variantId], { after: cursor });
    expect((await again.next()).available).toBe(0);
    await again.leave();
  });

  test.each([
    ['no variant', { variantIds: [] }, /1 to 200/],
    ['201 variants', { variantIds: Array.from({ length: 201 }, () => newId()) }, /1 to 200/],
    ['what is no id', { variantIds: ['one'] }, /must be ids/],
    ['21 changes a second', { maxPerSecond: 21 }, /1 to 20/],
    ['no change a second', { maxPerSecond: 0 }, /1 to 20/],
    ['what is no cursor', { after: 'abc' }, /no cursor/],
    ['a cursor ahead of every change', { after: '900000000' }, /ahead/],
  ])('refuses %s', async (_case, rest, message) => {
    await expect(follow([newId()], rest)).rejects.toThrow(message);
  });

  test('ends when the subgraph stops', async () => {
    const own = await openStock();
    const stream = await own.subscribe(operation, { variantIds: [newId()] }, anonymous);
    await stream.next();
    const waiting = stream.next();
    await own.stop();
    expect((await waiting).done).toBe(true);
  });
});
