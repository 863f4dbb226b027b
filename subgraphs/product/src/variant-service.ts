import { newId, type Transaction } from '@storegraph/postgres';
import type { z } from 'zod';
import { holdProduct, type Mutations, refused, refusedInput, saveChange } from './change-service.ts';
import { changeParts, variantFact } from './domain.ts';
import * as inputs from './inputs.ts';
import { skuTaken, variantNotFound } from './refusal-domain.ts';
import { addVariants, moveTo, type Variant } from './variant-domain.ts';
import {
  insertVariants,
  markRemoved,
  productIdOfVariant,
  reorderVariants,
  saveVariant,
  takenSku,
  variantsOfProduct,
} from './variant-repository.ts';

export type VariantOutcome = { readonly variantId: string };
export type RemovedOutcome = VariantOutcome & { readonly productId: string };

/** Variants belong to their product: it is held, its version counts their changes too. */
export const createVariants = (change: Mutations) => ({
  create: change('variantCreate', inputs.variantCreate, createVariant),
  update: change('variantUpdate', inputs.variantUpdate, updateVariant),
  remove: change('variantRemove', inputs.variantRemove, removeVariant),
});

const createVariant = async (tx: Transaction, command: z.output<typeof inputs.variantCreate>) => {
  const held = await holdProduct(tx, command.productId);
  if ('refusal' in held) return refused(held.refusal);
  const existing = await variantsOfProduct(tx, command.productId);
  const added = addVariants(held.product, existing, [{ ...command.variant, id: newId() }]);
  if ('problems' in added) {
    return refusedInput(added.problems.map(({ message }) => ({ path: ['variant'], message })));
  }
  const sku = await takenSku(tx, [command.variant.sku]);
  if (sku !== null) return refused(skuTaken(sku));

  await insertVariants(tx, added.variants);
  const result = changeParts(held.product, ['variants']);
  await saveChange(tx, result);
  const [variant] = added.variants;
  if (!variant) throw new Error('A variant was neither refused nor made.');
  return {
    outcome: { __typename: 'VariantCreated' as const, variantId: variant.id },
    facts: [...result.facts, variantFact('product.variant_created', variant)],
  };
};

/** The variant with its held product and all its siblings, or why it cannot be changed. */
const holdVariant = async (tx: Transaction, variantId: string) => {
  const productId = await productIdOfVariant(tx, variantId);
  if (productId === null) return { refusal: variantNotFound(variantId) };
  const held = await holdProduct(tx, productId);
  if ('refusal' in held) {
    return {
      refusal: held.refusal.__typename === 'ProductNotFound' ? variantNotFound(variantId) : held.refusal,
    };
  }
  const siblings = await variantsOfProduct(tx, productId);
  // Somebody may have removed it before the product was held.
  const variant = siblings.find(({ id }) => id === variantId);
  return variant ? { product: held.product, siblings, variant } : { refusal: variantNotFound(variantId) };
};

const updateVariant = async (tx: Transaction, command: z.output<typeof inputs.variantUpdate>) => {
  const held = await holdVariant(tx, command.variantId);
  if ('refusal' in held) return refused(held.refusal);
  const { variant, siblings } = held;
  const changed = changedVariant(variant, command);
  if (command.sku !== null && (await takenSku(tx, [command.sku], variant.id)) !== null) {
    return refused(skuTaken(command.sku));
  }
  await saveVariant(tx, changed);
  if (command.position !== null) {
    const ids = siblings.map(({ id }) => id);
    await reorderVariants(tx, moveTo(ids, variant.id, command.position));
  }
  const result = changeParts(held.product, ['variants']);
  await saveChange(tx, result);
  return {
    outcome: { __typename: 'VariantUpdated' as const, variantId: variant.id },
    facts: [...result.facts, variantFact('product.variant_updated', changed)],
  };
};

/** Left out stays; null takes a bar code or a weight away. */
const changedVariant = (
  variant: Variant,
  { sku, barcode, weightGrams }: z.output<typeof inputs.variantUpdate>,
): Variant => ({
  ...variant,
  sku: sku ?? variant.sku,
  barcode: barcode === undefined ? variant.barcode : barcode,
  weightGrams: weightGrams === undefined ? variant.weightGrams : weightGrams,
});

const removeVariant = async (tx: Transaction, { variantId }: z.output<typeof inputs.variantRemove>) => {
  const held = await holdVariant(tx, variantId);
  if ('refusal' in held) return refused(held.refusal);
  const { product, siblings, variant } = held;
  if (product.status === 'PUBLISHED' && siblings.length === 1) {
    const message = 'is the last of a product on sale: take the product back to draft first';
    return refusedInput([{ path: ['variantId'], message }]);
  }
  await markRemoved(tx, variantId);
  const remaining = siblings.map(({ id }) => id).filter((id) => id !== variantId);
  await reorderVariants(tx, remaining);
  const result = changeParts(product, ['variants']);
  await saveChange(tx, result);
  return {
    outcome: { __typename: 'VariantRemoved' as const, variantId, productId: product.id },
    facts: [...result.facts, variantFact('product.variant_removed', variant)],
  };
};
