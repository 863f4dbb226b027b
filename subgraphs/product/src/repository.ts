import type { Reader, Transaction } from '@storegraph/postgres';
import { hasScope, type Viewer } from '@storegraph/server';
import { and, asc, eq, getTableColumns, type SQL, sql } from 'drizzle-orm';
import type { Product, RelationKind } from './domain.ts';
import { isId } from './listing-domain.ts';
import { productRelations, productSlugs, products } from './tables.ts';
import { isSlug } from './text-domain.ts';

/** A product as it is read, with when it came and changed. */
export type ProductRow = Product & { readonly createdAt: Date; readonly updatedAt: Date };

export type RelationRow = {
  readonly productId: string;
  readonly kind: RelationKind;
  readonly quantity: number;
  readonly product: ProductRow;
};

const productColumns = getTableColumns(products);

/**
 * The one door: merchandisers see every product, everybody else what is on sale by the database's clock.
 * Listings carry the same two facts under other names.
 */
export const visibleTo = (
  viewer: Viewer,
  {
    status,
    publishedAt,
  }: { status: SQL | typeof products.status; publishedAt: SQL | typeof products.publishedAt } = products,
): SQL => (seesDrafts(viewer) ? sql`true` : sql`(${status} = 'PUBLISHED' and ${publishedAt} <= now())`);

export const seesDrafts = (viewer: Viewer): boolean => hasScope(viewer, 'catalogue:write');

/** Products by ids and by slugs, present or past, in one statement; `askedSlug` says which slug found a row. */
export const productsByReferences = (
  reader: Reader,
  viewer: Viewer,
  { ids, slugs }: { readonly ids: readonly string[]; readonly slugs: readonly string[] },
): Promise<(ProductRow & { askedSlug: string | null })[]> =>
  reader
    .select({ ...productColumns, askedSlug: sql<string | null>`asked.slug` })
    .from(sql`(
      select unnest(${sql.param(ids.filter(isId))}::uuid[]) as id, null::text as slug
      union all
      select product_id, slug from product_slugs where slug = any(${sql.param(slugs.filter(isSlug))}::text[])
    ) as asked`)
    .innerJoin(products, sql`${products.id} = asked.id`)
    .where(visibleTo(viewer));

/** Where products point to, in order; what the viewer may not see is not pointed to. */
export const relationsOf = async (
  reader: Reader,
  viewer: Viewer,
  productIds: readonly string[],
): Promise<RelationRow[]> =>
  reader
    .select({
      productId: productRelations.productId,
      kind: productRelations.kind,
      quantity: productRelations.quantity,
      product: productColumns,
    })
    .from(productRelations)
    .innerJoin(products, eq(products.id, productRelations.targetId))
    .where(
      and(sql`${productRelations.productId} = any(${sql.param([...productIds])}::uuid[])`, visibleTo(viewer)),
    )
    .orderBy(asc(productRelations.kind), asc(productRelations.position));

/** The product, held until the commit, with the time by the database's clock. */
export const lockProduct = async (
  tx: Transaction,
  id: string,
): Promise<{ product: ProductRow; now: Date } | null> => {
  if (!isId(id)) return null;
  const [row] = await tx
    .select({ product: productColumns, now: sql`now()`.mapWith(products.updatedAt) })
    .from(products)
    .where(eq(products.id, id))
    .for('no key update');
  return row ?? null;
};

/** Which of the products are there. */
export const existingProductIds = async (reader: Reader, ids: readonly string[]): Promise<Set<string>> => {
  const rows = await reader
    .select({ id: products.id })
    .from(products)
    .where(sql`${products.id} = any(${sql.param(ids.filter(isId))}::uuid[])`);
  return new Set(rows.map(({ id }) => id));
};

/** Any number of new products with their slugs, in two statements. Their listings are still to be written. */
export const insertProducts = async (tx: Transaction, rows: readonly Product[]): Promise<void> => {
  const written = JSON.stringify(rows);
  await tx.execute(sql`
    insert into products (id, type_id, slug, status, published_at, texts, name_key, attributes, option_names,
      media, regions, version)
    select id, "typeId", slug, status, "publishedAt", texts, "nameKey", attributes, "optionNames",
      media, regions, version
    from jsonb_to_recordset(${written}::jsonb) as product (id uuid, "typeId" uuid, slug text,
      status product_status, "publishedAt" timestamptz, texts jsonb, "nameKey" text, attributes jsonb,
      "optionNames" text[], media jsonb, regions text[], version integer)`);
  await insertSlugs(
    tx,
    rows.map(({ id, slug }) => ({ slug, productId: id })),
  );
};

export const insertSlugs = async (
  tx: Transaction,
  rows: readonly { readonly slug: string; readonly productId: string }[],
): Promise<void> => {
  await tx.execute(sql`
    insert into product_slugs (slug, product_id)
    select slug, "productId" from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as own (slug text, "productId" uuid)`);
};

/** Writes everything a change may touch; the change has counted the version. */
export const saveProduct = async (tx: Transaction, product: Product): Promise<void> => {
  const { slug, status, publishedAt, texts, nameKey, attributes, media, regions, version } = product;
  await tx
    .update(products)
    .set({
      slug,
      status,
      publishedAt,
      texts,
      nameKey,
      attributes,
      media: [...media],
      regions: regions && [...regions],
      version,
      updatedAt: sql`now()`,
    })
    .where(eq(products.id, product.id));
};

/** Whose a slug is, at present or in the past. */
export const slugOwner = async (reader: Reader, slug: string): Promise<string | null> => {
  const [row] = await reader.select().from(productSlugs).where(eq(productSlugs.slug, slug));
  return row?.productId ?? null;
};

/** The slugs that begin as this one. Whoever else makes one from the same word waits until the commit. */
export const lockSlugsLike = async (tx: Transaction, base: string): Promise<Set<string>> => {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`product slug ${base}`}, 0))`);
  const rows = await tx.execute<{ slug: string }>(sql`
    select slug from product_slugs where slug = ${base} or slug like ${`${base}-%`}`);
  return new Set([...rows].map(({ slug }) => slug));
};

export type RelationTarget = { readonly productId: string; readonly quantity: number };

/** The products one points to with one kind of relation, instead of those before. */
export const replaceRelations = async (
  tx: Transaction,
  { productId, kind, targets }: { productId: string; kind: RelationKind; targets: readonly RelationTarget[] },
): Promise<void> => {
  await tx
    .delete(productRelations)
    .where(and(eq(productRelations.productId, productId), eq(productRelations.kind, kind)));
  await insertRelations(
    tx,
    targets.map((target, position) => ({
      productId,
      kind,
      targetId: target.productId,
      position,
      quantity: target.quantity,
    })),
  );
};

export const insertRelations = async (
  tx: Transaction,
  rows: readonly (typeof productRelations.$inferInsert)[],
): Promise<void> => {
  if (rows.length === 0) return;
  await tx.execute(sql`
    insert into product_relations (product_id, kind, target_id, position, quantity)
    select "productId", kind, "targetId", position, quantity
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as relation ("productId" uuid, kind text, "targetId" uuid, position integer, quantity integer)`);
};

/** The last product by id within bounds, the upper one excluded. */
export const latestProductId = async (
  reader: Reader,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<string | null> => {
  const [row] = await reader.execute<{ id: string }>(
    sql`select id from products where id >= ${from} and id < ${to} order by id desc limit 1`,
  );
  return row?.id ?? null;
};
