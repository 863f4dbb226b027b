import type { Reader } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';

/** The facts after which a variant's stock may read differently. A warehouse's concerns every variant. */
export const stockFacts = {
  ofVariant: [
    'inventory.stock_changed',
    'inventory.policy_changed',
    'inventory.stock_withdrawn',
    'inventory.preorder_ended',
  ],
  ofAll: ['inventory.warehouse_saved'],
} as const;

/** Reading further back costs more than telling the state of every variant anew. */
const maxLookBack = 100_000;

/**
 * Where the log of facts ends, and which of the variants may have changed since a place in it: all of them when
 * facts behind the place are deleted. One statement, so that nothing falls between its parts.
 */
export const changedSince = async (
  reader: Reader,
  { variantIds, after }: { readonly variantIds: readonly string[]; readonly after: number },
): Promise<{ head: number; changed: readonly string[] }> => {
  const [row] = await reader.execute<{ head: string; is_all: boolean; ids: string[] }>(sql`
    select head.sequence as head,
      head.sequence - ${after}::bigint > ${maxLookBack}
        or coalesce((select min(sequence) from outbox) > ${after}::bigint + 1, false) or coalesce(bool_or(
        fact.type = any(${sql.param([...stockFacts.ofAll])}::text[])), false) as is_all,
      coalesce(array_agg(distinct fact.aggregate_id) filter (
        where fact.type = any(${sql.param([...stockFacts.ofVariant])}::text[])
          and fact.aggregate_id = any(${sql.param([...variantIds])}::text[])), '{}') as ids
    from outbox_head as head
    left join outbox as fact on fact.sequence > ${after}::bigint
      and head.sequence - ${after}::bigint <= ${maxLookBack}
    group by head.sequence`);
  if (!row) throw new Error('The outbox has no head.');
  return { head: Number(row.head), changed: row.is_all ? variantIds : row.ids };
};
