import type { Database } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';

/** The invariants that do not hold, with what breaks them. */
export const brokenInvariants = async (
  db: Database,
  invariants: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> => {
  const broken: Record<string, unknown> = {};
  for (const [says, query] of Object.entries(invariants)) {
    const rows = await db.execute(sql.raw(query));
    if (rows.length > 0) broken[says] = [...rows];
  }
  return broken;
};
