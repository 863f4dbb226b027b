import { z } from 'zod';

/** What the cart subgraph publishes. Changes of carts are told to their owners alone. */
export const cartFacts = {
  /** A cart with lines that nobody has touched for a day. Once for each time it is left. */
  'cart.abandoned': {
    version: 1,
    data: z.strictObject({
      cartId: z.uuid(),
      owner: z.strictObject({ kind: z.enum(['guest', 'customer']), id: z.string().min(1) }),
      lines: z.int().positive(),
      updatedAt: z.iso.datetime(),
    }),
  },
} as const;
