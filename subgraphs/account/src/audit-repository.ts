import { atCommit, type Reader, type Transaction } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import type { AuditNote } from './audit-domain.ts';

export type AuditRow = {
  readonly entryId: number;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly subjectId: string;
  readonly details: object;
  readonly hash: Buffer;
};

const noted = new WeakMap<Transaction, AuditNote[]>();

/**
 * Writes entries with the change itself: both or neither. All of a transaction go last and together, since the chain
 * holds up all others.
 */
export const audit = (tx: Transaction, notes: readonly AuditNote[]): void => {
  const earlier = noted.get(tx);
  if (earlier) {
    earlier.push(...notes);
    return;
  }
  const all = [...notes];
  noted.set(tx, all);
  atCommit(tx, () => ({
    text: 'select append_audit($1::text[], $2::text[], $3::uuid[], $4::text[]::jsonb[])',
    parameters: [
      all.map(({ actor }) => actor),
      all.map(({ action }) => action),
      all.map(({ subjectId }) => subjectId),
      all.map(({ details = {} }) => JSON.stringify(details)),
    ],
  }));
};

export type AuditWish = {
  readonly subjectId: string | null;
  readonly actor: string | null;
  /** Only entries before this one. */
  readonly before: number | null;
  readonly limit: number;
};

export const auditPage = async (reader: Reader, wish: AuditWish): Promise<AuditRow[]> => {
  const { subjectId, actor, before, limit } = wish;
  const rows = await reader.execute<{
    entry_id: string;
    at: string;
    actor: string;
    action: string;
    subject_id: string;
    details: object;
    hash: Buffer;
  }>(sql`
    select entry_id, at, actor, action, subject_id, details, hash from audit_entries
    where ${subjectId === null ? sql`true` : sql`subject_id = ${subjectId}`}
      and ${actor === null ? sql`true` : sql`actor = ${actor}`}
      and ${before === null ? sql`true` : sql`entry_id < ${before}`}
    order by entry_id desc limit ${limit}`);
  return [...rows].map(({ entry_id, at, subject_id, ...row }) => ({
    ...row,
    entryId: Number(entry_id),
    at: new Date(at),
    subjectId: subject_id,
  }));
};
