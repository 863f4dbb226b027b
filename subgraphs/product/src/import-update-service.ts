import { isDeepStrictEqual } from 'node:util';
import type { Fact } from '@storegraph/events';
import { newId, type Transaction } from '@storegraph/postgres';
import { skuKeyOf } from '@storegraph/sku';
import { replaceProductCategories } from './category-repository.ts';
import { saveChange } from './change-service.ts';
import {
  type Change,
  changeParts,
  edit,
  editRefusal,
  missingToPublish,
  type Product,
  placedIn,
  publish,
  variantFact,
} from './domain.ts';
import { type RawProduct, says } from './import-domain.ts';
import type { ImportedProduct } from './import-inputs.ts';
import { productCategoryIds } from './import-repository.ts';
import { textsOf } from './product-service.ts';
import { lockProduct } from './repository.ts';
import { nameKeyOf, type Texts } from './text-domain.ts';
import type { ProductType } from './type-domain.ts';
import { addVariants, optionValuesOf, type Variant } from './variant-domain.ts';
import { insertVariants, saveVariant, variantsOfProduct } from './variant-repository.ts';

export type Item = { readonly raw: RawProduct; readonly product: ImportedProduct };
export type Path = readonly string[];
export type Refuse = (path: Path, message: string) => void;

/** What a chunk has to know of the catalogue, read once and held until the commit. */
export type Known = {
  readonly types: ReadonlyMap<string, ProductType>;
  readonly categories: ReadonlyMap<string, string>;
  readonly productIds: ReadonlyMap<string, string>;
  /** SKUs with the product that has them; those of the chunk are claimed as it goes on. */
  readonly skus: Map<string, string>;
  /** Products whose slug the file has had before. */
  readonly repeated: ReadonlySet<RawProduct>;
  readonly now: Date;
};

export type Decision = { readonly known: Known; readonly id: string; readonly refuse: Refuse };

export const categoryIdsOf = ({ product }: Item, { categories }: Known): string[] => [
  ...new Set(product.categories.flatMap((slug) => categories.get(slug) ?? [])),
];

/** Changes what the file gives of a product that is there; variants that are not in the file stay. */
export const updateKnown = async (
  tx: Transaction,
  item: Item,
  { known, id, refuse }: Decision,
): Promise<Fact[]> => {
  const { product: given, raw } = item;
  const type = known.types.get(given.typeCode);
  const held = await lockProduct(tx, id);
  if (!type || !held) throw new Error(`Product ${id} or its type went away while it was held.`);
  const { product } = held;
  if (!mayChange(product, { given, type, refuse })) return [];

  const existing = await variantsOfProduct(tx, id);
  const variants = mergeVariants(product, { existing, item, refuse });
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
  const texts = mergeTexts(product, item);
  const { attributes, regions } = edited;
  const media = 'media' in raw.fields ? withIds(given.media, product.media) : product.media;
  const before = await productCategoryIds(tx, product.id);
  const categoryIds = 'categories' in raw.fields ? categoryIdsOf(item, known) : before;
  const parts = Object.entries({
    texts: !isDeepStrictEqual(texts, product.texts),
    attributes: !isDeepStrictEqual(attributes, product.attributes),
    variants: variants.added.length + variants.changed.length > 0,
    media: !isDeepStrictEqual(media, product.media),
    categories: !isDeepStrictEqual(categoryIds, before),
    regions: !isDeepStrictEqual(regions, product.regions),
  }).flatMap(([part, isChanged]) => (isChanged ? [part] : []));
  const isPlaced = parts.includes('categories');
  const written =
    parts.length === 0
      ? { product, facts: [] }
      : changeParts(product, parts, { attributes, regions, texts, nameKey: nameKeyOf(texts), media });
  const change = isPlaced ? placedIn(written, categoryIds) : written;
  const all = [...existing, ...variants.added];
  const last =
    given.status === 'PUBLISHED' && product.status === 'DRAFT'
      ? published(change.product, { type, variants: all, now: known.now, refuse })
      : { product: change.product, facts: [] };
  if (!last) return [];

  if (isPlaced) await replaceProductCategories(tx, product.id, categoryIds);
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

/** Pictures that were there before keep their ids, each its own. */
const withIds = (given: ImportedProduct['media'], before: Product['media']): Product['media'] => {
  const left = [...before];
  return given.map((media) => {
    const place = left.findIndex(({ url }) => url === media.url);
    const [old] = place < 0 ? [] : left.splice(place, 1);
    return { ...media, id: old?.id ?? newId() };
  });
};

/** The texts with those of the file; what it leaves out of a language stays as it was. */
const mergeTexts = ({ texts: before }: Product, { product: given, raw }: Item): Texts => {
  const texts = given.texts.map((text, index) => {
    const old = Object.hasOwn(before, text.locale) ? before[text.locale] : undefined;
    const now = (field: 'description' | 'seoTitle' | 'seoDescription') =>
      (old && !says(raw, 'texts', index, field) ? old : text)[field];
    return {
      ...text,
      description: now('description'),
      seoTitle: now('seoTitle'),
      seoDescription: now('seoDescription'),
    };
  });
  return { ...before, ...textsOf(texts) };
};

const keepsOptions = ({ optionNames }: Product, given: ImportedProduct, refuse: Refuse): boolean => {
  const keeps = given.variants.length === 0 || given.optionNames.join('\n') === optionNames.join('\n');
  if (!keeps) refuse(['optionNames'], `a product keeps its options: ${optionNames.join(', ') || 'none'}`);
  return keeps;
};

/** The variants of the file as changes of those that are there, matched by SKU, and new ones behind them. */
const mergeVariants = (
  product: Product,
  { existing, item, refuse }: { existing: readonly Variant[]; item: Item; refuse: Refuse },
): Saving['variants'] | null => {
  const { product: given, raw } = item;
  const bySku = new Map(existing.map((variant) => [skuKeyOf(variant.sku), variant]));
  const changed: Variant[] = [];
  let isRefused = false;
  const refuseVariant = (path: Path, message: string) => {
    isRefused = true;
    refuse(['variants', ...path], message);
  };
  for (const [index, draft] of given.variants.entries()) {
    const variant = bySku.get(skuKeyOf(draft.sku));
    const isSaid = (name: string) => says(raw, 'variants', index, name);
    const result = variant ? changedVariant(product, variant, { draft, isSaid }) : null;
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
  { draft, isSaid }: { draft: ImportedProduct['variants'][number]; isSaid: (name: string) => boolean },
): Variant | { message: string } | null => {
  const chosen = optionValuesOf(product.optionNames, draft.options);
  if ('message' in chosen) return chosen;
  if (chosen.values.join('\n') !== variant.optionValues.join('\n')) {
    return { message: `a variant keeps its options: ${variant.optionValues.join(', ')}` };
  }
  const { sku } = draft;
  const barcode = isSaid('barcode') ? draft.barcode : variant.barcode;
  const weightGrams = isSaid('weightGrams') ? draft.weightGrams : variant.weightGrams;
  const isSame = variant.barcode === barcode && variant.weightGrams === weightGrams && variant.sku === sku;
  return isSame ? null : { ...variant, sku, barcode, weightGrams };
};

type Publishing = { type: ProductType; variants: readonly Variant[]; now: Date; refuse: Refuse };

export const published = (product: Product, { type, variants, now, refuse }: Publishing): Change | null => {
  const missing = missingToPublish(product, { variants: variants.length, definitions: type.attributes });
  const result = publish(product, { publishAt: null, now, missing });
  if (!('__typename' in result)) return result;
  refuse(['status'], `cannot be published without ${missing.join(', ')}`);
  return null;
};
