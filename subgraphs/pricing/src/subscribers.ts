import { append, type Handlers } from '@storegraph/events';
import { removeVariant, saveVariant } from './variant-repository.ts';

/** What the catalogue tells of variants: those it told of can be priced. */
export const subscribers: Handlers = {
  'product.variant_created': (tx, { data }) => saveVariant(tx, data),
  'product.variant_updated': (tx, { data }) => saveVariant(tx, data),
  'product.variant_removed': async (tx, { data }) => {
    const { variantId } = data;
    if (!(await removeVariant(tx, data))) return;
    append(tx, [{ type: 'pricing.price_changed', aggregateId: variantId, data: { variantId } }]);
  },
};
