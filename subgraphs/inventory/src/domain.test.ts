import { describe, expect, test } from 'vitest';
import { addTallies, inParts, lineRefusals, type Tally } from './movement-domain.ts';
import { addUp, cartFingerprint, messageOf, reservationIdOf } from './reservation-domain.ts';
import { routeTo, type Warehouse } from './routing-domain.ts';
import { noStock, placePolicy, type Shelf, stockIn } from './stock-domain.ts';

const warehouse = (id: string, fields: Partial<Warehouse> = {}): Warehouse => ({
  id,
  code: id.toUpperCase(),
  name: id,
  region: 'DE',
  servesRegions: null,
  priority: 100,
  isActive: true,
  ...fields,
});
const shelf = (warehouseId: string, onHand: number, fields: Partial<Shelf> = {}): Shelf => ({
  variantId: 'v',
  warehouseId,
  onHand,
  reserved: 0,
  sold: 0,
  version: 1,
  room: 0,
  ...fields,
});

describe('a route', () => {
  const idsTo = (warehouses: readonly Warehouse[], region: string | null) =>
    routeTo(warehouses, region).map(({ id }) => id);

  test('asks warehouses in the region first, then by priority, then by code', () => {
    const all = [
      warehouse('far', { region: 'NL', priority: 1 }),
      warehouse('b', { priority: 50 }),
      warehouse('a', { priority: 50 }),
      warehouse('near', { priority: 40 }),
    ];
    expect(idsTo(all, 'DE')).toEqual(['near', 'a', 'b', 'far']);
    expect(idsTo(all, 'NL')).toEqual(['far', 'near', 'a', 'b']);
    expect(idsTo(all, null)).toEqual(['far', 'near', 'a', 'b']);
  });

  test('to a state asks those in it first, then those in its country; what ships to a country ships to its states', () => {
    const all = [
      warehouse('de'),
      warehouse('ny', { region: 'US-NY', priority: 2 }),
      warehouse('us', { region: 'US', priority: 1, servesRegions: ['US'] }),
      warehouse('ca', { region: 'US-CA', priority: 9, servesRegions: ['US-CA'] }),
    ];
    expect(idsTo(all, 'US-CA')).toEqual(['ca', 'us', 'ny', 'de']);
    expect(idsTo(all, 'US')).toEqual(['us', 'ny', 'de']);
    expect(idsTo(all, 'CA')).toEqual(['ny', 'de']);
  });

  test('leaves out those that are closed or do not ship there', () => {
    const all = [
      warehouse('closed', { isActive: false }),
      warehouse('at', { servesRegions: ['AT'] }),
      warehouse('all'),
    ];
    expect(idsTo(all, 'DE')).toEqual(['all']);
    expect(idsTo(all, 'AT')).toEqual(['all', 'at']);
    expect(idsTo([], 'AT')).toEqual([]);
  });
});

describe('stock', () => {
  const all = [
    warehouse('a'),
    warehouse('at', { servesRegions: ['AT'] }),
    warehouse('x', { isActive: false }),
  ];
  const variant = { ...noStock, lowStockThreshold: 2 };

  test('adds up what a region can have', () => {
    const shelves = [shelf('a', 5, { reserved: 1, sold: 1 }), shelf('at', 4), shelf('x', 9)];
    expect(stockIn({ ...variant, shelves }, all, 'DE')).toMatchObject({ available: 3, status: 'IN_STOCK' });
    expect(stockIn({ ...variant, shelves }, all, 'AT')).toMatchObject({ available: 7 });
    expect(stockIn({ ...variant, shelves }, all, null)).toMatchObject({ available: 7 });
  });

  test('says in a word how it stands', () => {
    const status = (onHand: number, fields: object = {}, room = 0) =>
      stockIn({ ...variant, shelves: [shelf('a', onHand, { room })], ...fields }, all, 'DE').status;
    expect(status(3)).toBe('IN_STOCK');
    expect(status(2)).toBe('LOW');
    expect(status(0)).toBe('OUT_OF_STOCK');
    expect(status(0, { policy: 'BACKORDER' }, 5)).toBe('BACKORDER');
    expect(status(0, { policy: 'PREORDER' }, 5)).toBe('PREORDER');
    expect(status(0, { policy: 'PREORDER' }, 0)).toBe('OUT_OF_STOCK');
  });

  test('promised pieces are no stock elsewhere, and use the bound up', () => {
    const shelves = [shelf('a', 0, { sold: 3, room: 5 }), shelf('at', 2)];
    const policy = 'BACKORDER' as const;
    expect(stockIn({ ...variant, policy, shelves }, all, 'AT')).toMatchObject({
      available: 2,
      backorderable: 2,
    });
  });
});

describe('a policy', () => {
  const backorder = { kind: 'BACKORDER', limit: 5 } as const;
  const all = [warehouse('first', { priority: 1 }), warehouse('second', { priority: 2 })];

  test('lies on the first open warehouse that has had the variant, or on the first of all', () => {
    const placed = (warehouseId: string) => ({ placed: { warehouseId, limit: 5 } });
    expect(placePolicy(backorder, [], all)).toEqual(placed('first'));
    expect(placePolicy(backorder, [shelf('second', 0)], all)).toEqual(placed('second'));
    expect(placePolicy({ kind: 'DENY', limit: 0 }, [shelf('first', 0)], all)).toEqual({ placed: null });
    expect(placePolicy(backorder, [], [])).toEqual({ nowhere: true });
  });

  test('stays where pieces are promised, and cannot forbid them', () => {
    const owing = [shelf('first', 9), shelf('second', 0, { sold: 4, room: 5 })];
    expect(placePolicy(backorder, owing, all)).toEqual({ placed: { warehouseId: 'second', limit: 5 } });
    expect(placePolicy({ ...backorder, limit: 3 }, owing, all)).toEqual({ tooTight: 4 });
    expect(placePolicy({ kind: 'DENY', limit: 0 }, owing, all)).toEqual({ tooTight: 4 });
  });
});

describe('a cart', () => {
  const line = (variantId: string, quantity: number) => ({ variantId, quantity });

  test('adds up its lines of one variant, in their order', () => {
    expect(addUp([line('b', 1), line('a', 2), line('b', 3)])).toEqual([line('b', 4), line('a', 2)]);
  });

  test('has a fingerprint that any difference changes', () => {
    const prints = [
      cartFingerprint([line('a', 1)], null, 900),
      cartFingerprint([line('a', 1)], 'DE', 900),
      cartFingerprint([line('a', 1)], null, 901),
      cartFingerprint([line('a', 11)], null, 900),
      cartFingerprint([line('a', 1), line('a', 1)], null, 900),
    ];
    expect(new Set(prints).size).toBe(prints.length);
    expect(cartFingerprint([line('a', 1)], null, 900)).toBe(prints[0]);
  });

  test('has one reservation id for a caller and a key', () => {
    const id = reservationIdOf('staff:1', 'key');
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(reservationIdOf('staff:1', 'key')).toBe(id);
    expect(new Set([id, reservationIdOf('staff:2', 'key'), reservationIdOf('staff:1', 'other')]).size).toBe(
      3,
    );
  });
});

describe('lines', () => {
  test('that were applied in parts are told of as one request', () => {
    const tally = (fields: Partial<Tally>): Tally => ({
      applied: 0,
      unchanged: 0,
      repeated: 0,
      refused: [],
      hasWarehouse: true,
      ...fields,
    });
    const parts = [
      tally({ applied: 2 }),
      tally({ applied: 1, repeated: 1, refused: [{ line: 1, code: 'committed', figure: 3 }] }),
    ];
    const sum = addTallies(parts, 2);
    expect(sum).toMatchObject({ applied: 3, repeated: 1, refused: [{ line: 3 }] });
    expect(lineRefusals(sum, [{ sku: 'a' }, { sku: 'b' }, { sku: 'c' }, { sku: 'd' }])).toEqual([
      { index: 3, sku: 'd', message: expect.stringContaining('Only 3 pieces are free') },
    ]);
    expect(inParts([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  });
});

test('a refusal says what is wrong and what to do', () => {
  const reservationId = 'r';
  expect(
    messageOf({ __typename: 'ReservationStateRefused', reservationId, operation: 'ship', status: 'HELD' }),
  ).toBe('The reservation cannot be shipped, because it is still held: confirm it first.');
});
