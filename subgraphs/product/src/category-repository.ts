import type { Reader, Transaction } from '@storegraph/postgres';
import { asc, eq, isNull, or, type SQL, sql } from 'drizzle-orm';
import type { Category } from './category-domain.ts';
import { isId } from './listing-domain.ts';
import { categories, productCategories } from './tables.ts';
import { isSlug } from './text-domain.ts';

const readCategories = (reader: Reader, which: SQL | undefined): Promise<Category[]> =>
  reader.select().from(categories).where(which).orderBy(asc(categories.position), asc(categories.id));

/** Categories by ids and by slugs, in one statement, and every category above them. */
export const categoriesByReferences = (
  reader: Reader,
  { ids, slugs }: { readonly ids: readonly string[]; readonly slugs: readonly string[] },
): Promise<Category[]> =>
  readCategories(
    reader,
    sql`${categories.id} = any(array(
      select unnest(path) from categories
      where id = any(${sql.param(ids.filter(isId))}::uuid[]) or slug = any(${sql.param(slugs.filter(isSlug))}::text[])))`,
  );

export const rootCategories = (reader: Reader): Promise<Category[]> =>
  readCategories(reader, isNull(categories.parentId));

/** The categories right below each of these, in their order. */
export const childrenOf = (reader: Reader, parentIds: readonly string[]): Promise<Category[]> =>
  readCategories(reader, sql`${categories.parentId} = any(${sql.param([...parentIds])}::uuid[])`);

/** Every category below any of these. */
export const descendantsOf = (reader: Reader, ids: readonly string[]): Promise<Category[]> =>
  readCategories(
    reader,
    sql`${categories.path} && ${sql.param(ids)}::uuid[] and ${categories.id} <> all(${sql.param(ids)}::uuid[])`,
  );

/** Where products stand, in their order, and those categories with every category above them: one statement. */
export const categoriesOf = async (reader: Reader, productIds: readonly string[]) => {
  const rows = await reader
    .select({
      category: categories,
      standing: sql<{ productId: string; position: number }[]>`standing.products`,
    })
    .from(sql`(
      select above.id, coalesce(jsonb_agg(jsonb_build_object('productId', own.product_id, 'position', own.position))
        filter (where own.category_id = above.id), '[]') as products
      from product_categories own
      join categories direct on direct.id = own.category_id
      cross join unnest(direct.path) as above (id)
      where own.product_id = any(${sql.param(productIds)}::uuid[])
      group by above.id
    ) as standing`)
    .innerJoin(categories, sql`${categories.id} = standing.id`);
  const placed = rows.flatMap(({ category, standing }) =>
    standing.map(({ productId, position }) => ({ productId, position, category })),
  );
  return {
    categories: rows.map(({ category }) => category),
    placed: placed.sort((a, b) => a.position - b.position),
  };
};

/** One tree change at a time: two moves that are each right could make a circle together. */
export const lockTree = async (tx: Transaction): Promise<void> => {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('product category tree', 0))`);
};

/** Shared by those who place products there: the categories' paths then do not change under them. */
export const holdCategories = async (tx: Transaction, ids: readonly string[]): Promise<Category[]> => {
  if (ids.length === 0) return [];
  return tx
    .select()
    .from(categories)
    .where(sql`${categories.id} = any(${sql.param(ids.filter(isId))}::uuid[])`)
    .orderBy(asc(categories.id))
    .for('share');
};

/** The whole branch, held: whoever is placing products in it has finished, and nobody else begins. */
export const lockBranch = async (tx: Transaction, id: string): Promise<Category[]> =>
  tx
    .select()
    .from(categories)
    .where(sql`${categories.path} @> array[${id}::uuid]`)
    .orderBy(asc(categories.id))
    .for('update');

/** The products that stand in these categories, held in the order of ids. */
export const lockProductsIn = async (tx: Transaction, categoryIds: readonly string[]): Promise<string[]> => {
  const rows = await tx.execute<{ id: string }>(sql`
    select id from products
    where id in (select product_id from product_categories where category_id = any(${sql.param(categoryIds)}::uuid[]))
    order by id for no key update`);
  return [...rows].map(({ id }) => id);
};

export const categoryById = async (reader: Reader, id: string): Promise<Category | null> => {
  if (!isId(id)) return null;
  const [category] = await readCategories(reader, eq(categories.id, id));
  return category ?? null;
};

export const siblingsUnder = (reader: Reader, parentId: string | null): Promise<Category[]> =>
  readCategories(reader, parentId === null ? isNull(categories.parentId) : eq(categories.parentId, parentId));

export const isCategorySlugTaken = async (
  reader: Reader,
  slug: string,
  exceptId: string | null,
): Promise<boolean> => {
  const rows = await reader.select({ id: categories.id }).from(categories).where(eq(categories.slug, slug));
  return rows.some(({ id }) => id !== exceptId);
};

export const categorySlugsLike = async (reader: Reader, base: string): Promise<Set<string>> => {
  const rows = await reader
    .select({ slug: categories.slug })
    .from(categories)
    .where(or(eq(categories.slug, base), sql`${categories.slug} like ${`${base}-%`}`));
  return new Set(rows.map(({ slug }) => slug));
};

export const insertCategories = async (tx: Transaction, rows: readonly Category[]): Promise<void> => {
  await tx.insert(categories).values(rows.map((row) => ({ ...row, path: [...row.path] })));
};

export const saveCategory = async (tx: Transaction, { id, slug, names }: Category): Promise<void> => {
  await tx.execute(sql`
    update categories set slug = ${slug}, names = ${JSON.stringify(names)}::jsonb, updated_at = now()
    where id = ${id}`);
};

/** Numbers siblings in the order of the ids; held by id first, as those who place products hold them. */
export const reorderCategories = async (tx: Transaction, ids: readonly string[]): Promise<void> => {
  await tx.execute(sql`
    with held as materialized (
      select id from categories where id = any(${sql.param(ids)}::uuid[]) order by id for no key update
    )
    update categories set position = place.position - 1
    from held join unnest(${sql.param(ids)}::uuid[]) with ordinality as place (id, position) using (id)
    where categories.id = held.id and categories.position <> place.position - 1`);
};

/** Puts a branch under another parent: the moved category's new path leads every path below it. */
export const moveBranch = async (
  tx: Transaction,
  category: Category,
  to: { readonly parentId: string | null; readonly path: readonly string[]; readonly position: number },
): Promise<void> => {
  await tx.execute(sql`
    update categories set
      path = ${sql.param(to.path)}::uuid[] || path[${category.path.length + 1}:],
      parent_id = case when id = ${category.id} then ${to.parentId}::uuid else parent_id end,
      position = case when id = ${category.id} then ${to.position} else position end,
      updated_at = now()
    where path @> array[${category.id}::uuid]`);
};

export const deleteCategory = async (tx: Transaction, id: string): Promise<void> => {
  await tx.delete(productCategories).where(eq(productCategories.categoryId, id));
  await tx.delete(categories).where(eq(categories.id, id));
};

/** Where a product stands, instead of before. */
export const replaceProductCategories = async (
  tx: Transaction,
  productId: string,
  categoryIds: readonly string[],
): Promise<void> => {
  await tx.delete(productCategories).where(eq(productCategories.productId, productId));
  await insertProductCategories(
    tx,
    categoryIds.map((categoryId, position) => ({ productId, categoryId, position })),
  );
};

export const insertProductCategories = async (
  tx: Transaction,
  rows: readonly (typeof productCategories.$inferInsert)[],
): Promise<void> => {
  if (rows.length === 0) return;
  await tx.execute(sql`
    insert into product_categories (product_id, category_id, position)
    select "productId", "categoryId", position from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as place ("productId" uuid, "categoryId" uuid, position integer)`);
};
