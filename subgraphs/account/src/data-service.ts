import type { Database } from '@storegraph/postgres';
import { createAddresses } from './address-service.ts';
import { createConsents } from './consent-service.ts';
import { createCustomerChange } from './customer-change-service.ts';
import { createDataJobs } from './data-job-service.ts';
import type { Post } from './mail-service.ts';
import { createPaymentMethods } from './payment-method-service.ts';
import { createProfiles } from './profile-service.ts';

type Needs = {
  readonly db: Database;
  readonly post: Post;
  /** Has jobs looked for at once. */
  readonly wake: () => void;
  readonly now?: () => Date;
};

/** What a customer keeps with the shop, and what they may ask about it. */
export const createCustomerData = ({ db, post, wake, now = () => new Date() }: Needs) => {
  const change = createCustomerChange(db);
  return {
    profiles: createProfiles(change),
    addresses: createAddresses(change),
    paymentMethods: createPaymentMethods({ change, now }),
    consents: createConsents(change),
    jobs: createDataJobs({ change, now, post, wake }),
  };
};

export type CustomerData = ReturnType<typeof createCustomerData>;
