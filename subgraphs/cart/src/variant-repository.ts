import type { Reader, Transaction } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import type { Standing } from './domain.ts';
import { isId } from './repository.ts';

/** What the shop knows of variants, in the order asked. One statement. */
export const standingsOf = async (reader: Reader, variantIds: readonly string[]): Promise<Standing[]> => {
  const ids = variantIds.filter(isId);
  if (ids.length === 0) return variantIds.map(() => 'unknown');
  const rows = await reader.execute<{ variant_id: string; is_sold: boolean }>(sql`
    select variant_id, not is_removed and coalesce(is_published, false) as is_sold
    from variants left join products using (product_id)
    where variant_id = any(${sql.param(ids)}::uuid[])`);
  const sold = new Map([...rows].map(({ variant_id, is_sold }) => [variant_id, is_sold]));
  return variantIds.map((id) => {
    const isSold = sold.get(id.toLowerCase());
    if (isSold === undefined) return 'unknown';
    return isSold ? 'sold' : 'unavailable';
  });
};

export type ToldVariant = { readonly variantId: string; readonly productId: string };

/** A variant that was removed stays removed. */
export const saveVariant = async (
  tx: Transaction,
  { variantId, productId }: ToldVariant,
  isRemoved: boolean,
): Promise<void> => {
  await tx.execute(sql`insert into variants as known (variant_id, product_id, is_removed)
    values (${variantId}, ${productId}, ${isRemoved})
    on conflict (variant_id) do update
      set product_id = excluded.product_id, is_removed = known.is_removed or excluded.is_removed`);
};

export const saveProduct = async (
  tx: Transaction,
  productId: string,
  isPublished: boolean,
): Promise<void> => {
  await tx.execute(sql`insert into products (product_id, is_published) values (${productId}, ${isPublished})
    on conflict (product_id) do update set is_published = excluded.is_published`);
};
