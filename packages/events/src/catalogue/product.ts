import { z } from 'zod';

const id = z.uuid();
const change = z.strictObject({
  productId: id,
  version: z.int().positive(),
  /** The parts of the product that changed: `texts`, `attributes`, `media` … */
  changed: z.array(z.string()),
});
/** A product stands in few categories: where it stands is told as a whole, in its order, whenever it is another. */
const placed = change.extend({ categoryIds: z.array(id).max(20).optional() });
const variant = z.strictObject({ variantId: id, productId: id, sku: z.string().min(1) });
const category = z.strictObject({ categoryId: id });
/** Whoever keeps the tree needs no more: what stands below moves with it. */
const planted = category.extend({ parentId: id.nullable() });

/** What the product subgraph publishes. */
export const productFacts = {
  'product.created': { version: 1, data: placed },
  'product.updated': { version: 1, data: placed },
  'product.published': { version: 1, data: change.extend({ publishedAt: z.iso.datetime() }) },
  'product.unpublished': { version: 1, data: change },
  'product.archived': { version: 1, data: change },
  'product.variant_created': { version: 1, data: variant },
  'product.variant_updated': { version: 1, data: variant },
  'product.variant_removed': { version: 1, data: variant },
  'product.category_created': { version: 1, data: planted },
  'product.category_updated': { version: 1, data: category },
  'product.category_moved': { version: 1, data: planted },
  'product.category_removed': { version: 1, data: category },
  'product.type_saved': { version: 1, data: z.strictObject({ typeCode: z.string() }) },
  'product.import_progressed': {
    version: 1,
    data: z.strictObject({
      importId: id,
      status: z.enum(['RECEIVING', 'RUNNING', 'FINISHED', 'FAILED']),
      rowsRead: z.int().nonnegative(),
      productsWritten: z.int().nonnegative(),
      productsRefused: z.int().nonnegative(),
    }),
  },
} as const;
