import { randomUUID } from 'node:crypto';
import { createInProcessBus } from '@storegraph/events';
import { connect, type Database } from '@storegraph/postgres';
import type { Viewer } from '@storegraph/server';
import {
  brokenInvariants,
  createAsking,
  documentsOf,
  isAct,
  type Mounted,
  mountForTest,
  openPublisher,
  type Publisher,
  staff,
  untilHeard,
} from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { invariants } from './invariants.ts';
import { inventory } from './main.ts';

/** What the tests of this subgraph share: a mounted inventory beside a catalogue that publishes variants. */

export const keeper = staff('stock:read', 'stock:write', 'stock:reserve');

/** Whatever a test looks at in an answer, it states in its expectation. */
// biome-ignore lint/suspicious/noExplicitAny: answers have the shape of the operation, which is text.
export type Answer = any;

const reservation = 'reservation { id status lines { variant { id } warehouse { code } quantity } }';
const refusals = `... on UserError { message } ... on VariantNotFound { variantId }
  ... on WarehouseNotFound { warehouseId } ... on ReservationNotFound { reservationId }
  ... on InvalidInput { problems { path message } } ... on VersionConflict { expected actual }
  ... on StockCommitted { available } ... on StockPolicyTooTight { promised }
  ... on OutOfStock { lines { variantId requested available } }
  ... on ReservationStateRefused { reservation { id status } }`;
const refused = 'refused { index sku message }';
const successes: Readonly<Record<string, string>> = {
  warehouseSave:
    '... on WarehouseSaved { warehouse { id code name region servesRegions priority isActive } }',
  stockPolicySet: '... on StockPolicyChanged { variant { id } }',
  stockAdjust: '... on StockAdjusted { stock { variantId onHand reserved sold available version } }',
  stockTakeRecord: `... on StockTakeRecorded { adjusted unchanged ${refused} }`,
  warehouseFeedApply: `... on WarehouseFeedApplied { applied repeated ${refused} }`,
  stockReserve: `... on StockReserved { ${reservation} }`,
  reservationConfirm: `... on ReservationConfirmed { ${reservation} }`,
  reservationRelease: `... on ReservationReleased { ${reservation} }`,
  reservationExtend: `... on ReservationExtended { ${reservation} }`,
  reservationShip: `... on ReservationShipped { ${reservation} }`,
};

const partsOf = (fragments: string): string[] => fragments.split(/(?=\.\.\. on )/);
const documentOf = documentsOf('inventory', (mutation) => [
  ...partsOf(successes[mutation] ?? ''),
  ...partsOf(refusals),
]);

export const openInventory = async () => {
  const bus = createInProcessBus();
  const mounted = await mountForTest(inventory, { bus });
  const db = connect({ url: mounted.url, schema: 'inventory', name: 'test' });
  const catalogue = await openPublisher(mounted.url, 'product');
  bus.register(catalogue.events);
  const asking = createRequests(mounted);
  /** What was published while the work ran, in order. */
  const factsOf = async (work: () => Promise<unknown>): Promise<Answer[]> => {
    const before = await mounted.log.head();
    await work();
    return (
      (await mounted.log.read(before, 1_000))
        // That is the clock's doing, whatever is done meanwhile.
        .filter(({ type }) => type !== 'inventory.preorder_ended' && !isAct(type))
        .map(({ type, data }) => ({ type, ...data }))
    );
  };
  return {
    ...mounted,
    ...asking,
    ...createShelves(asking.change, catalogue, db),
    ...createClock(db),
    db,
    catalogue,
    factsOf,
    broken: () => brokenInvariants(db, invariants),
    stop: async () => {
      await catalogue.close();
      await db.close();
      await mounted.stop();
    },
  };
};

type Change = (mutation: string, input: object) => Promise<Answer>;

/** As the keeper of the stock, unless somebody else is named. */
const createRequests = (mounted: Mounted) => {
  const asking = createAsking(mounted, documentOf);
  const change: Change = (mutation, input) => asking.change(keeper, mutation, input);
  return {
    run: (mutation: string, input: object, viewer: Viewer = keeper) => asking.run(viewer, mutation, input),
    change,
    ask: (query: string, variables: object = {}, viewer: Viewer = keeper): Promise<Answer> =>
      asking.ask(viewer, query, variables),
    reserve: (lines: readonly (readonly [string, number])[], more: object = {}): Promise<Answer> =>
      change('stockReserve', {
        lines: lines.map(([variantId, quantity]) => ({ variantId, quantity })),
        ...more,
      }),
  };
};

/** Warehouses and variants that no other test uses. */
const createShelves = (change: Change, catalogue: Publisher, db: Database) => {
  const warehouse = async (fields: object = {}): Promise<string> => {
    const code = `W${randomUUID().slice(0, 8).toUpperCase()}`;
    const saved = await change('warehouseSave', { code, name: code, region: 'DE', ...fields });
    return saved.warehouse.id;
  };
  /** Waits until the inventory has heard everything the catalogue has published. */
  const told = () => untilHeard(db, catalogue);
  /** Variants that the catalogue has just published. */
  const variants = async (count = 1): Promise<{ id: string; sku: string }[]> => {
    const made = Array.from({ length: count }, () => ({ id: randomUUID(), sku: `SKU-${randomUUID()}` }));
    await catalogue.publish(
      made.map(({ id, sku }) => ({
        type: 'product.variant_created',
        aggregateId: id,
        data: { variantId: id, productId: randomUUID(), sku },
      })),
    );
    await told();
    return made;
  };
  const adjust = (variantId: string, warehouseId: string, delta: number): Promise<Answer> =>
    change('stockAdjust', { variantId, warehouseId, delta, reason: delta > 0 ? 'RECEIVED' : 'LOST' });
  /** A variant with so many pieces in a warehouse. */
  const stocked = async (warehouseId: string, pieces: number): Promise<{ id: string; sku: string }> => {
    const [variant] = await variants();
    if (!variant) throw new Error('No variant was made.');
    await adjust(variant.id, warehouseId, pieces);
    return variant;
  };
  return { warehouse, told, variants, adjust, stocked };
};

/** Lets time pass in the database, without waiting for it. */
const createClock = (db: Database) => ({
  /** A hold's time is over. */
  age: (reservationId: string) =>
    db.execute(sql`update reservations set expires_at = now() - interval '1 second'
      where reservation_id = ${reservationId}`),
  /** The date of a variant's preorder is over. */
  passPreorders: async (variantId: string) => {
    await db.execute(sql`update variants set preorder_until = now() - interval '1 second'
      where variant_id = ${variantId}`);
    await db.execute(sql`update stock set backorder_until = preorder_until from variants
      where variants.variant_id = stock.variant_id and stock.variant_id = ${variantId} and backorder_limit > 0`);
  },
  /** What came so far came longer ago, so that a count can be older than the test. */
  backdateMovements: async (ids: readonly string[], by: string) => {
    await db.execute(sql.raw('alter table movements disable trigger movements_are_append_only'));
    await db.execute(sql`update movements set occurred_at = occurred_at - ${by}::interval
      where variant_id = any(${sql.param([...ids])}::uuid[])`);
    await db.execute(sql.raw('alter table movements enable trigger movements_are_append_only'));
  },
  /** Ends holds past their time. */
  sweep: () => db.execute(sql`select expire_reservations(1000)`),
});

export type TestInventory = Awaited<ReturnType<typeof openInventory>>;
