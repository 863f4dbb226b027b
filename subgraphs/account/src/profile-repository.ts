import type { Reader, Transaction } from '@storegraph/postgres';
import { hasScope, type Viewer } from '@storegraph/server';
import { type SQL, sql } from 'drizzle-orm';
import type { Profile } from './profile-domain.ts';
import { isId } from './repository.ts';

/** The ids among texts, as Postgres takes them. */
export const idsIn = (texts: readonly string[]): SQL => {
  const ids = texts.map((text) => text.toLowerCase()).filter(isId);
  return sql`${sql.param(ids)}::uuid[]`;
};

/**
 * The one door to what customers keep with the shop: one's own, or everybody's for staff that may read accounts and
 * for services. Nothing else exists.
 */
export const visibleTo = (viewer: Viewer): SQL => {
  if (viewer.kind === 'service') return sql`true`;
  if (viewer.kind === 'staff' && hasScope(viewer, 'account:read')) return sql`true`;
  return viewer.kind === 'customer' && isId(viewer.id) ? sql`customer_id = ${viewer.id}` : sql`false`;
};

type ProfileRow = Omit<Profile, 'defaultAddresses'> & {
  readonly defaultShippingId: string | null;
  readonly defaultBillingId: string | null;
};

const columns = sql.raw(`profiles.customer_id as "customerId", given_name as "givenName",
  family_name as "familyName", company, phone, tax_id as "taxId", locale, currency, region,
  marketing_channels as "marketingChannels", default_shipping_id as "defaultShippingId",
  default_billing_id as "defaultBillingId", default_payment_method_id as "defaultPaymentMethodId", version`);

const profileOf = ({ defaultShippingId, defaultBillingId, ...row }: ProfileRow): Profile => ({
  ...row,
  defaultAddresses: { SHIPPING: defaultShippingId, BILLING: defaultBillingId },
});

export const profilesOf = async (
  reader: Reader,
  viewer: Viewer,
  customerIds: readonly string[],
): Promise<Profile[]> => {
  const rows = await reader.execute<ProfileRow>(sql`
    select ${columns} from profiles where customer_id = any(${idsIn(customerIds)}) and ${visibleTo(viewer)}`);
  return [...rows].map(profileOf);
};

/** The customer's row, made when it is not there and held until the commit. Call it with the account held. */
export const holdProfile = async (tx: Transaction, customerId: string): Promise<Profile> => {
  const [row] = await tx.execute<ProfileRow>(sql`
    insert into profiles (customer_id) values (${customerId})
    on conflict (customer_id) do update set customer_id = excluded.customer_id
    returning ${columns}`);
  if (!row) throw new Error('A row that is written is there.');
  return profileOf(row);
};

export const saveProfile = async (tx: Transaction, profile: Profile): Promise<void> => {
  const { defaultAddresses, marketingChannels } = profile;
  await tx.execute(sql`update profiles set given_name = ${profile.givenName}, family_name = ${profile.familyName},
    company = ${profile.company}, phone = ${profile.phone}, tax_id = ${profile.taxId}, locale = ${profile.locale},
    currency = ${profile.currency}, region = ${profile.region},
    marketing_channels = ${sql.param([...marketingChannels])}::text[],
    default_shipping_id = ${defaultAddresses.SHIPPING}, default_billing_id = ${defaultAddresses.BILLING},
    default_payment_method_id = ${profile.defaultPaymentMethodId}, version = ${profile.version}
    where customer_id = ${profile.customerId}`);
};

/** Takes the row away with all that hangs on it. Answers how many rows went. */
export const eraseProfile = async (tx: Transaction, customerId: string): Promise<number> => {
  await tx.execute(sql`update profiles set default_shipping_id = null, default_billing_id = null,
    default_payment_method_id = null where customer_id = ${customerId}`);
  let erased = 0;
  for (const table of ['addresses', 'payment_methods', 'profiles']) {
    const gone = await tx.execute(
      sql`delete from ${sql.identifier(table)} where customer_id = ${customerId} returning 1 as gone`,
    );
    erased += gone.length;
  }
  return erased;
};
