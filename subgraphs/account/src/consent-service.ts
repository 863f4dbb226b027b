import {
  type ConsentPurpose,
  channelsWithout,
  isNews,
  maxConsentEntries,
  standingOf,
} from './consent-domain.ts';
import { countConsents, insertConsent, standingEntriesOf } from './consent-repository.ts';
import { type CustomerChange, type Held, unchanged } from './customer-change-service.ts';
import * as inputs from './data-inputs.ts';
import { saveProfile } from './profile-repository.ts';

const limitReached = () => ({
  __typename: 'ConsentLimitReached' as const,
  message: `The ledger holds ${maxConsentEntries} lines of yours and takes no further agreement. Withdrawing is always possible.`,
  limit: maxConsentEntries,
});

/** What a customer agreed to. The ledger is only ever added to, and only where something changes. */
export const createConsents = (change: CustomerChange) => ({
  grant: change(
    'consentGrant',
    () => inputs.consentGrant,
    async (held) => {
      const { tx, viewer, profile, command } = held;
      const { customerId } = profile;
      const said = { purpose: command.purpose, version: command.version, isGranted: true };
      const granted = { __typename: 'ConsentGranted' as const, customerId };
      if (!isNews(standingOf(await standingEntriesOf(tx, viewer, [customerId])), said))
        return unchanged(granted);
      if ((await countConsents(tx, customerId)) >= maxConsentEntries) return unchanged(limitReached());
      return { outcome: granted, facts: await record(held, said) };
    },
  ),

  withdraw: change(
    'consentWithdraw',
    () => inputs.consentWithdraw,
    async (held) => {
      const { tx, viewer, profile, command } = held;
      const { customerId } = profile;
      const withdrawn = { __typename: 'ConsentWithdrawn' as const, customerId };
      const standing = standingOf(await standingEntriesOf(tx, viewer, [customerId]));
      const version = standing.find(({ purpose }) => purpose === command.purpose)?.version;
      const said = { purpose: command.purpose, version: version ?? '', isGranted: false };
      if (version === undefined || !isNews(standing, said)) return unchanged(withdrawn);
      const marketingChannels = channelsWithout(profile.marketingChannels, command.purpose);
      if (marketingChannels.length < profile.marketingChannels.length) {
        await saveProfile(tx, { ...profile, marketingChannels, version: profile.version + 1 });
      }
      return { outcome: withdrawn, facts: await record(held, said) };
    },
  ),
});

const record = async (
  { tx, profile: { customerId } }: Held<unknown>,
  said: { readonly purpose: ConsentPurpose; readonly version: string; readonly isGranted: boolean },
) => {
  await insertConsent(tx, { customerId, ...said });
  const data = { customerId, ...said };
  return [{ type: 'account.consent_recorded' as const, aggregateId: customerId, data }];
};
