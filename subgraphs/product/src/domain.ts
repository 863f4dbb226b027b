import type { Fact } from '@storegraph/events';
import {
  type AttributeChange,
  type AttributeDefinition,
  type Attributes,
  changeAttributes,
  missingAttributes,
} from './attribute-domain.ts';
import {
  attributesInvalid,
  productArchivedAlready,
  productIncomplete,
  versionConflict,
} from './refusal-domain.ts';
import { type Names, nameKeyOf, type Text, type Texts } from './text-domain.ts';
import type { Variant } from './variant-domain.ts';

export const productStatuses = ['DRAFT', 'PUBLISHED', 'ARCHIVED'] as const;
export type ProductStatus = (typeof productStatuses)[number];

export const mediaKinds = ['PICTURE', 'VIDEO'] as const;
/** A picture or video, with what is to be seen for those who do not see it. */
export type Media = {
  readonly id: string;
  readonly kind: (typeof mediaKinds)[number];
  readonly url: string;
  readonly alt: Names;
  readonly width: number | null;
  readonly height: number | null;
  readonly focalPoint: { readonly x: number; readonly y: number } | null;
};

export const relationKinds = ['ACCESSORY', 'UP_SELL', 'CROSS_SELL', 'BUNDLE_PART'] as const;
export type RelationKind = (typeof relationKinds)[number];

/** What is sold under one name. */
export type Product = {
  readonly id: string;
  readonly typeId: string;
  readonly slug: string;
  readonly status: ProductStatus;
  readonly publishedAt: Date | null;
  readonly texts: Texts;
  readonly nameKey: string;
  readonly attributes: Attributes;
  readonly optionNames: readonly string[];
  readonly media: readonly Media[];
  readonly regions: readonly string[] | null;
  readonly version: number;
};

/** A product after a change, with what is to be told of it. */
export type Change = { readonly product: Product; readonly facts: readonly Fact[] };

/** Archived is final: the refusal, or null. */
export const editRefusal = ({ id, status }: Product) =>
  status === 'ARCHIVED' ? productArchivedAlready(id) : null;

/** A version that was read must still be there: the refusal, or null. */
export const versionRefusal = ({ version }: Product, expected: number | null) =>
  expected === null || expected === version ? null : versionConflict(expected, version);

/** Every change is one version and one fact of the product, so that a reader of facts sees each version. */
export const changeParts = (
  product: Product,
  parts: readonly string[],
  values: Partial<Omit<Product, 'id' | 'version'>> = {},
): Change => {
  const changed = next(product, values);
  return { product: changed, facts: [fact('product.updated', changed, parts)] };
};

/** The change with where the product stands from now on. */
export const placedIn = (change: Change, categoryIds: readonly string[]): Change => ({
  ...change,
  facts: change.facts.map((told) =>
    told.type === 'product.updated'
      ? { ...told, data: { ...told.data, categoryIds: [...categoryIds] } }
      : told,
  ),
});

const next = (product: Product, values: Partial<Product>): Product => ({
  ...product,
  ...values,
  version: product.version + 1,
});

const fact = (
  type: 'product.updated' | 'product.unpublished' | 'product.archived',
  { id, version }: Product,
  changed: readonly string[],
): Fact => ({ type, aggregateId: id, data: { productId: id, version, changed: [...changed] } });

export const variantFact = (
  type: 'product.variant_created' | 'product.variant_updated' | 'product.variant_removed',
  { id, productId, sku }: Variant,
): Fact => ({ type, aggregateId: id, data: { variantId: id, productId, sku } });

/** A product as it is first written, with all that belongs to it. */
export type WholeProduct = {
  readonly product: Product;
  readonly variants: readonly Variant[];
  readonly categoryIds: readonly string[];
};

/** What is told of a new product: its whole life, where it was written as more than a draft. */
export const createdFacts = ({ product, variants, categoryIds }: WholeProduct): Fact[] => {
  const { id, publishedAt, status } = product;
  const parts = ['slug', 'texts', 'attributes', 'variants', 'media', 'categories', 'regions'];
  return [
    {
      ...{ type: 'product.created', aggregateId: id },
      data: { productId: id, version: 1, changed: parts, categoryIds: [...categoryIds] },
    },
    ...variants.map((variant) => variantFact('product.variant_created', variant)),
    ...(publishedAt ? [publishedFact({ ...product, publishedAt, version: 2 })] : []),
    ...(status === 'ARCHIVED' ? [fact('product.archived', product, ['status'])] : []),
  ];
};

const publishedFact = (product: Product & { readonly publishedAt: Date }): Fact => ({
  type: 'product.published',
  aggregateId: product.id,
  data: {
    productId: product.id,
    version: product.version,
    changed: ['status', 'publishedAt'],
    publishedAt: product.publishedAt.toISOString(),
  },
});

/** The product with the texts of one language written, all of them at once. */
export const writeTexts = (product: Product, locale: string, text: Text): Change => {
  const texts: Texts = { ...product.texts, [locale]: text };
  return changeParts(product, [`texts.${locale}`], { texts, nameKey: nameKeyOf({ en: texts.en }) });
};

export type ProductEdit = {
  readonly slug: string | null;
  readonly attributes: readonly AttributeChange[];
  /** Null leaves them, `everywhere` takes them away. */
  readonly regions: readonly string[] | 'everywhere' | null;
};

/** The product after an edit; without facts when nothing differs, so that a repeat is no change. */
export const edit = (product: Product, definitions: readonly AttributeDefinition[], wanted: ProductEdit) => {
  const result = changeAttributes(definitions, product.attributes, wanted.attributes);
  if ('problems' in result) return attributesInvalid(result.problems);
  const { attributes } = result;
  const lost = missingAttributes(definitions, attributes).filter((code) => code in product.attributes);
  if (product.status === 'PUBLISHED' && lost.length > 0) {
    return attributesInvalid(lost.map((code) => ({ code, message: 'is required of a published product' })));
  }
  const slug = wanted.slug ?? product.slug;
  const regions = regionsAfter(product.regions, wanted.regions);
  const parts = [
    ...(slug === product.slug ? [] : ['slug']),
    ...(wanted.attributes.some(({ code }) => !isSame(attributes[code], product.attributes[code]))
      ? ['attributes']
      : []),
    ...(isSame(regions, product.regions) ? [] : ['regions']),
  ];
  return parts.length === 0
    ? { product, facts: [] }
    : changeParts(product, parts, { slug, attributes, regions });
};

const regionsAfter = (current: Product['regions'], wanted: ProductEdit['regions']): Product['regions'] => {
  if (wanted === 'everywhere') return null;
  return wanted === null ? current : [...new Set(wanted)].sort();
};

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What a product lacks before it can be on sale. */
export const missingToPublish = (
  product: Product,
  {
    variants,
    definitions,
  }: { readonly variants: number; readonly definitions: readonly AttributeDefinition[] },
): string[] => [
  ...(variants === 0 ? ['variants'] : []),
  ...missingAttributes(definitions, product.attributes).map((code) => `attributes.${code}`),
];

/** On sale from a date on, or from now; a product on sale stays on sale since when it was. */
export const publish = (
  product: Product,
  {
    publishAt,
    now,
    missing,
  }: { readonly publishAt: Date | null; readonly now: Date; readonly missing: readonly string[] },
) => {
  if (missing.length > 0) return productIncomplete(missing);
  const since = product.publishedAt;
  const isOnSale = product.status === 'PUBLISHED' && since !== null && since <= now;
  const publishedAt = publishAt ?? (isOnSale ? since : now);
  if (product.status === 'PUBLISHED' && since?.getTime() === publishedAt.getTime())
    return { product, facts: [] };
  const published = { ...next(product, { status: 'PUBLISHED' }), publishedAt };
  return { product: published, facts: [publishedFact(published)] };
};

/** A draft again, without a publish date; a draft stays as it is. */
export const unpublish = (product: Product): Change => {
  if (product.status === 'DRAFT') return { product, facts: [] };
  const draft = next(product, { status: 'DRAFT', publishedAt: null });
  return { product: draft, facts: [fact('product.unpublished', draft, ['status', 'publishedAt'])] };
};

/** Out of sale for good; what is archived stays as it is. */
export const archive = (product: Product): Change => {
  if (product.status === 'ARCHIVED') return { product, facts: [] };
  const archived = next(product, { status: 'ARCHIVED' });
  return { product: archived, facts: [fact('product.archived', archived, ['status'])] };
};

export const isAvailableIn = ({ regions }: Pick<Product, 'regions'>, region: string): boolean =>
  regions === null || regionsAround(region).some((around) => regions.includes(around));

/** A region with the country it is a state of: `US-CA` and `US`. */
export const regionsAround = (region: string): readonly string[] => [
  ...new Set([region, region.slice(0, 2)]),
];
