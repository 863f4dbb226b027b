import { onceTelling } from '@storegraph/idempotency';

/** What is done here is done once for a key, and told for the audit log where somebody of the staff did it. */
export const once = onceTelling('pricing.staff_acted');
