import type { Reader, Transaction } from '@storegraph/postgres';
import type { Viewer } from '@storegraph/server';
import { getTableColumns, type SQL, sql } from 'drizzle-orm';
import type { Page, Position, ProductSort, Selection } from './listing-domain.ts';
import type { ProductRow } from './repository.ts';
import { countOf, walksOf } from './shelf-repository.ts';
import { products } from './tables.ts';

/** A product in a page, with its place in the page's order. */
export type ListedProduct = { readonly product: ProductRow; readonly position: Position };

/**
 * Makes the listings of products what they must be, touching only rows that differ. Whoever calls holds the
 * products: two writers of one product's listings would each write what the other no longer means.
 */
export const relist = async (tx: Transaction, productIds: readonly string[]): Promise<void> => {
  const ids = sql`${sql.param(productIds)}::uuid[]`;
  await tx.execute(sql`
    with wanted as materialized (select * from wanted_listings where product_id = any(${ids})),
    gone as (
      delete from listings l where l.product_id = any(${ids})
        and not exists (select from wanted w where w.product_id = l.product_id and w.shelf = l.shelf)
    )
    insert into listings as l (product_id, shelf, status, listed_at, updated_at, name_key, number)
    select product_id, shelf, status, listed_at, updated_at, name_key, number from wanted
    order by product_id, shelf
    on conflict (product_id, shelf) do update set status = excluded.status, listed_at = excluded.listed_at,
      updated_at = excluded.updated_at, name_key = excluded.name_key, number = excluded.number
    where (l.status, l.listed_at, l.updated_at, l.name_key, l.number) is distinct from
      (excluded.status, excluded.listed_at, excluded.updated_at, excluded.name_key, excluded.number)`);
};

type Order = {
  readonly key: SQL;
  readonly asText: SQL;
  readonly fromText: (key: string) => SQL;
  readonly isDown: boolean;
};

const byTime = (column: 'listed_at' | 'updated_at', isDown: boolean): Order => ({
  key: sql.raw(`l.${column}`),
  // Microseconds, because a Date would round what the index sorts by.
  asText: sql`(extract(epoch from page.key) * 1000000)::bigint::text`,
  fromText: (key) => sql`(timestamptz 'epoch' + ${key}::bigint * interval '1 microsecond')`,
  isDown,
});

const orders: Readonly<Record<ProductSort, Order>> = {
  NEWEST: byTime('listed_at', true),
  OLDEST: byTime('listed_at', false),
  NAME: {
    key: sql.raw('l.name_key'),
    asText: sql`page.key`,
    fromText: (key) => sql`${key}::text collate "C"`,
    isDown: false,
  },
  UPDATED: byTime('updated_at', true),
};

/** The ids and keys of one page: the best of each walk, merged. A product met on two of them comes once. */
const pageOf = (viewer: Viewer, { selection, sort, first, after }: Page, index: number): SQL | null => {
  const order = orders[sort];
  const direction = order.isDown ? sql`desc` : sql`asc`;
  const beyond = after
    ? sql` and (${order.key}, l.product_id) ${sql.raw(order.isDown ? '<' : '>')} (${order.fromText(after.key)}, ${after.id}::uuid)`
    : sql``;
  const walks = walksOf(viewer, selection, {
    select: sql`select l.product_id, ${order.key} as key`,
    end: sql`${beyond} order by ${order.key} ${direction}, l.product_id ${direction} limit ${first}`,
    // A walk down from a cursor must begin there: told of now() as well, the index would begin at now().
    listedAt: after && sort === 'NEWEST' ? sql`(l.listed_at + interval '0')` : sql`l.listed_at`,
  });
  return (
    walks &&
    sql`(select ${index}::int as list, page.product_id, ${order.asText} as key,
      row_number() over (order by page.key ${direction}, page.product_id ${direction}) as place
    from (${walks}) as page
    order by place limit ${first})`
  );
};

/** Any number of pages in one statement, each in its order. */
export const pagesOf = async (
  reader: Reader,
  viewer: Viewer,
  pages: readonly Page[],
): Promise<ListedProduct[][]> => {
  const parts = pages.flatMap((page, index) => pageOf(viewer, page, index) ?? []);
  if (parts.length === 0) return pages.map(() => []);
  const rows = await reader
    .select({
      list: sql<number>`listed.list`,
      key: sql<string>`listed.key`,
      product: getTableColumns(products),
    })
    .from(sql`(${sql.join(parts, sql` union all `)}) as listed`)
    .innerJoin(products, sql`${products.id} = listed.product_id`)
    .orderBy(sql`listed.list, listed.place`);
  const listed: ListedProduct[][] = pages.map(() => []);
  for (const { list, key, product } of rows)
    listed[list]?.push({ product, position: { key, id: product.id } });
  return listed;
};

/** How many products each selection has, in one statement. */
export const countsOf = async (
  reader: Reader,
  viewer: Viewer,
  selections: readonly Selection[],
): Promise<number[]> => {
  const counts = selections.map((selection) => countOf(viewer, selection));
  const [row] = await reader.execute<{ counts: number[] }>(sql`
    select array[${sql.join(counts, sql`, `)}]::integer[] as counts`);
  return row?.counts ?? [];
};
