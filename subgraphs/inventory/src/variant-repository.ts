import type { Reader, Transaction } from '@storegraph/postgres';
import { eq, sql } from 'drizzle-orm';
import type { Policy } from './stock-domain.ts';
import { variants } from './tables.ts';

/** A variant as its publisher tells it. */
export type ToldVariant = { readonly variantId: string; readonly productId: string; readonly sku: string };

/** A variant that was removed stays removed. */
export const saveVariant = async (
  tx: Transaction,
  { variantId, productId, sku }: ToldVariant,
): Promise<void> => {
  await tx.execute(sql`insert into variants (variant_id, product_id, sku)
    values (${variantId}, ${productId}, ${sku})
    on conflict (variant_id) do update set product_id = excluded.product_id, sku = excluded.sku`);
};

/** The row stays, with its stock, which is still on the shelves; and so that a late fact does not bring it back. */
export const removeVariant = async (
  tx: Transaction,
  { variantId, productId, sku }: ToldVariant,
): Promise<void> => {
  await tx.execute(sql`insert into variants as known (variant_id, product_id, sku, removed_at)
    values (${variantId}, ${productId}, ${sku}, now())
    on conflict (variant_id) do update set removed_at = coalesce(known.removed_at, now())`);
};

export const hasVariant = async (reader: Reader, variantId: string): Promise<boolean> => {
  const rows = await reader.select({ id: variants.id }).from(variants).where(eq(variants.id, variantId));
  return rows.length > 0;
};

/**
 * The variants that SKUs stand for. A SKU may have gone to another variant; what lies on the shelves of one that
 * was removed can still be counted and moved.
 */
export const variantsBySku = async (
  reader: Reader,
  skus: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const rows = await reader.execute<{ sku: string; variant_id: string }>(sql`
    select distinct on (sku) sku, variant_id from variants where sku = any(${sql.param([...skus])}::text[])
    order by sku, removed_at desc nulls first`);
  return new Map([...rows].map((row) => [row.sku, row.variant_id]));
};

/** Whether a preorder that ends at this instant would be over, by the database's clock. */
export const isPast = async (reader: Reader, instant: Date): Promise<boolean> => {
  const [row] = await reader.execute<{ past: boolean }>(
    sql`select ${instant.toISOString()}::timestamptz <= now() as past`,
  );
  return row?.past ?? true;
};

/** Writes a policy: what is said of the variant, and the bound on the one shelf that carries it. */
export const savePolicy = async (
  tx: Transaction,
  variantId: string,
  policy: Policy,
  placed: { readonly warehouseId: string; readonly limit: number } | null,
): Promise<void> => {
  const until = policy.preorderUntil?.toISOString() ?? null;
  await tx.execute(sql`update variants set policy = ${policy.kind}::policy_kind,
    preorder_until = ${until}::timestamptz, low_stock_threshold = ${policy.lowStockThreshold}
    where variant_id = ${variantId}`);
  // The old bound goes first: a variant has one at most.
  await tx.execute(sql`update stock set backorder_limit = 0, backorder_until = null, version = version + 1
    where variant_id = ${variantId} and backorder_limit > 0
      and warehouse_id is distinct from ${placed?.warehouseId ?? null}::uuid`);
  if (!placed) return;
  await tx.execute(sql`insert into stock as shelf (variant_id, warehouse_id, backorder_limit, backorder_until, version)
    values (${variantId}, ${placed.warehouseId}, ${placed.limit}, ${until}::timestamptz, 1)
    on conflict (variant_id, warehouse_id) do update set backorder_limit = excluded.backorder_limit,
      backorder_until = excluded.backorder_until, version = shelf.version + 1`);
};
