import { type Database, transaction } from '@storegraph/postgres';
import { callerScope, type Viewer } from '@storegraph/server';
import { audit } from './audit-repository.ts';

/** What of a customer was read. */
export type DataRead = { readonly customerId: string; readonly what: string };

/** Notes that staff look at customers, before they see anything. What others read is their own, or the shop's work. */
export const noteReads = async (db: Database, viewer: Viewer, reads: readonly DataRead[]): Promise<void> => {
  if (viewer.kind !== 'staff' || reads.length === 0) return;
  const notes = reads.map(({ customerId, what }) => ({
    actor: callerScope(viewer),
    action: 'read' as const,
    subjectId: customerId,
    details: { what },
  }));
  await transaction(db, async (tx) => audit(tx, notes));
};
