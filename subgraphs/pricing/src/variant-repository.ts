import type { Reader, Transaction } from '@storegraph/postgres';
import { skuKeyOf } from '@storegraph/sku';
import { sql } from 'drizzle-orm';

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Whether text is an id at all. One that is not finds nothing, and Postgres would refuse to look for it. */
export const isId = (text: string): boolean => uuid.test(text);

/** A variant as its publisher tells it. */
type ToldVariant = { readonly variantId: string; readonly productId: string; readonly sku: string };

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

/** Notes that it is gone, so that a late fact does not bring it back, and forgets its prices. Answers whether it had any. */
export const removeVariant = async (
  tx: Transaction,
  { variantId, productId, sku }: ToldVariant,
): Promise<boolean> => {
  await tx.execute(sql`insert into variants as known (variant_id, product_id, sku, sku_key, removed_at)
    values (${variantId}, ${productId}, ${sku}, ${skuKeyOf(sku)}, now())
    on conflict (variant_id) do update set removed_at = now() where known.removed_at is null`);
  const rows = await tx.execute(sql`delete from prices where variant_id = ${variantId} returning 1 as gone`);
  return rows.length > 0;
};

export type KnownVariant = {
  readonly id: string;
  readonly productId: string;
  readonly sku: string;
  readonly taxCategory: string;
  /** Where its product stands, with every category above. */
  readonly categoryIds: readonly string[];
};

/** The tree has four levels; the bound keeps a circle, which only a fault could make, from holding a read. */
const maxSteps = 8;

/**
 * Those of the variants that are for sale, in no particular order. What neither its SKU nor a category above says how
 * to tax is `standard`; the nearest category decides, and of two as near the one that the product names first.
 */
export const variantsByIds = async (reader: Reader, ids: readonly string[]): Promise<KnownVariant[]> => [
  ...(await reader.execute<KnownVariant>(sql`
    with recursive wanted as materialized (
      select variant_id, product_id, sku, tax_category from variants
      where removed_at is null and variant_id = any(${sql.param(ids.filter(isId))}::uuid[])),
    above as (
      select product_id, own.place, 0 as steps, known.*
      from (select distinct product_id from wanted) as products
      join product_places using (product_id)
      cross join unnest(category_ids) with ordinality as own (id, place)
      join categories as known on known.category_id = own.id
      union all
      select above.product_id, above.place, above.steps + 1, parent.*
      from above join categories as parent on parent.category_id = above.parent_id
      where above.steps < ${maxSteps}),
    standing as (
      select product_id, array_agg(distinct category_id) as category_ids,
        (array_agg(tax_category order by steps, place) filter (where tax_category is not null))[1] as tax_category
      from above group by product_id)
    select variant_id as id, product_id as "productId", sku, coalesce(category_ids, '{}') as "categoryIds",
      coalesce(wanted.tax_category, standing.tax_category, 'standard') as "taxCategory"
    from wanted left join standing using (product_id)`)),
];

/** The variants that SKUs stand for, by the SKUs' keys. Locked against removal until the transaction ends. */
export const lockVariantsBySku = async (
  tx: Transaction,
  skus: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const rows = await tx.execute<{ skuKey: string; id: string }>(sql`
    select sku_key as "skuKey", variant_id as id from variants
    where removed_at is null and sku_key = any(${sql.param(skus.map(skuKeyOf))}::text[])
    order by variant_id for share`);
  return new Map([...rows].map(({ skuKey, id }) => [skuKey, id]));
};

/** Whether the variant is for sale. Locked against removal until the transaction ends. */
export const lockVariant = async (tx: Transaction, id: string): Promise<boolean> => {
  const rows = await tx.execute(sql`
    select 1 as there from variants where variant_id = ${id} and removed_at is null for share`);
  return rows.length > 0;
};

/** A variant that no list prices. */
export type UnpricedVariant = { readonly id: string; readonly productId: string; readonly sku: string };

/** Some of those variants, by their ids, behind one of them. */
export const variantsWithoutPrice = async (
  reader: Reader,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<UnpricedVariant[]> => [
  ...(await reader.execute<UnpricedVariant>(sql`
    select variant_id as id, product_id as "productId", sku from variants
    where removed_at is null and not exists (select from prices where prices.variant_id = variants.variant_id)
      and (${after}::uuid is null or variant_id > ${after})
    order by variant_id limit ${limit}`)),
];
