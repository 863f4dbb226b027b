import type { Reader } from '@storegraph/postgres';
import { and, desc, eq, lt, sql } from 'drizzle-orm';
import type { Keyed, KeyedAnswer } from './change-repository.ts';
import type { Tally } from './movement-domain.ts';
import { movements } from './tables.ts';

/** Lines that change what is on hand in one warehouse. */
export type MoveRequest = Keyed & {
  readonly warehouseId: string | null;
  readonly actor: string;
  /** Of a count: when. */
  readonly countedAt: Date | null;
  readonly expectedVersion: number | null;
  readonly isFeed: boolean;
  readonly lines: readonly MoveLine[];
};

/** Pieces that came or went, or pieces that were counted. */
export type MoveLine = {
  /** Null where nobody knows the variant. */
  readonly variantId: string | null;
  readonly delta: number | null;
  readonly counted: number | null;
  readonly reason: string;
  readonly reference: string | null;
  readonly note: string | null;
};

/** Applies a batch of movements in one commit. */
export const moveStock = async (
  reader: Reader,
  requests: readonly MoveRequest[],
): Promise<readonly KeyedAnswer<Tally>[]> => {
  const asked = requests.map((request) => ({
    scope: request.scope,
    mutation: request.mutation,
    key: request.key,
    fingerprint: request.fingerprint.toString('hex'),
    warehouse_id: request.warehouseId,
    actor: request.actor,
    counted_at: request.countedAt,
    expected_version: request.expectedVersion,
    from_feed: request.isFeed,
    lines: request.lines.map(({ variantId, ...line }) => ({ variant_id: variantId, ...line })),
  }));
  const [row] = await reader.execute<{ answers: KeyedAnswer<Tally>[] }>(
    sql`select move_stock(${JSON.stringify(asked)}::jsonb) as answers`,
  );
  if (!row) throw new Error('A batch of movements was not answered.');
  return row.answers;
};

export type MovementRow = typeof movements.$inferSelect;

/** A page of the ledger of a variant, latest first, behind a movement. */
export const movementsOf = (
  reader: Reader,
  {
    variantId,
    warehouseId,
    before,
    limit,
  }: { variantId: string; warehouseId: string | null; before: number | null; limit: number },
): Promise<MovementRow[]> =>
  reader
    .select()
    .from(movements)
    .where(
      and(
        eq(movements.variantId, variantId),
        warehouseId === null ? undefined : eq(movements.warehouseId, warehouseId),
        before === null ? undefined : lt(movements.id, before),
      ),
    )
    .orderBy(desc(movements.id))
    .limit(limit);
