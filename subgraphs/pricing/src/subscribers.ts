import { append, type Handlers } from '@storegraph/events';
import type { Transaction } from '@storegraph/postgres';
import { placeProduct, plantCategory, removeCategory } from './category-repository.ts';
import { removeVariant, saveVariant } from './variant-repository.ts';

/** What the catalogue tells: variants it told of can be priced, by where their products stand too. */
export const subscribers: Handlers = {
  'product.created': async (tx, { data }) => place(tx, data),
  'product.updated': async (tx, { data }) => place(tx, data),
  'product.category_created': (tx, { data }) => plantCategory(tx, data),
  'product.category_moved': (tx, { data }) => plantCategory(tx, data),
  'product.category_removed': (tx, { data }) => removeCategory(tx, data.categoryId),
  'product.variant_created': (tx, { data }) => saveVariant(tx, data),
  'product.variant_updated': (tx, { data }) => saveVariant(tx, data),
  'product.variant_removed': async (tx, { data }) => {
    const { variantId } = data;
    if (!(await removeVariant(tx, data))) return;
    append(tx, [{ type: 'pricing.price_changed', aggregateId: variantId, data: { variantId } }]);
  },
};

type Placed = { readonly productId: string; readonly categoryIds?: readonly string[] | undefined };

/** Most changes of a product leave it where it is. */
const place = async (tx: Transaction, { productId, categoryIds }: Placed): Promise<void> => {
  if (categoryIds) await placeProduct(tx, productId, categoryIds);
};
