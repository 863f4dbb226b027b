import type { Reader, Transaction } from '@storegraph/postgres';
import type { Viewer } from '@storegraph/server';
import { sql } from 'drizzle-orm';
import type { Address } from './address-domain.ts';
import { idsIn, visibleTo } from './profile-repository.ts';

const columns =
  sql.raw(`address_id as "id", customer_id as "customerId", label, recipient, company, lines, city,
  subdivision, postal_code as "postalCode", country, phone, version`);

/** Ids are of version 7, so their order is that of adding. */
export const addressesOf = async (
  reader: Reader,
  viewer: Viewer,
  customerIds: readonly string[],
): Promise<Address[]> => [
  ...(await reader.execute<Address>(sql`select ${columns} from addresses
    where customer_id = any(${idsIn(customerIds)}) and ${visibleTo(viewer)} order by address_id`)),
];

export const addressesByIds = async (
  reader: Reader,
  viewer: Viewer,
  ids: readonly string[],
): Promise<Address[]> => [
  ...(await reader.execute<Address>(sql`select ${columns} from addresses
    where address_id = any(${idsIn(ids)}) and ${visibleTo(viewer)}`)),
];

/** Adds an address, or replaces what one says. Call it with the customer's row held. */
export const saveAddress = async (tx: Transaction, address: Address): Promise<void> => {
  await tx.execute(sql`
    insert into addresses (address_id, customer_id, label, recipient, company, lines, city, subdivision, postal_code,
      country, phone, version)
    values (${address.id}, ${address.customerId}, ${address.label}, ${address.recipient}, ${address.company},
      ${sql.param([...address.lines])}::text[], ${address.city}, ${address.subdivision}, ${address.postalCode},
      ${address.country}, ${address.phone}, ${address.version})
    on conflict (address_id) do update set label = excluded.label, recipient = excluded.recipient,
      company = excluded.company, lines = excluded.lines, city = excluded.city, subdivision = excluded.subdivision,
      postal_code = excluded.postal_code, country = excluded.country, phone = excluded.phone,
      version = excluded.version`);
};

export const deleteAddress = async (tx: Transaction, { id, customerId }: Address): Promise<void> => {
  await tx.execute(sql`delete from addresses where address_id = ${id} and customer_id = ${customerId}`);
};
