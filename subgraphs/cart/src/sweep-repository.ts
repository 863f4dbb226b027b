import type { Reader, Transaction } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import type { Owner } from './domain.ts';

export type LeftCart = {
  readonly cartId: string;
  readonly owner: Owner;
  readonly lines: number;
  readonly updatedAt: string;
};

/** The day finds them by an index, the instant says which. */
const untouchedSince = (
  before: Date,
) => sql`updated_on <= (${before.toISOString()}::timestamptz at time zone 'UTC')::date
  and updated_at <= ${before.toISOString()}::timestamptz`;

/** Marks carts as abandoned that nobody has touched since, at most so many, passing over those others are at. */
export const markAbandoned = async (
  tx: Transaction,
  { before, most }: { readonly before: Date; readonly most: number },
): Promise<LeftCart[]> => {
  const rows = await tx.execute<{
    cart_id: string;
    owner_kind: Owner['kind'];
    owner_id: string;
    lines: number;
    updated_at: Date | string;
  }>(sql`
    update carts set abandoned_at = now() where cart_id in (
      select cart_id from carts
      where ${untouchedSince(before)} and is_filled and abandoned_at is null
        and content ->> 'closedInto' is null
      limit ${most} for update skip locked)
    returning cart_id, owner_kind, owner_id, jsonb_array_length(content -> 'lines') as lines, updated_at`);
  return [...rows].map((row) => ({
    cartId: row.cart_id,
    owner: { kind: row.owner_kind, id: row.owner_id },
    lines: row.lines,
    updatedAt: new Date(row.updated_at).toISOString(),
  }));
};

/** Guests whose carts a customer has begun to take over and not ended since, at most so many, oldest first. */
export const halfMergedGuests = async (
  reader: Reader,
  { before, most }: { readonly before: Date; readonly most: number },
): Promise<string[]> => {
  const rows = await reader.execute<{ owner_id: string }>(sql`
    select owner_id from carts where is_half_merged and updated_at <= ${before.toISOString()}::timestamptz
    order by updated_at limit ${most}`);
  return [...rows].map((row) => row.owner_id);
};

/** Deletes guests' carts that nobody has touched since, at most so many. Answers how many went. */
export const forgetGuestCarts = async (
  tx: Transaction,
  { before, most }: { readonly before: Date; readonly most: number },
): Promise<number> => {
  const rows = await tx.execute(sql`delete from carts where cart_id in (
    select cart_id from carts where owner_kind = 'guest' and not is_half_merged and ${untouchedSince(before)}
    limit ${most} for update skip locked) returning 1`);
  return rows.length;
};
