import { createHash } from 'node:crypto';
import { type Database, transaction } from '@storegraph/postgres';
import type { Viewer } from '@storegraph/server';
import { placeAll } from './policy-service.ts';
import { type SeededStock, seededStock, seededWarehouses } from './seed-domain.ts';
import { createInventory, type Inventory } from './service.ts';
import { openStockPath } from './stock-service.ts';
import { type UntoldVariant, variantsWithoutStock } from './variant-repository.ts';
import { openWarehouses } from './warehouse-service.ts';

/** How many variants are stocked at a time: enough to share feeds, few enough to hold in memory. */
const batchSize = 5_000;
/** How many policies one transaction sets, as it locks their stock. */
const policiesAtOnce = 250;

const house: Viewer = { kind: 'service', id: 'seed', scopes: new Set() };

/**
 * Opens the warehouses and gives every variant of whose stock nobody has ever said anything its own. Answers how
 * many pieces that were. A call that is cut short leaves one batch half stocked at most; a further one goes on behind it.
 */
export const seedStock = async (
  db: Database,
  { signal }: { /** Gives up between two steps. */ readonly signal?: AbortSignal | undefined } = {},
): Promise<number> => {
  const stock = openStockPath(db);
  const shop = createInventory({ db, stock, warehouses: await openWarehouses(db) });
  const warehouseIds = await openSeededWarehouses(shop);
  let pieces = 0;
  for (let after: string | null = null; ; ) {
    const variants: UntoldVariant[] = await variantsWithoutStock(db, { after, limit: batchSize });
    const last = variants.at(-1);
    if (!last) return pieces;
    const now = new Date();
    const planned = variants.map((variant) => ({ ...variant, ...seededStock(variant.sku, now) }));
    for (const [index, warehouseId] of warehouseIds.entries()) {
      signal?.throwIfAborted();
      pieces += await fillWarehouse(shop, warehouseId, planned, index);
    }
    signal?.throwIfAborted();
    await setSeededPolicies(db, shop, planned);
    after = last.id;
  }
};

type Planned = UntoldVariant & SeededStock;

const key = (...parts: readonly string[]): string =>
  `seed-${createHash('sha256').update(parts.join(' ')).digest('base64url')}`;

/** The ids of the seeded warehouses. One that is there stays as it is: it may have been changed since. */
const openSeededWarehouses = async ({ warehouses }: Inventory): Promise<string[]> => {
  const ids: string[] = [];
  for (const warehouse of seededWarehouses) {
    const known = warehouses.list().find(({ code }) => code === warehouse.code);
    ids.push(known?.id ?? (await openWarehouse(warehouses, warehouse)));
  }
  return ids;
};

const openWarehouse = async (
  warehouses: Inventory['warehouses'],
  warehouse: (typeof seededWarehouses)[number],
): Promise<string> => {
  const input = { idempotencyKey: key('warehouse', warehouse.code), isActive: true, ...warehouse };
  const outcome = await warehouses.save(house, input);
  if (outcome.__typename !== 'WarehouseSaved') throw new Error(outcome.message);
  return outcome.warehouseId;
};

/** Feeds one warehouse with its share of the variants. Answers how many pieces that were. */
const fillWarehouse = async (
  { movements }: Inventory,
  warehouseId: string,
  planned: readonly Planned[],
  index: number,
): Promise<number> => {
  const lines = planned.flatMap(({ sku, pieces }) => {
    const delta = pieces[index] ?? 0;
    return delta === 0 ? [] : [{ reference: `first-${sku}`, sku, delta, reason: 'RECEIVED' }];
  });
  if (lines.length === 0) return 0;
  const idempotencyKey = key('feed', warehouseId, ...lines.map(({ reference }) => reference));
  const outcome = await movements.feed(house, { idempotencyKey, warehouseId, lines });
  if (outcome.__typename !== 'WarehouseFeedApplied') throw new Error(outcome.message);
  const [refused] = outcome.refused;
  if (refused) throw new Error(`${refused.sku} was refused: ${refused.message}`);
  return lines.reduce((sum, { delta }) => sum + delta, 0);
};

const setSeededPolicies = async (
  db: Database,
  { warehouses }: Inventory,
  planned: readonly Planned[],
): Promise<void> => {
  const wishes = planned.flatMap(({ id: variantId, policy }) => (policy ? [{ variantId, policy }] : []));
  for (let start = 0; start < wishes.length; start += policiesAtOnce) {
    const some = wishes.slice(start, start + policiesAtOnce);
    await transaction(db, (tx) => placeAll(tx, some, warehouses));
  }
};
