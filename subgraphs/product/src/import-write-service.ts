import type { Fact } from '@storegraph/events';
import { newId, type Transaction } from '@storegraph/postgres';
import { parseInput } from '@storegraph/server';
import { skuKeyOf } from '@storegraph/sku';
import { changeAttributes } from './attribute-domain.ts';
import { categoriesByReferences, holdCategories } from './category-repository.ts';
import type { WholeProduct } from './domain.ts';
import { problemAt, type RawProduct, type RowProblem } from './import-domain.ts';
import { importedProduct } from './import-inputs.ts';
import { noteSlugs, productIdsBySkus, productIdsBySlugs } from './import-repository.ts';
import {
  categoryIdsOf,
  type Decision,
  type Item,
  type Known,
  published,
  type Refuse,
  updateKnown,
} from './import-update-service.ts';
import { draftOf, textsOf, writeProducts } from './product-service.ts';
import { isSlug } from './text-domain.ts';
import type { ProductType } from './type-domain.ts';
import { holdType } from './type-repository.ts';
import { addVariants } from './variant-domain.ts';

/** What became of the products of one chunk. */
export type Written = {
  readonly facts: readonly Fact[];
  readonly problems: readonly RowProblem[];
  readonly written: number;
};

/** Writes products, new and known, each whole or not at all. Calling it again finds what it wrote. */
export const writeImported = async (
  tx: Transaction,
  {
    importId,
    products,
    refusedSlugs,
    now,
  }: { importId: string; products: readonly RawProduct[]; refusedSlugs: readonly string[]; now: Date },
): Promise<Written> => {
  const problems: RowProblem[] = [];
  const repeated = await noteRepeated(tx, importId, products, refusedSlugs);
  const items = products.flatMap((raw) => checked(raw, problems));
  const known = await readKnown(tx, { items, repeated, now });
  const fresh: WholeProduct[] = [];
  const facts: Fact[] = [];
  let written = 0;
  for (const item of items) {
    const found: RowProblem[] = [];
    const refuse: Refuse = (path, message) => found.push(problemAt(item.raw, { path, message }));
    const productId = known.productIds.get(item.product.slug);
    const id = productId ?? newId();
    checkReferences(item, { known, id, refuse });
    if (found.length === 0 && productId === undefined) {
      const whole = newProductOf(item, { known, id, refuse });
      if (whole) fresh.push(whole);
    } else if (found.length === 0) {
      facts.push(...(await updateKnown(tx, item, { known, id, refuse })));
    }
    problems.push(...found);
    if (found.length > 0) continue;
    written += 1;
    for (const { sku } of item.product.variants) known.skus.set(skuKeyOf(sku), id);
  }
  if (fresh.length > 0) facts.push(...(await writeProducts(tx, fresh)));
  return { facts, problems, written };
};

/** Notes the slugs of a chunk, also of products that are refused, so that the rest of one is never taken for a whole. */
const noteRepeated = async (
  tx: Transaction,
  importId: string,
  products: readonly RawProduct[],
  refusedSlugs: readonly string[],
): Promise<ReadonlySet<RawProduct>> => {
  const slugOf = ({ fields }: RawProduct) => (typeof fields['slug'] === 'string' ? fields['slug'] : '');
  const slugs = [...refusedSlugs, ...products.map(slugOf)].filter(isSlug);
  const seen = await noteSlugs(tx, importId, [...new Set(slugs)]);
  for (const slug of refusedSlugs) seen.add(slug);
  return new Set(
    products.filter((raw) => {
      const isRepeated = seen.has(slugOf(raw));
      seen.add(slugOf(raw));
      return isRepeated;
    }),
  );
};

/** A product whose fields keep the rules; what they break goes to the problems. */
const checked = (raw: RawProduct, problems: RowProblem[]): Item[] => {
  const parsed = parseInput(importedProduct, raw.fields);
  if ('input' in parsed) return [{ raw, product: parsed.input }];
  problems.push(...parsed.invalid.problems.map((problem) => problemAt(raw, problem)));
  return [];
};

const readKnown = async (
  tx: Transaction,
  { items, repeated, now }: { items: readonly Item[]; repeated: Known['repeated']; now: Date },
): Promise<Known> => {
  const slugs = items.map(({ product }) => product.slug);
  const categorySlugs = [...new Set(items.flatMap(({ product }) => product.categories))];
  const named = await categoriesByReferences(tx, { ids: [], slugs: categorySlugs });
  const held = await holdCategories(
    tx,
    named.filter(({ slug }) => categorySlugs.includes(slug)).map(({ id }) => id),
  );
  const types = new Map<string, ProductType>();
  for (const code of [...new Set(items.map(({ product }) => product.typeCode))].sort()) {
    const type = await holdType(tx, code);
    if (type) types.set(code, type);
  }
  return {
    types,
    categories: new Map(held.map(({ slug, id }) => [slug, id])),
    productIds: await productIdsBySlugs(tx, slugs),
    skus: await productIdsBySkus(
      tx,
      items.flatMap(({ product }) => product.variants.map(({ sku }) => sku)),
    ),
    repeated,
    now,
  };
};

const checkReferences = ({ raw, product }: Item, { known, id, refuse }: Decision): void => {
  const { slug, typeCode, categories, variants } = product;
  if (known.repeated.has(raw)) refuse(['slug'], `${slug} stands in the file more than once, apart`);
  if (!known.types.has(typeCode)) refuse(['typeCode'], `there is no product type ${typeCode}`);
  for (const [index, category] of categories.entries()) {
    if (!known.categories.has(category))
      refuse(['categories', String(index)], `there is no category ${category}`);
  }
  for (const [index, { sku }] of variants.entries()) {
    const owner = known.skus.get(skuKeyOf(sku));
    if (owner !== undefined && owner !== id)
      refuse(['variants', String(index), 'sku'], `${sku} is taken by another product`);
  }
};

const newProductOf = (item: Item, { known, id, refuse }: Decision): WholeProduct | null => {
  const { product: given } = item;
  const type = known.types.get(given.typeCode);
  if (!type) return null;
  const attributes = changeAttributes(type.attributes, {}, given.attributes);
  const drafts = given.variants.map((variant) => ({ ...variant, id: newId() }));
  const added = addVariants({ id, optionNames: given.optionNames }, [], drafts);
  if ('problems' in attributes)
    for (const { code, message } of attributes.problems) refuse(['attributes', code], message);
  if ('problems' in added)
    for (const { path, message } of added.problems) refuse(['variants', ...path], message);
  if ('problems' in attributes || 'problems' in added) return null;

  const texts = textsOf(given.texts);
  const decided = { id, typeId: type.id, slug: given.slug, texts, attributes: attributes.attributes };
  const draft = draftOf({ ...given, categoryIds: [] }, decided);
  const { variants } = added;
  const result =
    given.status === 'PUBLISHED'
      ? published(draft, { type, variants, now: known.now, refuse })
      : { product: draft };
  return result && { product: result.product, variants, categoryIds: categoryIdsOf(item, known) };
};
