import type { Database } from '@storegraph/postgres';
import { auditCursorOf, entryOfCursor } from './audit-domain.ts';
import { type AuditRow, auditPage } from './audit-repository.ts';
import { isId } from './repository.ts';

/** More would be an export. */
const maxPage = 200;

export type AuditPage = {
  readonly entries: readonly AuditRow[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
};

type Wish = {
  readonly subjectId?: string | null;
  readonly actor?: string | null;
  readonly first: number;
  readonly after?: string | null;
};

/** A page of the log, latest first; the problem where what was asked makes no sense. */
export const openAuditPage = async (
  db: Database,
  { subjectId = null, actor = null, first, after = null }: Wish,
): Promise<AuditPage | { readonly problem: string }> => {
  if (first < 1 || first > maxPage) return { problem: `first must be from 1 to ${maxPage}.` };
  const before = after === null ? null : entryOfCursor(after);
  if (after !== null && before === null) return { problem: 'after is no cursor of an audit log.' };
  const hasPreviousPage = before !== null;
  if (subjectId !== null && !isId(subjectId)) return { entries: [], hasNextPage: false, hasPreviousPage };
  const rows = await auditPage(db, { subjectId, actor, before, limit: first + 1 });
  return { entries: rows.slice(0, first), hasNextPage: rows.length > first, hasPreviousPage };
};

export const auditPageInfo = ({ entries, hasNextPage, hasPreviousPage }: AuditPage) => {
  const [start, end] = [entries.at(0), entries.at(-1)];
  return {
    ...{ hasNextPage, hasPreviousPage },
    startCursor: start ? auditCursorOf(start.entryId) : null,
    endCursor: end ? auditCursorOf(end.entryId) : null,
  };
};
