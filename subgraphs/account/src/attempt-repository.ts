import type { Reader } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import { maxWaitSeconds, memory } from './attempt-domain.ts';

type Counted = { readonly subject: string; readonly free: number };

/** Takes an attempt: 0, or how many seconds to wait before the next. */
export const takeAttempt = async (reader: Reader, counted: readonly Counted[]): Promise<number> => {
  const subjects = counted.map(({ subject }) => subject);
  const free = counted.map((one) => one.free);
  const [row] = await reader.execute<{ waits: number }>(sql`
    select take_attempt(${sql.param(subjects)}::text[], ${sql.param(free)}::integer[],
      ${maxWaitSeconds}, ${memory}::interval) as waits`);
  return row?.waits ?? 0;
};

/**
 * Forgets all failures of some subjects, and one of the others: the attempt that succeeded was none. It holds them in
 * the order that takes hold them in.
 */
export const forgive = async (
  reader: Reader,
  { own, shared }: { readonly own: readonly string[]; readonly shared: readonly string[] },
): Promise<void> => {
  await reader.execute(sql`
    with held as materialized (
      select subject from attempts where subject = any(${sql.param([...own, ...shared])}::text[])
      order by subject for update),
    gone as (
      delete from attempts using held
      where attempts.subject = held.subject and held.subject = any(${sql.param([...own])}::text[]))
    update attempts set failures = greatest(failures - 1, 0), next_at = last_at from held
    where attempts.subject = held.subject and held.subject = any(${sql.param([...shared])}::text[])`);
};
