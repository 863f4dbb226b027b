import { z } from 'zod';

const id = z.uuid();
const code = z.string().min(1);

/** What the pricing subgraph publishes. */
export const pricingFacts = {
  /** What one variant costs has changed: it was written, or a scheduled price has started or ended. */
  'pricing.price_changed': { version: 1, data: z.strictObject({ variantId: id }) },
  /** A list was saved, removed, has started or ended: anything it prices may cost something else. */
  'pricing.price_list_changed': { version: 1, data: z.strictObject({ code }) },
  /** Another rate holds for a currency. */
  'pricing.exchange_rate_changed': { version: 1, data: z.strictObject({ currency: code }) },
  'pricing.tax_rates_changed': { version: 1, data: z.strictObject({ region: code }) },
  'pricing.rounding_rule_changed': { version: 1, data: z.strictObject({ currency: code }) },
  'pricing.customer_group_changed': {
    version: 1,
    data: z.strictObject({ customerId: id, group: code.nullable() }),
  },
  'pricing.promotion_saved': {
    version: 1,
    data: z.strictObject({ promotionId: id, code, isActive: z.boolean() }),
  },
  'pricing.coupons_generated': {
    version: 1,
    data: z.strictObject({ batchId: id, promotionId: id, count: z.int().positive() }),
  },
  'pricing.coupons_redeemed': {
    version: 1,
    data: z.strictObject({ checkoutId: id, codes: z.array(code).min(1) }),
  },
  'pricing.coupons_released': {
    version: 1,
    data: z.strictObject({ checkoutId: id, codes: z.array(code).min(1) }),
  },
  /** The whole state of one account after a change. */
  'pricing.points_changed': {
    version: 1,
    data: z.strictObject({
      customerId: id,
      orderId: id,
      reason: z.enum(['EARNED', 'SPENT', 'SPENT_RETURNED', 'EARNED_REVERSED']),
      delta: z.int(),
      balance: z.int().nonnegative(),
    }),
  },
} as const;
