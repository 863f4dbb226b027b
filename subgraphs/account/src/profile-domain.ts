import type { Defaults } from './address-domain.ts';
import type { MarketingChannel } from './consent-domain.ts';

/** What a customer says of themselves and how they like to be served. Each part may be unknown. */
export type ProfileFields = {
  readonly givenName: string | null;
  readonly familyName: string | null;
  readonly company: string | null;
  readonly phone: string | null;
  readonly taxId: string | null;
};

export type Preferences = {
  readonly locale: string | null;
  readonly currency: string | null;
  readonly region: string | null;
  readonly marketingChannels: readonly MarketingChannel[];
};

/** One row for each customer: whoever changes anything of theirs in this part holds it. */
export type Profile = ProfileFields &
  Preferences & {
    readonly customerId: string;
    readonly defaultAddresses: Defaults;
    readonly defaultPaymentMethodId: string | null;
    readonly version: number;
  };

/** What is known of somebody who has said nothing yet. */
export const emptyProfile = (customerId: string): Profile => ({
  customerId,
  ...{ givenName: null, familyName: null, company: null, phone: null, taxId: null },
  ...{ locale: null, currency: null, region: null, marketingChannels: [] },
  defaultAddresses: { SHIPPING: null, BILLING: null },
  defaultPaymentMethodId: null,
  version: 0,
});

/** The refusal of a change to what somebody else has changed meanwhile; null when it may go on. */
export const versionRefusal = (expected: number | null, actual: number) =>
  expected === null || expected === actual
    ? null
    : {
        __typename: 'VersionConflict' as const,
        message: `It changed since you read it: it is at version ${actual}. Read it again and decide anew.`,
        expected,
        actual,
      };
