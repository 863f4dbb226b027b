import type { Database } from '@storegraph/postgres';
import type { Viewer } from '@storegraph/server';
import { skuKeyOf } from '@storegraph/sku';
import DataLoader from 'dataloader';
import type { Category } from './category-domain.ts';
import {
  categoriesByReferences,
  categoriesOf,
  childrenOf,
  descendantsOf,
  rootCategories,
} from './category-repository.ts';
import type { Page, Selection } from './listing-domain.ts';
import { countsOf, type ListedProduct, pagesOf } from './listing-repository.ts';
import { type ProductRow, productsByReferences, type RelationRow, relationsOf } from './repository.ts';
import type { ProductType } from './type-domain.ts';
import { allTypes, typesByCodes, typesByIds } from './type-repository.ts';
import { type VariantRow, variantsByReferences, variantsOf } from './variant-repository.ts';

/** How a thing is referred to: by its id, or by a name of its own. */
export type Reference = { readonly id: string } | { readonly name: string };

/** Bounds the arrays a statement is sent. */
const maxBatchSize = 1_000;

const keyOf = (reference: Reference): string =>
  'id' in reference ? `id ${reference.id.toLowerCase()}` : `name ${reference.name}`;

const split = (references: readonly Reference[]) => ({
  ids: references.flatMap((reference) => ('id' in reference ? [reference.id.toLowerCase()] : [])),
  names: references.flatMap((reference) => ('id' in reference ? [] : [reference.name])),
});

/** Answers each key with the row found under it, or with what there is instead. */
const oneEach = <Key, Row, Cache = Key>(
  read: (keys: readonly Key[]) => Promise<readonly Row[]>,
  { keyOfRow, cacheKeyFn }: { keyOfRow: (row: Row) => readonly Cache[]; cacheKeyFn: (key: Key) => Cache },
) =>
  new DataLoader<Key, Row | null, Cache>(
    async (keys) => {
      const found = new Map(
        (await read(keys)).flatMap((row) => keyOfRow(row).map((key) => [key, row] as const)),
      );
      return keys.map((key) => found.get(cacheKeyFn(key)) ?? null);
    },
    { cacheKeyFn, maxBatchSize },
  );

const listEach = <Row>(
  read: (ids: readonly string[]) => Promise<readonly Row[]>,
  idOf: (row: Row) => string,
) =>
  new DataLoader<string, readonly Row[]>(
    async (ids) => {
      const lists = new Map<string, Row[]>(ids.map((id) => [id, []]));
      for (const row of await read(ids)) lists.get(idOf(row))?.push(row);
      return ids.map((id) => lists.get(id) ?? []);
    },
    { maxBatchSize },
  );

const itself = <T>(key: T): T => key;

/** Reads of one request, gathered into one statement for each kind, through the viewer's eyes. */
export const createLoaders = (db: Database, viewer: Viewer) => {
  const product = oneEach<Reference, ProductRow & { askedSlug?: string | null }, string>(
    (references) => {
      const { ids, names } = split(references);
      return productsByReferences(db, viewer, { ids, slugs: names });
    },
    {
      keyOfRow: ({ id, askedSlug }) => [`id ${id}`, ...(askedSlug ? [`name ${askedSlug}`] : [])],
      cacheKeyFn: keyOf,
    },
  );
  const category = oneEach<Reference, Category, string>(
    (references) => {
      const { ids, names } = split(references);
      return categoriesByReferences(db, { ids, slugs: names });
    },
    { keyOfRow: ({ id, slug }) => [`id ${id}`, `name ${slug}`], cacheKeyFn: keyOf },
  );
  const variant = oneEach<Reference, VariantRow, string>(
    (references) => {
      const { ids, names } = split(references);
      return variantsByReferences(db, viewer, { ids, skus: names });
    },
    {
      keyOfRow: ({ id, sku }) => [`id ${id}`, `name ${skuKeyOf(sku)}`],
      cacheKeyFn: (reference) => keyOf('id' in reference ? reference : { name: skuKeyOf(reference.name) }),
    },
  );
  return {
    product,
    variant,
    category,
    variantsOf: listEach<VariantRow>(
      (ids) => variantsOf(db, viewer, ids),
      ({ productId }) => productId,
    ),
    relationsOf: listEach<RelationRow>(
      (ids) => relationsOf(db, viewer, ids),
      ({ productId }) => productId,
    ),
    categoriesOf: listEach(
      async (ids) => {
        const { categories, placed } = await categoriesOf(db, ids);
        for (const each of categories) category.prime({ id: each.id }, each);
        return placed;
      },
      ({ productId }) => productId,
    ),
    childrenOf: listEach<Category>(
      (ids) => childrenOf(db, ids),
      ({ parentId }) => parentId ?? '',
    ),
    descendantsOf: createDescendants(db),
    rootCategories: () => rootCategories(db),
    allTypes: () => allTypes(db),
    typeById: oneEach<string, ProductType>((ids) => typesByIds(db, ids), {
      keyOfRow: ({ id }) => [id],
      cacheKeyFn: itself,
    }),
    typeByCode: oneEach<string, ProductType>((codes) => typesByCodes(db, codes), {
      keyOfRow: ({ code }) => [code],
      cacheKeyFn: itself,
    }),
    page: new DataLoader<Page, readonly ListedProduct[]>(
      async (pages) => {
        const listed = await pagesOf(db, viewer, pages);
        for (const each of listed.flat()) product.prime({ id: each.product.id }, each.product);
        return listed;
      },
      { cache: false, maxBatchSize: 100 },
    ),
    count: new DataLoader<Selection, number>((selections) => countsOf(db, viewer, selections), {
      cache: false,
      maxBatchSize: 100,
    }),
  };
};

/** A category can be below several of those asked for. */
const createDescendants = (db: Database) =>
  new DataLoader<string, readonly Category[]>(
    async (ids) => {
      const below = await descendantsOf(db, ids);
      return ids.map((id) => below.filter((category) => category.id !== id && category.path.includes(id)));
    },
    { maxBatchSize },
  );

export type Loaders = ReturnType<typeof createLoaders>;
