import { z } from 'zod';

/** More would be a list, and what was asked in full is nobody's business but the subgraph's. */
const maxNamed = 10;

/** What a member of staff has had a subgraph do or refuse. The aggregate is the member; everybody is an id. */
const acted = {
  version: 1,
  data: z.strictObject({
    /** The mutation. */
    operation: z.string().min(1),
    /** The name of its outcome. */
    outcome: z.string().min(1),
    /** What it was about, by the names the graph has for it: `productId`, `code`. */
    on: z
      .record(z.string(), z.string().min(1).max(64))
      .refine((on) => Object.keys(on).length <= maxNamed, `names at most ${maxNamed} things`),
  }),
} as const;

/** What staff did, as each subgraph whose mutations they use publishes it for the audit log. */
export const staffFacts = {
  'product.staff_acted': acted,
  'pricing.staff_acted': acted,
  'inventory.staff_acted': acted,
} as const;
