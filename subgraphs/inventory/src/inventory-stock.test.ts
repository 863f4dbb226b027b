import { randomUUID } from 'node:crypto';
import { anonymous, key, staff } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, openInventory, type TestInventory } from './inventory-fixture.ts';

let shop: TestInventory;
beforeAll(async () => {
  shop = await openInventory();
});
afterAll(async () => {
  expect(await shop.broken()).toEqual({});
  await shop.stop();
});

const shelvesOf = async (variantId: string): Promise<Answer[]> => {
  const query = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on ProductVariant { stock {
    byWarehouse { onHand reserved sold version warehouse { id } } } } } }`;
  const of = [{ __typename: 'ProductVariant', id: variantId }];
  return (await shop.ask(query, { of }))._entities[0].stock.byWarehouse;
};
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

describe('stockAdjust', () => {
  test('changes what is on hand with its reason, and tells it once', async () => {
    const here = await shop.warehouse();
    const [variant] = await shop.variants();
    const id = variant?.id ?? '';
    const input = {
      idempotencyKey: key(),
      variantId: id,
      warehouseId: here,
      delta: 7,
      reason: 'RECEIVED',
      reference: 'LS 4711',
      note: 'Größe „M“ 🙂',
    };
    const stock = { variantId: id, onHand: 7, reserved: 0, sold: 0, available: 7, version: 1 };
    const facts = await shop.factsOf(async () => {
      for (const _ of [1, 2]) expect(await shop.change('stockAdjust', input)).toMatchObject({ stock });
    });
    expect(facts).toEqual([
      { type: 'inventory.stock_changed', warehouseId: here, ...stock },
      { type: 'inventory.stock_recovered', variantId: id, available: 7 },
    ]);
    const query = `query ($id: ID!) { stockMovements(variantId: $id) { nodes {
      delta reason reference note actor warehouse { id } } } }`;
    expect((await shop.ask(query, { id })).stockMovements.nodes).toEqual([
      {
        delta: 7,
        reason: 'RECEIVED',
        reference: 'LS 4711',
        note: 'Größe „M“ 🙂',
        actor: 'staff:tester',
        warehouse: { id: here },
      },
    ]);
  });

  test('takes away only what is free, and only from the version it was read at', async () => {
    const here = await shop.warehouse();
    const { id } = await shop.stocked(here, 5);
    await shop.reserve([[id, 4]]);
    expect(await shop.adjust(id, here, -2)).toMatchObject({ __typename: 'StockCommitted', available: 1 });
    const one = { variantId: id, warehouseId: here, delta: -1, reason: 'DAMAGED' };
    expect(await shop.change('stockAdjust', { ...one, expectedVersion: 1 })).toMatchObject({
      __typename: 'VersionConflict',
      expected: 1,
      actual: 2,
    });
    expect(await shop.change('stockAdjust', { ...one, expectedVersion: 2 })).toMatchObject({
      stock: { onHand: 4, reserved: 4, available: 0, version: 3 },
    });
  });

  test('names what it does not find', async () => {
    const here = await shop.warehouse();
    const { id } = await shop.stocked(here, 1);
    const missing = randomUUID();
    expect(await shop.adjust(missing, here, 1)).toMatchObject({ __typename: 'VariantNotFound' });
    expect(await shop.adjust(id, missing, 1)).toMatchObject({
      __typename: 'WarehouseNotFound',
      warehouseId: missing,
    });
    expect(await shop.adjust('?', here, 1)).toMatchObject({ __typename: 'VariantNotFound', variantId: '?' });
    expect(await shop.adjust(id, '?', 1)).toMatchObject({ __typename: 'WarehouseNotFound' });
  });

  test('tells each crossing of the threshold once', async () => {
    const here = await shop.warehouse();
    const { id } = await shop.stocked(here, 10);
    await shop.change('stockPolicySet', { variantId: id, kind: 'DENY', lowStockThreshold: 3 });
    const facts = await shop.factsOf(async () => {
      await shop.reserve([[id, 6]]);
      const { reservation } = await shop.reserve([[id, 2]]);
      await shop.reserve([[id, 1]]);
      await shop.change('reservationRelease', { reservationId: reservation.id });
      await shop.adjust(id, here, 1);
    });
    expect(facts.filter(({ type }) => /low|recovered/.test(type))).toEqual([
      { type: 'inventory.stock_low', variantId: id, available: 2, threshold: 3 },
      { type: 'inventory.stock_recovered', variantId: id, available: 4 },
    ]);
  });

  test('cannot be undone in the ledger', async () => {
    const here = await shop.warehouse();
    const { id } = await shop.stocked(here, 1);
    for (const statement of [
      sql`update movements set delta = 2 where variant_id = ${id}`,
      sql`delete from movements where variant_id = ${id}`,
      sql`truncate movements`,
    ]) {
      await expect(shop.db.execute(statement)).rejects.toMatchObject({
        cause: { message: expect.stringContaining('append-only') },
      });
    }
  });

  test('and no other statement can oversell', async () => {
    const here = await shop.warehouse();
    const { id } = await shop.stocked(here, 1);
    await expect(
      shop.db.execute(sql`update stock set reserved = 2 where variant_id = ${id}`),
    ).rejects.toMatchObject({ cause: { constraint_name: 'stock_is_never_oversold' } });
  });
});

describe('stockTakeRecord', () => {
  test('allows for what was sold between the count and the call, and counts once', async () => {
    const here = await shop.warehouse();
    const [a, b] = [await shop.stocked(here, 10), await shop.stocked(here, 5)];
    await shop.backdateMovements([a.id, b.id], '1 hour');
    const countedAt = minutesAgo(10);
    const { reservation } = await shop.reserve([[a.id, 2]]);
    await shop.change('reservationConfirm', { reservationId: reservation.id });
    await shop.change('reservationShip', { reservationId: reservation.id });

    const count = {
      warehouseId: here,
      countedAt,
      lines: [
        { sku: a.sku, counted: 9 },
        { sku: b.sku, counted: 5 },
        { sku: 'NO-SUCH-SKU', counted: 1 },
      ],
    };
    const recorded = {
      __typename: 'StockTakeRecorded',
      adjusted: 1,
      unchanged: 1,
      refused: [{ index: 2, sku: 'NO-SUCH-SKU', message: 'No variant has this SKU.' }],
    };
    const first = { idempotencyKey: key(), ...count };
    expect(await shop.change('stockTakeRecord', first)).toEqual(recorded);
    expect(await shop.change('stockTakeRecord', first)).toEqual(recorded);
    expect(await shelvesOf(a.id)).toMatchObject([{ onHand: 7 }]);
    // The same count under another key finds nothing to change.
    expect(await shop.change('stockTakeRecord', count)).toMatchObject({ adjusted: 0, unchanged: 2 });
  });

  test('leaves out lines that a later count has overtaken, or that promise more than there is', async () => {
    const here = await shop.warehouse();
    const [a, b] = [await shop.stocked(here, 10), await shop.stocked(here, 5)];
    await shop.backdateMovements([a.id, b.id], '1 hour');
    await shop.reserve([[b.id, 4]]);
    const count = (countedAt: string, counted: number) => ({
      warehouseId: here,
      countedAt,
      lines: [{ sku: a.sku, counted }],
    });
    await shop.change('stockTakeRecord', count(minutesAgo(5), 8));
    expect(await shop.change('stockTakeRecord', count(minutesAgo(6), 10))).toMatchObject({
      adjusted: 0,
      refused: [{ index: 0, message: expect.stringContaining('counted again later') }],
    });
    const lines = [{ sku: b.sku, counted: 3 }];
    expect(await shop.change('stockTakeRecord', { ...count(minutesAgo(1), 0), lines })).toMatchObject({
      refused: [{ index: 0, message: expect.stringContaining('Only 1 pieces are free') }],
    });
    expect(await shelvesOf(a.id)).toMatchObject([{ onHand: 8 }]);
  });
});

describe('warehouseFeedApply', () => {
  test('applies each reference once, forever, whatever feed it comes in', async () => {
    const here = await shop.warehouse();
    const [a, b] = await shop.variants(2);
    const line = (reference: string, sku: string | undefined, delta: number) => ({
      reference,
      sku,
      delta,
      reason: 'RECEIVED',
    });
    const feed = (lines: object[]) => shop.change('warehouseFeedApply', { warehouseId: here, lines });
    expect(await feed([line('1', a?.sku, 5), line('2', b?.sku, 3), line('2', b?.sku, 3)])).toMatchObject({
      applied: 2,
      repeated: 1,
      refused: [],
    });
    expect(await feed([line('2', b?.sku, 3), line('3', a?.sku, -6), line('4', a?.sku, -5)])).toMatchObject({
      applied: 1,
      repeated: 1,
      refused: [{ index: 1, sku: a?.sku, message: expect.stringContaining('Only 5 pieces are free') }],
    });
    expect(await shelvesOf(a?.id ?? '')).toMatchObject([{ onHand: 0 }]);
    expect(await shelvesOf(b?.id ?? '')).toMatchObject([{ onHand: 3 }]);
  });

  test('finds a variant by its SKU as a person types it from a label', async () => {
    const here = await shop.warehouse();
    const [variant] = await shop.variants();
    const typed = variant?.sku.toLowerCase().replace('sku', 'ｓｋｕ');
    const lines = [{ reference: 'typed', sku: typed, delta: 4, reason: 'FOUND' }];
    expect(await shop.change('warehouseFeedApply', { warehouseId: here, lines })).toMatchObject({
      applied: 1,
    });
    const counted = [{ sku: typed, counted: 4 }];
    const count = { warehouseId: here, countedAt: minutesAgo(0), lines: counted };
    expect(await shop.change('stockTakeRecord', count)).toMatchObject({ unchanged: 1, refused: [] });
    const twice = { ...count, lines: [...counted, { sku: variant?.sku, counted: 4 }] };
    expect(await shop.change('stockTakeRecord', twice)).toMatchObject({
      problems: [{ path: ['lines', '1', 'sku'], message: 'is counted twice' }],
    });
  });

  test('takes 10,000 lines, and goes on where it was cut off', async () => {
    const here = await shop.warehouse();
    const variants = await shop.variants(500);
    const lines = Array.from({ length: 10_000 }, (_, index) => ({
      reference: `line-${index}`,
      sku: variants[index % variants.length]?.sku,
      delta: 1,
      reason: 'RECEIVED',
    }));
    const input = { idempotencyKey: key(), warehouseId: here, lines };
    const applied = { __typename: 'WarehouseFeedApplied', applied: 10_000, repeated: 0, refused: [] };
    expect(await shop.change('warehouseFeedApply', input)).toEqual(applied);
    // As after a crash in the middle: of parts 30 to 39, of 250 lines each, nobody knows that they were done.
    await shop.db.execute(sql`delete from idempotency_keys where key like ${`${input.idempotencyKey}.3_`}`);
    expect(await shop.change('warehouseFeedApply', input)).toMatchObject({ applied: 7_500, repeated: 2_500 });
    const other = { ...input, lines: lines.slice(1) };
    expect(await shop.change('warehouseFeedApply', other)).toMatchObject({
      __typename: 'IdempotencyConflict',
    });
    expect(await shelvesOf(variants[499]?.id ?? '')).toMatchObject([{ onHand: 20 }]);
    const one = [...lines, { reference: 'one too many', sku: 'X', delta: 1, reason: 'FOUND' }];
    expect(await shop.change('warehouseFeedApply', { warehouseId: here, lines: one })).toMatchObject({
      __typename: 'InvalidInput',
      problems: [{ path: ['lines'] }],
    });
  });
});

describe('warehouseSave and stockPolicySet', () => {
  test('change the warehouse with the code, and publish it', async () => {
    const fields = {
      code: `P-${randomUUID().slice(0, 6).toUpperCase()}`,
      name: 'Pöstlingberg 🏔',
      region: 'AT',
    };
    const facts = await shop.factsOf(async () => {
      const { warehouse } = await shop.change('warehouseSave', fields);
      expect(warehouse).toMatchObject({ ...fields, servesRegions: null, priority: 100, isActive: true });
      const changed = { ...fields, servesRegions: ['DE', 'AT', 'DE'], priority: 5, isActive: false };
      expect((await shop.change('warehouseSave', changed)).warehouse).toEqual({
        id: warehouse.id,
        ...changed,
        servesRegions: ['AT', 'DE'],
      });
    });
    expect(facts.map(({ type, code }) => [type, code])).toEqual([
      ['inventory.warehouse_saved', fields.code],
      ['inventory.warehouse_saved', fields.code],
    ]);
  });

  test('refuse a policy that makes no sense, and keep the key for the one that does', async () => {
    const here = await shop.warehouse();
    const { id } = await shop.stocked(here, 1);
    const set = (policy: object) => shop.change('stockPolicySet', { variantId: id, ...policy });
    const pathsOf = ({ problems }: Answer) => problems.map(({ path }: Answer) => path.join('.'));
    expect(pathsOf(await set({ kind: 'DENY', limit: 1 }))).toEqual(['limit']);
    expect(pathsOf(await set({ kind: 'BACKORDER', preorderUntil: minutesAgo(-9) }))).toEqual([
      'limit',
      'preorderUntil',
    ]);
    expect(pathsOf(await set({ kind: 'PREORDER', limit: 1_000_001 }))).toEqual(['limit', 'preorderUntil']);
    const idempotencyKey = key();
    const preorder = { idempotencyKey, kind: 'PREORDER', limit: 5 };
    expect(pathsOf(await set({ ...preorder, preorderUntil: minutesAgo(1) }))).toEqual(['preorderUntil']);
    const facts = await shop.factsOf(async () => {
      const done = { __typename: 'StockPolicyChanged', variant: { id } };
      expect(await set({ ...preorder, preorderUntil: minutesAgo(-60) })).toEqual(done);
    });
    expect(facts).toContainEqual({ type: 'inventory.policy_changed', variantId: id, kind: 'PREORDER' });
    expect(await shop.change('stockPolicySet', { variantId: randomUUID(), kind: 'DENY' })).toMatchObject({
      __typename: 'VariantNotFound',
    });
  });
});

describe('every mutation', () => {
  const id = randomUUID();
  const reservation = { reservationId: id };
  const line = { reference: 'r', sku: 's', delta: 1, reason: 'FOUND' };
  const valid: Record<string, object> = {
    warehouseSave: { code: 'W', name: 'W', region: 'DE' },
    stockPolicySet: { variantId: id, kind: 'DENY' },
    stockAdjust: { variantId: id, warehouseId: id, delta: 1, reason: 'FOUND' },
    stockTakeRecord: { warehouseId: id, countedAt: minutesAgo(1), lines: [{ sku: 's', counted: 1 }] },
    warehouseFeedApply: { warehouseId: id, lines: [line] },
    stockReserve: { lines: [{ variantId: id, quantity: 1 }] },
    reservationConfirm: reservation,
    reservationRelease: reservation,
    reservationExtend: { ...reservation, holdSeconds: 60 },
    reservationShip: reservation,
  };

  test.each(Object.keys(valid))('%s is closed to strangers and to the wrong scope', async (mutation) => {
    for (const viewer of [anonymous, staff('catalogue:write'), staff('stock:read')]) {
      const { data, errors } = await shop.run(mutation, valid[mutation] ?? {}, viewer);
      expect(data?.[mutation] ?? null).toBeNull();
      expect(errors?.[0].extensions.code).toMatch(/^(UNAUTHENTICATED|FORBIDDEN)/);
    }
  });

  test.each(Object.keys(valid))('%s refuses a key that is none', async (mutation) => {
    for (const idempotencyKey of [
      '',
      'short',
      'has a blank in it, so is none',
      'ü'.repeat(20),
      'x'.repeat(256),
    ]) {
      expect(await shop.change(mutation, { ...valid[mutation], idempotencyKey })).toMatchObject({
        __typename: 'InvalidInput',
        problems: [{ path: ['idempotencyKey'] }],
      });
    }
  });

  const long = 'x'.repeat(1_001);
  const wrong: [string, object, string][] = [
    ['stockReserve', { lines: [] }, 'lines'],
    ['stockReserve', { lines: Array(101).fill({ variantId: id, quantity: 1 }) }, 'lines'],
    ['stockReserve', { lines: [{ variantId: id, quantity: 0 }] }, 'lines.0.quantity'],
    ['stockReserve', { lines: [{ variantId: id, quantity: -1 }] }, 'lines.0.quantity'],
    ['stockReserve', { lines: [{ variantId: id, quantity: 100_001 }] }, 'lines.0.quantity'],
    ['stockReserve', { holdSeconds: 0 }, 'holdSeconds'],
    ['stockReserve', { holdSeconds: 86_401 }, 'holdSeconds'],
    ['reservationExtend', { holdSeconds: -5 }, 'holdSeconds'],
    ['stockAdjust', { delta: 0 }, 'delta'],
    ['stockAdjust', { delta: 10_000_001 }, 'delta'],
    ['stockAdjust', { note: long }, 'note'],
    ['stockAdjust', { reference: 'two\nlines' }, 'reference'],
    ['stockAdjust', { expectedVersion: -1 }, 'expectedVersion'],
    ['stockTakeRecord', { countedAt: minutesAgo(-1) }, 'countedAt'],
    ['stockTakeRecord', { countedAt: minutesAgo(8 * 24 * 60) }, 'countedAt'],
    ['stockTakeRecord', { lines: [{ sku: 's', counted: -1 }] }, 'lines.0.counted'],
    ['stockTakeRecord', { lines: Array(2).fill({ sku: 's', counted: 1 }) }, 'lines.1.sku'],
    [
      'stockTakeRecord',
      { lines: Array.from({ length: 10_001 }, (_, n) => ({ sku: `s${n}`, counted: 1 })) },
      'lines',
    ],
    ['warehouseFeedApply', { lines: [{ ...line, reference: ' ' }] }, 'lines.0.reference'],
    ['warehouseFeedApply', { lines: [{ ...line, sku: 'a\u0000b' }] }, 'lines.0.sku'],
    ['warehouseSave', { code: 'lower case' }, 'code'],
    ['warehouseSave', { priority: 1_001 }, 'priority'],
    ['warehouseSave', { servesRegions: [] }, 'servesRegions'],
  ];
  test.each(wrong)('%s refuses %j', async (mutation, part, path) => {
    const refused = await shop.change(mutation, { ...valid[mutation], ...part });
    expect(refused.problems.map((problem: Answer) => problem.path.join('.'))).toContain(path);
  });

  test.each([2 ** 31, 2 ** 53, 1.5, '1'])('refuses %j pieces before it asks anything', async (quantity) => {
    const { errors, statements } = await shop.run('stockReserve', { lines: [{ variantId: id, quantity }] });
    expect(errors?.[0].extensions.code).toBe('BAD_USER_INPUT');
    expect(statements).toBe(0);
  });
});
