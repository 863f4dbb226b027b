import { z } from 'zod';

const id = z.uuid();
const customer = z.strictObject({ customerId: id });

/** What the account subgraph publishes. No fact holds more of a person than an id: facts are not erased. */
export const accountFacts = {
  'account.customer_created': { version: 1, data: customer },
  /** A guest who has become the customer, where there was one: what is the guest's is the customer's from now on. */
  'account.signed_in': {
    version: 1,
    data: z.strictObject({ customerId: id, guestId: id.nullable(), at: z.iso.datetime() }),
  },
  /** Sessions that end together, and the access tokens of them with it. More than fit in one fact are several facts. */
  'account.sessions_ended': {
    version: 1,
    data: z.strictObject({ accountId: id, sessionIds: z.array(id).min(1).max(100) }),
  },
  'account.email_changed': { version: 1, data: customer },
  'account.customer_suspended': { version: 1, data: customer },
  'account.customer_restored': { version: 1, data: customer },
  'account.staff_changed': {
    version: 1,
    data: z.strictObject({
      staffId: id,
      role: z.enum(['support', 'merchandiser', 'warehouse', 'finance', 'admin']),
      isActive: z.boolean(),
    }),
  },
} as const;
