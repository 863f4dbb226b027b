import type { StoredEvent } from '@storegraph/events';

/**
 * What is kept carries tags, and facts drop tags. Everything of a subgraph carries its name. What is about one
 * entity and holds its own values alone carries its type and its id; lists, and what holds other entities, can be
 * changed by any of them, and carry a star.
 */
export const tagsOfMixed = (subgraph: string): readonly string[] => [subgraph, `${subgraph}/*`];

/** The subgraph that a tag is about. */
export const subgraphOf = (tag: string): string => tag.split('/', 1)[0] ?? tag;

type Representation = Readonly<Record<string, unknown>>;

/** The tags of an entity's own values. Named by another key than its id, it is dropped like a list. */
export const tagsOfEntity = (
  subgraph: string,
  { __typename: type, id }: Representation,
): readonly string[] =>
  typeof id === 'string'
    ? [subgraph, `${subgraph}/${type}`, `${subgraph}/${type}:${id}`]
    : tagsOfMixed(subgraph);

const one = (subgraph: string, type: string, id: string): string[] => [
  `${subgraph}/${type}:${id}`,
  `${subgraph}/*`,
];

/** The tags that a fact drops. */
export const droppedBy = (event: StoredEvent): readonly string[] => {
  // Who shows a token shares nothing, so nothing about a person is kept that a fact could make wrong.
  if (event.publisher === 'account') return [];
  switch (event.type) {
    case 'product.created':
    case 'product.updated':
    case 'product.published':
    case 'product.unpublished':
    case 'product.archived':
      // A variant is called by its product's name.
      return [...one('product', 'Product', event.data.productId), 'product/ProductVariant'];
    case 'product.variant_created':
    case 'product.variant_updated':
    case 'product.variant_removed':
      return one('product', 'ProductVariant', event.data.variantId);
    case 'product.category_created':
    case 'product.category_updated':
    case 'product.category_moved':
    case 'product.category_removed':
    case 'product.type_saved':
      return ['product'];
    case 'inventory.stock_changed':
    case 'inventory.stock_withdrawn':
    case 'inventory.preorder_ended':
    case 'inventory.policy_changed':
      return one('inventory', 'ProductVariant', event.data.variantId);
    case 'inventory.warehouse_saved':
      return ['inventory'];
    case 'pricing.price_changed':
      return one('pricing', 'ProductVariant', event.data.variantId);
    case 'pricing.price_list_changed':
    case 'pricing.exchange_rate_changed':
    case 'pricing.rounding_rule_changed':
    case 'pricing.customer_group_changed':
      return ['pricing'];
    case 'product.import_progressed':
    case 'inventory.stock_low':
    case 'inventory.stock_recovered':
    case 'inventory.reservation_confirmed':
    case 'inventory.reservation_released':
    case 'inventory.reservation_expired':
    case 'inventory.reservation_shipped':
    case 'pricing.coupons_generated':
    case 'pricing.coupons_redeemed':
    case 'pricing.coupons_released':
    case 'pricing.points_changed':
    case 'pricing.tax_rates_changed':
    case 'product.staff_acted':
    case 'inventory.staff_acted':
    case 'pricing.staff_acted':
      // Told by other facts as far as it changes what may be kept.
      return [];
    default:
      // A fact of a later release: nobody here knows what it changes.
      return [(event as StoredEvent).publisher];
  }
};
