import type { Reader, Transaction } from '@storegraph/postgres';
import type { Viewer } from '@storegraph/server';
import { sql } from 'drizzle-orm';
import type { ConsentEntry } from './consent-domain.ts';
import { idsIn, visibleTo } from './profile-repository.ts';

const columns = sql.raw(`consent_id as "id", customer_id as "customerId", purpose, version,
  is_granted as "isGranted", recorded_at as "recordedAt"`);

/** Of each purpose the last two lines that tell its standing: the last one, and the last that agreed. */
export const standingEntriesOf = async (
  reader: Reader,
  viewer: Viewer,
  customerIds: readonly string[],
): Promise<ConsentEntry[]> => [
  ...(await reader.execute<ConsentEntry>(sql`select ${columns} from consents where consent_id in (
      select unnest(array[max(consent_id), max(consent_id) filter (where is_granted)]) from consents
      where customer_id = any(${idsIn(customerIds)}) and ${visibleTo(viewer)} group by customer_id, purpose)
    order by consent_id`)),
];

/** A page of one customer's ledger, the newest first. */
export const ledgerPage = async (
  reader: Reader,
  viewer: Viewer,
  { customerId, before, limit }: { customerId: string; before: number | null; limit: number },
): Promise<ConsentEntry[]> => [
  ...(await reader.execute<ConsentEntry>(sql`select ${columns} from consents
    where customer_id = any(${idsIn([customerId])}) and ${visibleTo(viewer)}
      and (${before}::bigint is null or consent_id < ${before}::bigint)
    order by consent_id desc limit ${limit}`)),
];

export const countConsents = async (tx: Transaction, customerId: string): Promise<number> => {
  const [row] = await tx.execute<{ count: number }>(
    sql`select count(*) as count from consents where customer_id = ${customerId}`,
  );
  return row?.count ?? 0;
};

export const insertConsent = async (
  tx: Transaction,
  {
    customerId,
    purpose,
    version,
    isGranted,
  }: Pick<ConsentEntry, 'customerId' | 'purpose' | 'version' | 'isGranted'>,
): Promise<void> => {
  await tx.execute(sql`insert into consents (customer_id, purpose, version, is_granted)
    values (${customerId}, ${purpose}, ${version}, ${isGranted})`);
};
