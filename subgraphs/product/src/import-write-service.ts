import type { Fact } from '@storegraph/events';
import { newId, type Transaction } from '@storegraph/postgres';
import { parseInput } from '@storegraph/server';
import { changeAttributes } from './attribute-domain.ts';
import { categoriesByReferences, holdCategories, replaceProductCategories } from './category-repository.ts';
import { saveChange } from './change-service.ts';
import {
  type Change,
  changeParts,
  edit,
  editRefusal,
  missingToPublish,
  type Product,
  publish,
  variantFact,
} from './domain.ts';
import { problemAt, type RawProduct, type RowProblem } from './import-domain.ts';
import { type ImportedProduct, importedProduct } from './import-inputs.ts';
import { noteSlugs, productIdsBySkus, productIdsBySlugs } from './import-repository.ts';
import { draftOf, textsOf, type WholeProduct, writeProducts } from './product-service.ts';
import { lockProduct } from './repository.ts';
import { isSlug } from './text-domain.ts';
import type { ProductType } from './type-domain.ts';
import { holdType } from './type-repository.ts';
import { addVariants, optionValuesOf, skuKeyOf, type Variant } from './variant-domain.ts';
import { insertVariants, saveVariant, variantsOfProduct } from './variant-repository.ts';

/** What became of the products of one chunk. */
export type Written = {
  readonly facts: readonly Fact[];
  readonly problems: readonly RowProblem[];
  readonly written: number;
};

type Item = { readonly raw: RawProduct; readonly product: ImportedProduct };
type Path = readonly string[];
type Refuse = (path: Path, message: string) => void;

/** What a chunk has to know of the catalogue, read once and held until the commit. */
type Known = {
  readonly types: ReadonlyMap<string, ProductType>;
  readonly categories: ReadonlyMap<string, string>;
  readonly productIds: ReadonlyMap<string, string>;
  /** SKUs with the product that has them; those of the chunk are claimed as it goes on. */
  readonly skus: Map<string, string>;
  /** Products whose slug the file has had before. */
  readonly repeated: ReadonlySet<RawProduct>;
  readonly now: Date;
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

type Decision = { readonly known: Known; readonly id: string; readonly refuse: Refuse };

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

const categoryIdsOf = ({ product }: Item, { categories }: Known): string[] => [
  ...new Set(product.categories.flatMap((slug) => categories.get(slug) ?? [])),
];

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

type Publishing = { type: ProductType; variants: readonly Variant[]; now: Date; refuse: Refuse };

const published = (product: Product, { type, variants, now, refuse }: Publishing): Change | null => {
  const missing = missingToPublish(product, { variants: variants.length, definitions: type.attributes });
  const result = publish(product, { publishAt: null, now, missing });
  if (!('__typename' in result)) return result;
  refuse(['status'], `cannot be published without ${missing.join(', ')}`);
  return null;
};

/** Changes what the file gives of a product that is there; variants that are not in the file stay. */
const updateKnown = async (tx: Transaction, item: Item, { known, id, refuse }: Decision): Promise<Fact[]> => {
  const { product: given, raw } = item;
  const type = known.types.get(given.typeCode);
  const held = await lockProduct(tx, id);
  if (!type || !held) throw new Error(`Product ${id} or its type went away while it was held.`);
  const { product } = held;
  if (!mayChange(product, { given, type, refuse })) return [];

  const existing = await variantsOfProduct(tx, id);
  const variants = mergeVariants(product, { existing, given, refuse });
  const regions = 'regions' in raw.fields ? (given.regions ?? ('everywhere' as const)) : null;
  const edited = edit(product, type.attributes, { slug: null, attributes: given.attributes, regions });
  if ('__typename' in edited) {
    for (const { code, message } of edited.problems) refuse(['attributes', code], message);
    return [];
  }
  if (!variants) return [];
  return saveKnown(tx, item, { product, edited: edited.product, variants, existing, type, known, refuse });
};

const mayChange = (
  product: Product,
  { given, type, refuse }: { given: ImportedProduct; type: ProductType; refuse: Refuse },
): boolean => {
  if (editRefusal(product)) refuse(['slug'], `${given.slug} is archived and cannot be changed`);
  else if (product.typeId !== type.id) refuse(['typeCode'], 'a product keeps its type');
  else return keepsOptions(product, given, refuse);
  return false;
};

type Saving = {
  product: Product;
  edited: Product;
  variants: { added: readonly Variant[]; changed: readonly Variant[] };
  existing: readonly Variant[];
  type: ProductType;
  known: Known;
  refuse: Refuse;
};

const saveKnown = async (tx: Transaction, item: Item, saving: Saving): Promise<Fact[]> => {
  const { product, edited, variants, existing, type, known, refuse } = saving;
  const { product: given, raw } = item;
  const pictures = new Map(product.media.map(({ url, id }) => [url, id]));
  const change = changeParts(product, ['texts', 'attributes', 'variants', 'media', 'categories', 'regions'], {
    attributes: edited.attributes,
    regions: edited.regions,
    texts: { ...product.texts, ...textsOf(given.texts) },
    nameKey: draftOf({ ...given, categoryIds: [] }, { ...product, texts: textsOf(given.texts) }).nameKey,
    ...('media' in raw.fields && {
      media: given.media.map((media) => ({ ...media, id: pictures.get(media.url) ?? newId() })),
    }),
  });
  const all = [...existing, ...variants.added];
  const last =
    given.status === 'PUBLISHED' && product.status === 'DRAFT'
      ? published(change.product, { type, variants: all, now: known.now, refuse })
      : { product: change.product, facts: [] };
  if (!last) return [];

  if ('categories' in raw.fields) await replaceProductCategories(tx, product.id, categoryIdsOf(item, known));
  await insertVariants(tx, variants.added);
  for (const variant of variants.changed) await saveVariant(tx, variant);
  const facts: Fact[] = [
    ...change.facts,
    ...variants.added.map((variant) => variantFact('product.variant_created', variant)),
    ...variants.changed.map((variant) => variantFact('product.variant_updated', variant)),
    ...last.facts,
  ];
  await saveChange(tx, { product: last.product, facts });
  return facts;
};

const keepsOptions = ({ optionNames }: Product, given: ImportedProduct, refuse: Refuse): boolean => {
  const keeps = given.variants.length === 0 || given.optionNames.join('\n') === optionNames.join('\n');
  if (!keeps) refuse(['optionNames'], `a product keeps its options: ${optionNames.join(', ') || 'none'}`);
  return keeps;
};

/** The variants of the file as changes of those that are there, matched by SKU, and new ones behind them. */
const mergeVariants = (
  product: Product,
  { existing, given, refuse }: { existing: readonly Variant[]; given: ImportedProduct; refuse: Refuse },
): Saving['variants'] | null => {
  const bySku = new Map(existing.map((variant) => [skuKeyOf(variant.sku), variant]));
  const changed: Variant[] = [];
  let isRefused = false;
  const refuseVariant = (path: Path, message: string) => {
    isRefused = true;
    refuse(['variants', ...path], message);
  };
  for (const [index, draft] of given.variants.entries()) {
    const variant = bySku.get(skuKeyOf(draft.sku));
    const result = variant ? changedVariant(product, variant, draft) : null;
    if (result && 'message' in result) refuseVariant([String(index)], result.message);
    else if (result) changed.push(result);
  }
  const drafts = given.variants
    .filter(({ sku }) => !bySku.has(skuKeyOf(sku)))
    .map((draft) => ({ ...draft, id: newId() }));
  const added = addVariants(product, existing, drafts);
  if ('problems' in added) for (const { path, message } of added.problems) refuseVariant(path, message);
  return 'problems' in added || isRefused ? null : { added: added.variants, changed };
};

/** The variant as the file wants it, null when it is so already, or why it cannot be. */
const changedVariant = (
  product: Product,
  variant: Variant,
  { sku, options, barcode, weightGrams }: ImportedProduct['variants'][number],
): Variant | { message: string } | null => {
  const chosen = optionValuesOf(product.optionNames, options);
  if ('message' in chosen) return chosen;
  if (chosen.values.join('\n') !== variant.optionValues.join('\n')) {
    return { message: `a variant keeps its options: ${variant.optionValues.join(', ')}` };
  }
  const isSame = variant.barcode === barcode && variant.weightGrams === weightGrams && variant.sku === sku;
  return isSame ? null : { ...variant, sku, barcode, weightGrams };
};
