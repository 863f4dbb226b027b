import { z } from 'zod';

const id = z.uuid();
const customer = z.strictObject({ customerId: id });
const version = z.int().positive();
const address = customer.extend({ addressId: id });
const paymentMethod = customer.extend({ paymentMethodId: id });
const dataExport = customer.extend({ exportId: id });
const erasure = customer.extend({ erasureId: id });

/** What the account subgraph publishes of what a customer keeps with it. Ids alone: a log is no place for a person. */
export const accountDataFacts = {
  'account.profile_updated': { version: 1, data: customer.extend({ version }) },
  'account.preferences_updated': { version: 1, data: customer.extend({ version }) },
  /** Added, changed, or made a default. */
  'account.address_saved': { version: 1, data: address },
  'account.address_removed': { version: 1, data: address },
  'account.payment_method_saved': { version: 1, data: paymentMethod },
  'account.payment_method_removed': { version: 1, data: paymentMethod },
  'account.consent_recorded': {
    version: 1,
    data: customer.extend({ purpose: z.string(), version: z.string(), isGranted: z.boolean() }),
  },
  'account.export_requested': { version: 1, data: dataExport },
  'account.export_finished': {
    version: 1,
    data: dataExport.extend({ status: z.enum(['FINISHED', 'FAILED']) }),
  },
  'account.erasure_requested': { version: 1, data: erasure.extend({ beginsAt: z.iso.datetime() }) },
  'account.erasure_withdrawn': { version: 1, data: erasure },
  /** The account is closed. Its parts all over the shop are being erased. */
  'account.erasure_begun': { version: 1, data: erasure },
  'account.erasure_finished': { version: 1, data: erasure },
} as const;
