import { randomBytes } from 'node:crypto';
import { afterCommit, newId } from '@storegraph/postgres';
import { type CustomerChange, type CustomerOutcome, unchanged } from './customer-change-service.ts';
import * as inputs from './data-inputs.ts';
import { nextExportAt } from './data-job-domain.ts';
import {
  insertErasure,
  insertExport,
  latestJobsOf,
  openJobOf,
  withdrawErasure,
} from './data-job-repository.ts';
import type { Post } from './mail-service.ts';

export type DataJobOutcome = CustomerOutcome & { readonly jobId: string };

type Needs = {
  readonly change: CustomerChange;
  readonly now: () => Date;
  readonly post: Post;
  readonly wake: () => void;
};

/** What a customer may ask of the shop about all of their data: a copy, or that it is forgotten. */
export const createDataJobs = ({ change, now, post, wake }: Needs) => ({
  requestExport: change(
    'dataExportRequest',
    () => inputs.bareRequest,
    async ({ tx, viewer, profile: { customerId } }) => {
      const requested = (jobId: string) => ({
        __typename: 'DataExportRequested' as const,
        customerId,
        jobId,
      });
      const [latest = null] = await latestJobsOf(tx, viewer, {
        customerIds: [customerId],
        kind: 'EXPORT',
        limit: 1,
      });
      if (latest?.status === 'RUNNING') return unchanged(requested(latest.id));
      const availableAt = nextExportAt(latest, now());
      if (availableAt) {
        return unchanged({
          __typename: 'DataExportTooSoon' as const,
          message: `Your last export is less than an hour old: fetch that, or ask again after ${availableAt.toISOString()}.`,
          availableAt,
        });
      }
      const exportId = newId();
      await insertExport(tx, exportId, customerId);
      afterCommit(tx, wake);
      const data = { customerId, exportId };
      return {
        outcome: requested(exportId),
        facts: [{ type: 'account.export_requested' as const, aggregateId: customerId, data }],
      };
    },
  ),

  requestErasure: change(
    'erasureRequest',
    () => inputs.bareRequest,
    async ({ tx, account, profile: { customerId } }) => {
      const requested = (jobId: string) => ({ __typename: 'ErasureRequested' as const, customerId, jobId });
      const waiting = await openJobOf(tx, customerId, 'ERASURE');
      if (waiting) return unchanged(requested(waiting.id));
      const id = newId();
      const receiptCode = randomBytes(20).toString('base64url');
      const beginsAt = await insertErasure(tx, { id, customerId, receiptCode });
      await post(tx, { kind: 'ERASURE_REQUESTED', account });
      const data = { customerId, erasureId: id, beginsAt: beginsAt.toISOString() };
      return {
        outcome: requested(id),
        facts: [{ type: 'account.erasure_requested' as const, aggregateId: customerId, data }],
      };
    },
  ),

  withdrawErasure: change(
    'erasureWithdraw',
    () => inputs.bareRequest,
    async ({ tx, profile: { customerId } }) => {
      const erasureId = await withdrawErasure(tx, customerId);
      if (erasureId === null) {
        return unchanged({
          __typename: 'ErasureNotWaiting' as const,
          message: 'No erasure of your account is waiting to begin, so there is none to withdraw.',
        });
      }
      const data = { customerId, erasureId };
      return {
        outcome: { __typename: 'ErasureWithdrawn' as const, customerId, jobId: erasureId },
        facts: [{ type: 'account.erasure_withdrawn' as const, aggregateId: customerId, data }],
      };
    },
  ),
});
