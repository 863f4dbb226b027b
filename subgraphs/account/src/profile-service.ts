import { missingFor, standingOf } from './consent-domain.ts';
import { standingEntriesOf } from './consent-repository.ts';
import {
  type CustomerChange,
  type CustomerOutcome,
  type Ending,
  type Held,
  unchanged,
} from './customer-change-service.ts';
import * as inputs from './data-inputs.ts';
import { type Profile, versionRefusal } from './profile-domain.ts';
import { saveProfile } from './profile-repository.ts';

/** What a customer says of themselves, and how they like to be served. */
export const createProfiles = (change: CustomerChange) => ({
  update: change(
    'customerProfileUpdate',
    () => inputs.customerProfileUpdate,
    async (held) => {
      const { idempotencyKey: _key, expectedVersion, ...given } = held.command;
      const refusal = versionRefusal(expectedVersion, held.profile.version);
      if (refusal) return unchanged(refusal);
      return save(held, given, {
        fact: 'account.profile_updated',
        outcome: 'CustomerProfileUpdated' as const,
      });
    },
  ),

  updatePreferences: change(
    'preferencesUpdate',
    () => inputs.preferencesUpdate,
    async (held) => {
      const { tx, viewer, profile, command } = held;
      const { idempotencyKey: _key, expectedVersion, marketingChannels, ...given } = command;
      const refusal = versionRefusal(expectedVersion, profile.version);
      if (refusal) return unchanged(refusal);
      const channels = marketingChannels === null ? [] : (marketingChannels ?? profile.marketingChannels);
      const missing = missingFor(channels, standingOf(await standingEntriesOf(tx, viewer, [viewer.id])));
      if (missing.length > 0) {
        return unchanged({
          __typename: 'ConsentMissing' as const,
          message: `These channels need an agreement first: ${missing.join(', ')}. Record it with consentGrant.`,
          purposes: missing,
        });
      }
      const wanted = { ...given, marketingChannels: channels };
      return save(held, wanted, {
        fact: 'account.preferences_updated',
        outcome: 'PreferencesUpdated' as const,
      });
    },
  ),
});

type Given = { readonly [Field in keyof Profile]?: Profile[Field] | undefined };

/** What is said anew replaces what was; what is left out stays. */
const save = async <Outcome extends string>(
  { tx, profile }: Held<unknown>,
  given: Given,
  told: { fact: 'account.profile_updated' | 'account.preferences_updated'; outcome: Outcome },
): Promise<Ending<CustomerOutcome & { __typename: Outcome }>> => {
  const { customerId } = profile;
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const version = profile.version + 1;
  await saveProfile(tx, { ...profile, ...said, version });
  return {
    outcome: { __typename: told.outcome, customerId },
    facts: [{ type: told.fact, aggregateId: customerId, data: { customerId, version } }],
  };
};
