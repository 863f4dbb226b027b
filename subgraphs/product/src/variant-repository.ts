import type { Reader, Transaction } from '@storegraph/postgres';
import type { Viewer } from '@storegraph/server';
import { skuKeyOf } from '@storegraph/sku';
import { and, asc, eq, isNull, or, type SQL, sql } from 'drizzle-orm';
import { isWritable } from './attribute-domain.ts';
import { isId } from './listing-domain.ts';
import { visibleTo } from './repository.ts';
import { products, variants } from './tables.ts';
import type { Variant } from './variant-domain.ts';

/** A variant as it is read, with the names of its product's options. */
export type VariantRow = Variant & { readonly optionNames: readonly string[] };

const columns = {
  id: variants.id,
  productId: variants.productId,
  sku: variants.sku,
  optionValues: variants.optionValues,
  barcode: variants.barcode,
  weightGrams: variants.weightGrams,
  position: variants.position,
};

const isThere = isNull(variants.removedAt);

/** Variants by ids and by SKUs, in one statement. */
export const variantsByReferences = (
  reader: Reader,
  viewer: Viewer,
  { ids, skus }: { readonly ids: readonly string[]; readonly skus: readonly string[] },
): Promise<VariantRow[]> =>
  readVariants(
    reader,
    viewer,
    // Two indexes, each with its own list: the planner joins their bitmaps.
    or(
      sql`${variants.id} = any(${sql.param(ids.filter(isId))}::uuid[])`,
      sql`${variants.skuKey} = any(${sql.param(skus.filter(isWritable).map(skuKeyOf))}::text[])`,
    ),
  );

/** The variants of products, in their order. */
export const variantsOf = (
  reader: Reader,
  viewer: Viewer,
  productIds: readonly string[],
): Promise<VariantRow[]> =>
  readVariants(reader, viewer, sql`${variants.productId} = any(${sql.param([...productIds])}::uuid[])`);

const readVariants = async (reader: Reader, viewer: Viewer, which: SQL | undefined): Promise<VariantRow[]> =>
  reader
    .select({ ...columns, optionNames: products.optionNames })
    .from(variants)
    .innerJoin(products, eq(products.id, variants.productId))
    .where(and(which, isThere, visibleTo(viewer)))
    .orderBy(asc(variants.productId), asc(variants.position));

/** All variants of a product that is held, in their order. */
export const variantsOfProduct = async (tx: Transaction, productId: string): Promise<Variant[]> =>
  tx
    .select(columns)
    .from(variants)
    .where(and(eq(variants.productId, productId), isThere))
    .orderBy(asc(variants.position));

/** The product a variant belongs to, so that it can be held before the variant is read. */
export const productIdOfVariant = async (reader: Reader, variantId: string): Promise<string | null> => {
  if (!isId(variantId)) return null;
  const [row] = await reader
    .select({ productId: variants.productId })
    .from(variants)
    .where(and(eq(variants.id, variantId), isThere));
  return row?.productId ?? null;
};

/** The first of the SKUs that a variant other than `exceptId` has. */
export const takenSku = async (
  reader: Reader,
  skus: readonly string[],
  exceptId: string | null = null,
): Promise<string | null> => {
  if (skus.length === 0) return null;
  const rows = await reader
    .select({ id: variants.id, skuKey: variants.skuKey })
    .from(variants)
    .where(and(sql`${variants.skuKey} = any(${sql.param(skus.map(skuKeyOf))}::text[])`, isThere));
  const taken = new Set(rows.filter(({ id }) => id !== exceptId).map(({ skuKey }) => skuKey));
  return skus.find((sku) => taken.has(skuKeyOf(sku))) ?? null;
};

/** Any number of new variants in one statement, in the order of SKUs: two writers never wait for each other. */
export const insertVariants = async (tx: Transaction, rows: readonly Variant[]): Promise<void> => {
  if (rows.length === 0) return;
  const written = JSON.stringify(rows.map((row) => ({ ...row, skuKey: skuKeyOf(row.sku) })));
  await tx.execute(sql`
    insert into variants (id, product_id, sku, sku_key, option_values, barcode, weight_grams, position)
    select id, "productId", sku, "skuKey", "optionValues", barcode, "weightGrams", position
    from jsonb_to_recordset(${written}::jsonb) as variant (id uuid, "productId" uuid, sku text, "skuKey" text,
      "optionValues" text[], barcode text, "weightGrams" integer, position integer)
    order by "skuKey" collate "C"`);
};

export const saveVariant = async (tx: Transaction, variant: Variant): Promise<void> => {
  const { id, sku, barcode, weightGrams } = variant;
  await tx
    .update(variants)
    .set({ sku, skuKey: skuKeyOf(sku), barcode, weightGrams })
    .where(eq(variants.id, id));
};

/** Numbers the variants of a product in the order of the ids. */
export const reorderVariants = async (tx: Transaction, ids: readonly string[]): Promise<void> => {
  await tx.execute(sql`
    update variants set position = place.position - 1
    from unnest(${sql.param(ids)}::uuid[]) with ordinality as place (id, position)
    where variants.id = place.id and variants.position <> place.position - 1`);
};

/** The row stays, without its SKU and options being in the way of a new one. */
export const markRemoved = async (tx: Transaction, id: string): Promise<void> => {
  await tx.update(variants).set({ removedAt: sql`now()` }).where(eq(variants.id, id));
};
