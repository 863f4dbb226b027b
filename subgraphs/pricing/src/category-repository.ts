import type { Reader, Transaction } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import { isId } from './variant-repository.ts';

/** Where a category stands in the tree. */
export const plantCategory = async (
  tx: Transaction,
  { categoryId, parentId }: { readonly categoryId: string; readonly parentId: string | null },
): Promise<void> => {
  await tx.execute(sql`insert into categories (category_id, parent_id) values (${categoryId}, ${parentId})
    on conflict (category_id) do update set parent_id = excluded.parent_id`);
};

export const removeCategory = async (tx: Transaction, categoryId: string): Promise<void> => {
  await tx.execute(sql`delete from categories where category_id = ${categoryId}`);
};

/** Where a product stands, instead of before. */
export const placeProduct = async (
  tx: Transaction,
  productId: string,
  categoryIds: readonly string[],
): Promise<void> => {
  await tx.execute(sql`insert into product_places (product_id, category_ids)
    values (${productId}, ${sql.param([...categoryIds])}::uuid[])
    on conflict (product_id) do update set category_ids = excluded.category_ids`);
};

/** Says how a category is taxed; null takes that back. Answers whether there is such a category. */
export const saveCategoryTax = async (
  tx: Transaction,
  { categoryId, taxCategory }: { readonly categoryId: string; readonly taxCategory: string | null },
): Promise<boolean> => {
  if (!isId(categoryId)) return false;
  const rows = await tx.execute(sql`update categories set tax_category = ${taxCategory}
    where category_id = ${categoryId} returning 1 as there`);
  return rows.length > 0;
};

export type CategoryTaxRow = { readonly categoryId: string; readonly taxCategory: string };

/** Every category that says how it is taxed. */
export const categoryTaxes = async (reader: Reader): Promise<CategoryTaxRow[]> => [
  ...(await reader.execute<CategoryTaxRow>(sql`
    select category_id as "categoryId", tax_category as "taxCategory" from categories
    where tax_category is not null order by category_id`)),
];
