import type { Transaction } from '@storegraph/postgres';
import type { PersonalData } from '@storegraph/server';
import { sql } from 'drizzle-orm';

/** The latest; a sign-in a day makes as many in a quarter of a century. */
const maxAuditEntries = 10_000;

/** Everything the account subgraph holds of a customer. Tokens and hashes are no data about them, but keys to it. */
export const ownPart = async (tx: Transaction, customerId: string): Promise<PersonalData> => {
  const id = sql`${customerId}::uuid`;
  const [row] = await tx.execute<{ part: Record<string, unknown> }>(sql`select json_build_object(
    'account', (select json_build_object('id', account_id, 'email', email, 'state', state,
        'createdAt', created_at, 'emailVerifiedAt', email_verified_at, 'passwordChangedAt', password_changed_at,
        'secondFactorSince', totp_enabled_at)
      from accounts where account_id = ${id}),
    'profile', (select json_build_object('givenName', given_name, 'familyName', family_name, 'company', company,
        'phone', phone, 'taxId', tax_id)
      from profiles where customer_id = ${id}),
    'preferences', (select json_build_object('locale', locale, 'currency', currency, 'region', region,
        'marketingChannels', marketing_channels)
      from profiles where customer_id = ${id}),
    'addresses', (select coalesce(json_agg(json_build_object('id', address_id, 'label', label,
        'recipient', recipient, 'company', addresses.company, 'lines', lines, 'city', city,
        'subdivision', subdivision, 'postalCode', postal_code, 'country', country, 'phone', addresses.phone,
        'isDefaultForShipping', address_id is not distinct from default_shipping_id,
        'isDefaultForBilling', address_id is not distinct from default_billing_id) order by address_id), '[]')
      from addresses join profiles using (customer_id) where customer_id = ${id}),
    'paymentMethods', (select coalesce(json_agg(json_build_object('id', payment_method_id, 'kind', kind,
        'provider', provider, 'label', label, 'brand', brand, 'last4', last4, 'expiryMonth', expiry_month,
        'expiryYear', expiry_year, 'addedAt', added_at) order by payment_method_id), '[]')
      from payment_methods where customer_id = ${id}),
    'consents', (select coalesce(json_agg(json_build_object('purpose', purpose, 'version', version,
        'isGranted', is_granted, 'recordedAt', recorded_at) order by consent_id), '[]')
      from consents where customer_id = ${id}),
    'sessions', (select coalesce(json_agg(json_build_object('device', device_name, 'createdAt', created_at,
        'lastUsedAt', last_used_at, 'endedAt', ended_at) order by created_at), '[]')
      from sessions where account_id = ${id}),
    'identities', (select coalesce(json_agg(json_build_object('provider', provider, 'email', email,
        'linkedAt', linked_at) order by linked_at), '[]')
      from identities where account_id = ${id}),
    'events', (select coalesce(json_agg(json_build_object('at', at, 'action', action,
        'by', split_part(actor, ':', 1), 'details', details) order by entry_id), '[]')
      from (select * from audit_entries where subject_id = ${id} order by entry_id desc
        limit ${maxAuditEntries}) as latest)
  ) as part`);
  if (!row) throw new Error('A select without a table answers one row.');
  return { items: itemsIn(row.part), content: JSON.stringify(row.part, null, 2) };
};

const itemsIn = (part: Readonly<Record<string, unknown>>): number =>
  Object.values(part).reduce<number>(
    (sum, value) => sum + (Array.isArray(value) ? value.length : value === null ? 0 : 1),
    0,
  );
