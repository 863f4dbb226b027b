import type { Reader, Transaction } from '@storegraph/postgres';
import type { Viewer } from '@storegraph/server';
import { sql } from 'drizzle-orm';
import type { PaymentMethod } from './payment-method-domain.ts';
import { idsIn, visibleTo } from './profile-repository.ts';

const columns =
  sql.raw(`payment_method_id as "id", customer_id as "customerId", kind, provider, token, label, brand,
  last4, expiry_month as "expiryMonth", expiry_year as "expiryYear", added_at as "addedAt"`);

/** Ids are of version 7, so their order is that of adding. */
export const paymentMethodsOf = async (
  reader: Reader,
  viewer: Viewer,
  customerIds: readonly string[],
): Promise<PaymentMethod[]> => [
  ...(await reader.execute<PaymentMethod>(sql`select ${columns} from payment_methods
    where customer_id = any(${idsIn(customerIds)}) and ${visibleTo(viewer)} order by payment_method_id`)),
];

export const paymentMethodsByIds = async (
  reader: Reader,
  viewer: Viewer,
  ids: readonly string[],
): Promise<PaymentMethod[]> => [
  ...(await reader.execute<PaymentMethod>(sql`select ${columns} from payment_methods
    where payment_method_id = any(${idsIn(ids)}) and ${visibleTo(viewer)}`)),
];

/** Adds one, or says anew what one is known by. Call it with the customer's row held. */
export const savePaymentMethod = async (tx: Transaction, method: PaymentMethod): Promise<void> => {
  await tx.execute(sql`
    insert into payment_methods (payment_method_id, customer_id, kind, provider, token, label, brand, last4,
      expiry_month, expiry_year, added_at)
    values (${method.id}, ${method.customerId}, ${method.kind}, ${method.provider}, ${method.token}, ${method.label},
      ${method.brand}, ${method.last4}, ${method.expiryMonth}, ${method.expiryYear}, ${method.addedAt.toISOString()})
    on conflict (payment_method_id) do update set kind = excluded.kind, label = excluded.label,
      brand = excluded.brand, last4 = excluded.last4, expiry_month = excluded.expiry_month,
      expiry_year = excluded.expiry_year`);
};

export const deletePaymentMethod = async (
  tx: Transaction,
  { id, customerId }: PaymentMethod,
): Promise<void> => {
  await tx.execute(sql`delete from payment_methods
    where payment_method_id = ${id} and customer_id = ${customerId}`);
};
