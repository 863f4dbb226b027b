import type { Reader, Transaction } from '@storegraph/postgres';
import { skuKeyOf } from '@storegraph/sku';
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
  await tx.execute(sql`insert into variants (variant_id, product_id, sku, sku_key)
    values (${variantId}, ${productId}, ${sku}, ${skuKeyOf(sku)})
    on conflict (variant_id) do update
      set product_id = excluded.product_id, sku = excluded.sku, sku_key = excluded.sku_key`);
};

/**
 * The row stays, with its stock, which is still on the shelves; and so that a late fact does not bring it back.
 * Answers whether it was there until now.
 */
export const removeVariant = async (
  tx: Transaction,
  { variantId, productId, sku }: ToldVariant,
): Promise<boolean> => {
  const rows =
    await tx.execute(sql`insert into variants as known (variant_id, product_id, sku, sku_key, removed_at)
    values (${variantId}, ${productId}, ${sku}, ${skuKeyOf(sku)}, now())
    on conflict (variant_id) do update set removed_at = now() where known.removed_at is null
    returning variant_id`);
  return rows.length > 0;
};

/** A variant of whose stock nobody has said anything yet. */
export type UntoldVariant = { readonly id: string; readonly sku: string };

/** Some of those variants, by their ids, behind one of them. */
export const variantsWithoutStock = async (
  reader: Reader,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<UntoldVariant[]> => [
  ...(await reader.execute<UntoldVariant>(sql`
    select variant_id as id, sku from variants
    where removed_at is null and policy = 'DENY' and low_stock_threshold = 0
      and not exists (select from stock where stock.variant_id = variants.variant_id)
      and (${after}::uuid is null or variant_id > ${after})
    order by variant_id limit ${limit}`)),
];

export const hasVariant = async (reader: Reader, variantId: string): Promise<boolean> => {
  const rows = await reader.select({ id: variants.id }).from(variants).where(eq(variants.id, variantId));
  return rows.length > 0;
};

/**
 * The variants that SKUs stand for, by their keys. A SKU may have gone to another variant; what lies on the shelves of one that
 * was removed can still be counted and moved.
 */
export const variantsBySku = async (
  reader: Reader,
  skus: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const rows = await reader.execute<{ sku_key: string; variant_id: string }>(sql`
    select distinct on (sku_key) sku_key, variant_id from variants
    where sku_key = any(${sql.param(skus.map(skuKeyOf))}::text[])
    order by sku_key, removed_at desc nulls first`);
  return new Map([...rows].map((row) => [row.sku_key, row.variant_id]));
};

/** Publishes that preorders are over whose date has passed, at most so many. Answers how many. */
export const endPreorders = async (reader: Reader, most: number): Promise<number> => {
  const [row] = await reader.execute<{ ended: number }>(sql`select end_preorders(${most}) as ended`);
  return row?.ended ?? 0;
};

/** Whether a preorder that ends at this instant would be over, by the database's clock. */
export const isPast = async (reader: Reader, instant: Date): Promise<boolean> => {
  const [row] = await reader.execute<{ past: boolean }>(
    sql`select ${instant.toISOString()}::timestamptz <= now() as past`,
  );
  return row?.past ?? true;
};

/** A policy of a variant, and the one shelf that carries its bound, if it has one. */
export type PlacedPolicy = {
  readonly variantId: string;
  readonly policy: Policy;
  readonly placed: { readonly warehouseId: string; readonly limit: number } | null;
};

/** Writes policies: what is said of the variants, and their bounds. */
export const savePolicies = async (tx: Transaction, policies: readonly PlacedPolicy[]): Promise<void> => {
  const rows = policies.map(({ variantId, policy, placed }) => ({
    id: variantId,
    kind: policy.kind,
    until: policy.preorderUntil,
    threshold: policy.lowStockThreshold,
    place: placed?.warehouseId ?? null,
    bound: placed?.limit ?? null,
  }));
  const said = sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
    as said (id uuid, kind policy_kind, until timestamptz, threshold integer, place uuid, bound integer)`;
  await tx.execute(sql`update variants
    set policy = said.kind, preorder_until = said.until, low_stock_threshold = said.threshold
    from ${said} where variant_id = said.id`);
  // The old bounds go first: a variant has one at most.
  await tx.execute(sql`update stock set backorder_limit = 0, backorder_until = null, version = version + 1
    from ${said} where variant_id = said.id and backorder_limit > 0 and warehouse_id is distinct from said.place`);
  await tx.execute(sql`insert into stock as shelf (variant_id, warehouse_id, backorder_limit, backorder_until, version)
    select id, place, bound, until, 1 from ${said} where place is not null
    on conflict (variant_id, warehouse_id) do update set backorder_limit = excluded.backorder_limit,
      backorder_until = excluded.backorder_until, version = shelf.version + 1`);
};
