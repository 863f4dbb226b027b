import type { Reader } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';

/** Tells of what has started or ended since the last call. Answers how many facts, and how long until the next. */
export const tellDueChanges = async (
  reader: Reader,
  most: number,
): Promise<{ readonly told: number; readonly nextInMs: number | null }> => {
  const [row] = await reader.execute<{ told: number; nextInMs: number | null }>(sql`
    select told, (extract(epoch from next_at - clock_timestamp()) * 1000)::float8 as "nextInMs"
    from tell_due_changes(${most})`);
  return row ?? { told: 0, nextInMs: null };
};
