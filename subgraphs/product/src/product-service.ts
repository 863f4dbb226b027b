import type { Fact } from '@storegraph/events';
import { newId, type Transaction } from '@storegraph/postgres';
import type { z } from 'zod';
import { changeAttributes } from './attribute-domain.ts';
import { holdCategories, insertProductCategories } from './category-repository.ts';
import {
  holdProduct,
  type Mutations,
  ofProduct,
  refused,
  refusedInput,
  saveChange,
} from './change-service.ts';
import {
  archive,
  createdFacts,
  edit,
  missingToPublish,
  type Product,
  publish,
  unpublish,
  versionRefusal,
  type WholeProduct,
} from './domain.ts';
import * as inputs from './inputs.ts';
import { relist } from './listing-repository.ts';
import {
  attributesInvalid,
  categoryNotFound,
  productNotFound,
  productTypeNotFound,
  skuTaken,
  slugTaken,
} from './refusal-domain.ts';
import { insertProducts, insertSlugs, lockProduct, lockSlugsLike, slugOwner } from './repository.ts';
import { freeSlug, nameKeyOf, slugOf, type Texts } from './text-domain.ts';
import { holdType, holdTypeOf, typesByIds } from './type-repository.ts';
import { addVariants } from './variant-domain.ts';
import { insertVariants, takenSku, variantsOfProduct } from './variant-repository.ts';

/** The life of a product, from draft to archive. */
export const createProducts = (change: Mutations) => ({
  create: change('productCreate', inputs.productCreate, createProduct),
  update: change('productUpdate', inputs.productUpdate, updateProduct),
  publish: change('productPublish', inputs.productPublish, publishProduct),

  unpublish: change('productUnpublish', inputs.productUnpublish, async (tx, { productId }) => {
    const held = await holdProduct(tx, productId);
    if ('refusal' in held) return refused(held.refusal);
    const result = unpublish(held.product);
    await saveChange(tx, result);
    return ofProduct('ProductUnpublished', result);
  }),

  archive: change('productArchive', inputs.productArchive, async (tx, { productId }) => {
    const held = await lockProduct(tx, productId);
    if (!held) return refused(productNotFound(productId));
    const result = archive(held.product);
    await saveChange(tx, result);
    return ofProduct('ProductArchived', result);
  }),
});

const createProduct = async (tx: Transaction, input: inputs.NewProduct) => {
  const type = await holdType(tx, input.typeCode);
  if (!type) return refused(productTypeNotFound(input.typeCode));
  const missing = await missingCategory(tx, input.categoryIds);
  if (missing !== null) return refused(categoryNotFound(missing));

  const result = changeAttributes(type.attributes, {}, input.attributes);
  if ('problems' in result) return refused(attributesInvalid(result.problems));
  const id = newId();
  const drafts = input.variants.map((variant) => ({ ...variant, id: newId() }));
  const added = addVariants({ id, optionNames: input.optionNames }, [], drafts);
  if ('problems' in added) {
    return refusedInput(
      added.problems.map(({ path, message }) => ({ path: ['variants', ...path], message })),
    );
  }
  const sku = await takenSku(
    tx,
    input.variants.map((variant) => variant.sku),
  );
  if (sku !== null) return refused(skuTaken(sku));
  const texts = textsOf(input.texts);
  if (input.slug !== null && (await slugOwner(tx, input.slug)) !== null)
    return refused(slugTaken(input.slug));
  const slug = input.slug ?? (await newSlug(tx, texts));

  const product = draftOf(input, { id, typeId: type.id, slug, texts, attributes: result.attributes });
  const facts = await writeProducts(tx, [
    { product, variants: added.variants, categoryIds: input.categoryIds },
  ]);
  return ofProduct('ProductCreated', { product, facts });
};

/** Writes any number of new products with one statement for each table, and answers what is to be told of them. */
export const writeProducts = async (tx: Transaction, batch: readonly WholeProduct[]): Promise<Fact[]> => {
  await insertProducts(
    tx,
    batch.map(({ product }) => product),
  );
  await insertVariants(
    tx,
    batch.flatMap(({ variants }) => variants),
  );
  const places = batch.flatMap(({ product, categoryIds }) =>
    categoryIds.map((categoryId, position) => ({ productId: product.id, categoryId, position })),
  );
  await insertProductCategories(tx, places);
  await relist(
    tx,
    batch.map(({ product }) => product.id),
  );
  return batch.flatMap(createdFacts);
};

/** The first of the categories that is not there; those that are cannot move until the commit. */
export const missingCategory = async (tx: Transaction, ids: readonly string[]): Promise<string | null> => {
  const held = new Set((await holdCategories(tx, ids)).map(({ id }) => id));
  return ids.find((id) => !held.has(id)) ?? null;
};

/** Texts as they are kept; inputs.ts has made sure of English. */
export const textsOf = (given: inputs.NewProduct['texts']): Texts => {
  const entries = given.map(({ locale, ...text }) => [locale, text] as const);
  const en = entries.find(([locale]) => locale === 'en')?.[1];
  if (!en) throw new Error('Texts without English passed the input rules.');
  return { ...Object.fromEntries(entries), en };
};

const newSlug = async (tx: Transaction, texts: Texts): Promise<string> => {
  const base = slugOf(texts.en.name, 'product');
  return freeSlug(base, await lockSlugsLike(tx, base));
};

type Decided = Pick<Product, 'id' | 'typeId' | 'slug' | 'texts' | 'attributes'>;

/** The draft that an input describes. */
export const draftOf = (input: inputs.NewProduct, decided: Decided): Product => ({
  ...decided,
  status: 'DRAFT',
  publishedAt: null,
  nameKey: nameKeyOf(decided.texts),
  optionNames: input.optionNames,
  media: input.media.map((media) => ({ ...media, id: newId() })),
  regions: input.regions && [...new Set(input.regions)].sort(),
  version: 1,
});

const updateProduct = async (tx: Transaction, command: z.output<typeof inputs.productUpdate>) => {
  const type = await holdTypeOf(tx, command.productId);
  const held = await holdProduct(tx, command.productId);
  if ('refusal' in held) return refused(held.refusal);
  const { product } = held;
  const stale = versionRefusal(product, command.expectedVersion);
  if (stale) return refused(stale);
  const owner = command.slug === null ? null : await slugOwner(tx, command.slug);
  if (command.slug !== null && owner !== null && owner !== product.id)
    return refused(slugTaken(command.slug));

  const { slug, attributes } = command;
  const regions = command.everywhere ? ('everywhere' as const) : command.regions;
  const result = edit(product, type?.attributes ?? [], { slug, attributes, regions });
  if ('__typename' in result) return refused(result);

  if (slug !== null && owner === null) await insertSlugs(tx, [{ slug, productId: product.id }]);
  await saveChange(tx, result);
  return ofProduct('ProductUpdated', result);
};

const publishProduct = async (tx: Transaction, command: z.output<typeof inputs.productPublish>) => {
  const held = await holdProduct(tx, command.productId);
  if ('refusal' in held) return refused(held.refusal);
  const { product, now } = held;
  const variants = await variantsOfProduct(tx, product.id);
  const [type] = await typesByIds(tx, [product.typeId]);

  const missing = missingToPublish(product, {
    variants: variants.length,
    definitions: type?.attributes ?? [],
  });
  const published = publish(product, { publishAt: command.publishAt, now, missing });
  if ('__typename' in published) return refused(published);
  await saveChange(tx, published);
  return ofProduct('ProductPublished', published);
};
