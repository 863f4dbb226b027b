import type { ProductStatus } from './domain.ts';
import { productStatuses } from './domain.ts';
import {
  type AttributeFilter,
  maxAttributeFilters,
  maxPageSize,
  type ProductSort,
  positionOf,
  type Selection,
  type Shelf,
  shelfOfFilter,
  shelvesOf,
} from './listing-domain.ts';
import type { ListedProduct } from './listing-repository.ts';
import type { Loaders } from './loaders.ts';

type Maybe<T> = T | null | undefined;

/** A page as a caller asks for it. */
export type PageWish = {
  readonly filter?: Maybe<{
    readonly categoryId?: Maybe<string>;
    readonly typeCode?: Maybe<string>;
    readonly region?: Maybe<string>;
    readonly statuses?: Maybe<readonly ProductStatus[]>;
    readonly attributes?: Maybe<readonly AttributeFilter[]>;
  }>;
  readonly sort?: Maybe<ProductSort>;
  readonly first?: Maybe<number>;
  readonly after?: Maybe<string>;
};

/** A page that was read, with what it is a page of. */
export type Connection = {
  readonly selection: Selection;
  readonly sort: ProductSort;
  readonly listed: readonly ListedProduct[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
};

export type Problem = { readonly problem: string };

/** One page of the products that match a filter, or what is wrong with the wish. */
export const openPage = async (loaders: Loaders, wish: PageWish): Promise<Connection | Problem> => {
  const sort = wish.sort ?? 'NEWEST';
  const first = wish.first ?? 24;
  if (first < 1 || first > maxPageSize) return { problem: `first must be from 1 to ${maxPageSize}.` };
  const isFirstPage = wish.after === null || wish.after === undefined;
  const after = isFirstPage ? null : positionOf(sort, wish.after);
  if (!isFirstPage && !after) return { problem: `after is no cursor of a list sorted by ${sort}.` };
  const selection = await select(loaders, wish.filter ?? {});
  if ('problem' in selection) return selection;

  // One more than the page shows whether another follows.
  const listed = await loaders.page.load({ selection, sort, first: first + 1, after });
  return {
    selection,
    sort,
    listed: listed.slice(0, first),
    hasNextPage: listed.length > first,
    hasPreviousPage: after !== null,
  };
};

const select = async (
  loaders: Loaders,
  { categoryId, typeCode, region, statuses, attributes }: NonNullable<PageWish['filter']>,
): Promise<Selection | Problem> => {
  const filters = attributes ?? [];
  if (filters.length > maxAttributeFilters) return { problem: `At most ${maxAttributeFilters} attributes.` };
  if (filters.length > 0 && !typeCode) return { problem: 'attributes need typeCode.' };
  const asked: Shelf[] = categoryId ? [{ kind: 'category', id: categoryId.toLowerCase() }] : [];
  if (typeCode) {
    const type = await loaders.typeByCode.load(typeCode);
    if (!type) return { problem: `There is no product type ${typeCode}.` };
    const shelves = filters.map((filter) => shelfOfFilter(type, filter));
    for (const shelf of shelves) {
      if ('problem' in shelf) return shelf;
      asked.push(shelf);
    }
    asked.push({ kind: 'type', id: type.id });
  }
  return {
    shelves: shelvesOf(asked),
    region: region ?? null,
    statuses: [...new Set(statuses ?? productStatuses)],
  };
};
