import type { Handlers } from '@storegraph/events';
import { removeVariant, saveVariant } from './variant-repository.ts';

/** What the catalogue tells of variants: stock is kept for those it told of. */
export const subscribers: Handlers = {
  'product.variant_created': (tx, { data }) => saveVariant(tx, data),
  'product.variant_updated': (tx, { data }) => saveVariant(tx, data),
  'product.variant_removed': (tx, { data }) => removeVariant(tx, data),
};
