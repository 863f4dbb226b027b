import { z } from 'zod';

const id = z.uuid();
const pieces = z.int();
const variant = z.strictObject({ variantId: id });
const reservation = z.strictObject({ reservationId: id });

/** What the inventory subgraph publishes. */
export const inventoryFacts = {
  /** The whole state of one stock row after a commit, so that a reader who joins late needs no history. */
  'inventory.stock_changed': {
    version: 1,
    data: z.strictObject({
      variantId: id,
      warehouseId: id,
      onHand: pieces.nonnegative(),
      reserved: pieces.nonnegative(),
      sold: pieces.nonnegative(),
      available: pieces,
      version: z.int().nonnegative(),
    }),
  },
  'inventory.stock_low': {
    version: 1,
    data: z.strictObject({ variantId: id, available: pieces, threshold: pieces.nonnegative() }),
  },
  'inventory.stock_recovered': { version: 1, data: z.strictObject({ variantId: id, available: pieces }) },
  /** The catalogue has removed the variant: what lies on the shelves can be reserved no more. */
  'inventory.stock_withdrawn': { version: 1, data: variant },
  /** The date of the variant's preorder has passed. */
  'inventory.preorder_ended': { version: 1, data: variant },
  'inventory.reservation_confirmed': { version: 1, data: reservation },
  'inventory.reservation_released': { version: 1, data: reservation },
  'inventory.reservation_expired': { version: 1, data: reservation },
  'inventory.reservation_shipped': { version: 1, data: reservation },
  'inventory.warehouse_saved': {
    version: 1,
    data: z.strictObject({ warehouseId: id, code: z.string().min(1) }),
  },
  'inventory.policy_changed': {
    version: 1,
    data: z.strictObject({ variantId: id, kind: z.enum(['DENY', 'BACKORDER', 'PREORDER']) }),
  },
} as const;
