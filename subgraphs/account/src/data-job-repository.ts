import type { Database, Reader, Transaction } from '@storegraph/postgres';
import type { Viewer } from '@storegraph/server';
import { type SQL, sql } from 'drizzle-orm';
import {
  archiveDays,
  closingMinutes,
  type DataJob,
  type DataJobKind,
  type DataJobStatus,
  erasureGraceHours,
  type Kept,
  type Receipt,
} from './data-job-domain.ts';
import { idsIn, visibleTo } from './profile-repository.ts';

const columns =
  sql.raw(`job_id as "id", customer_id as "customerId", kind, status, receipt_code as "receiptCode",
  requested_at as "requestedAt", begins_at as "beginsAt", finished_at as "finishedAt", expires_at as "expiresAt",
  attempts`);

const open = sql.raw(`status in ('WAITING', 'CLOSING', 'RUNNING')`);

const readJobs = async (reader: Reader, rest: SQL): Promise<DataJob[]> => [
  ...(await reader.execute<DataJob>(sql`select ${columns} from data_jobs ${rest}`)),
];

/** The latest jobs of each customer, the newest first. */
export const latestJobsOf = async (
  reader: Reader,
  viewer: Viewer,
  { customerIds, kind, limit }: { customerIds: readonly string[]; kind: DataJobKind; limit: number },
): Promise<DataJob[]> => [
  ...(await reader.execute<DataJob>(sql`select latest.* from unnest(${idsIn(customerIds)}) as owner (id)
    cross join lateral (select ${columns} from data_jobs
      where customer_id = owner.id and kind = ${kind} and ${visibleTo(viewer)}
      order by job_id desc limit ${limit}) as latest`)),
];

export const jobsByIds = (reader: Reader, viewer: Viewer, ids: readonly string[]): Promise<DataJob[]> =>
  readJobs(reader, sql`where job_id = any(${idsIn(ids)}) and ${visibleTo(viewer)}`);

/** Whoever holds the code may know: it was told to the customer alone, and leads to no person. */
export const erasureByCode = async (reader: Reader, code: string): Promise<DataJob | null> =>
  (await readJobs(reader, sql`where receipt_code = ${code}`))[0] ?? null;

export const receiptsOf = async (
  reader: Reader,
  jobIds: readonly string[],
): Promise<(Receipt & { readonly jobId: string })[]> => [
  ...(await reader.execute<Receipt & { readonly jobId: string }>(sql`
    select job_id as "jobId", subgraph, items, kept, received_at as "receivedAt" from data_receipts
    where job_id = any(${idsIn(jobIds)}) order by subgraph`)),
];

/** Archives whose time is not over. */
export const archivesOf = async (
  reader: Reader,
  viewer: Viewer,
  ids: readonly string[],
): Promise<{ readonly id: string; readonly archive: Buffer }[]> => [
  ...(await reader.execute<{ readonly id: string; readonly archive: Buffer }>(sql`
    select job_id as "id", archive from data_jobs where job_id = any(${idsIn(ids)}) and ${visibleTo(viewer)}
      and archive is not null and expires_at > now()`)),
];

export const openJobOf = async (
  tx: Transaction,
  customerId: string,
  kind: DataJobKind,
): Promise<DataJob | null> =>
  (await readJobs(tx, sql`where customer_id = ${customerId} and kind = ${kind} and ${open}`))[0] ?? null;

export const insertExport = async (tx: Transaction, id: string, customerId: string): Promise<void> => {
  await tx.execute(sql`insert into data_jobs (job_id, customer_id, kind, status, begins_at, run_at)
    values (${id}, ${customerId}, 'EXPORT', 'RUNNING', now(), now())`);
};

/** Answers when it begins. */
export const insertErasure = async (
  tx: Transaction,
  { id, customerId, receiptCode }: { id: string; customerId: string; receiptCode: string },
): Promise<Date> => {
  const begin = sql`now() + make_interval(hours => ${erasureGraceHours})`;
  const [row] = await tx.execute<{ beginsAt: Date }>(sql`
    insert into data_jobs (job_id, customer_id, kind, status, receipt_code, begins_at, run_at)
    values (${id}, ${customerId}, 'ERASURE', 'WAITING', ${receiptCode}, ${begin}, ${begin})
    returning begins_at as "beginsAt"`);
  if (!row) throw new Error('The erasure was not written.');
  return row.beginsAt;
};

/** The erasure that was withdrawn; null when none was waiting. */
export const withdrawErasure = async (tx: Transaction, customerId: string): Promise<string | null> => {
  const [row] = await tx.execute<{ id: string }>(sql`
    update data_jobs set status = 'WITHDRAWN', finished_at = now(), lease_owner = null, lease_until = null
    where customer_id = ${customerId} and kind = 'ERASURE' and status = 'WAITING' returning job_id as "id"`);
  return row?.id ?? null;
};

export type Lease = { readonly id: string; readonly owner: string };

const held = ({ id, owner }: Lease): SQL => sql`job_id = ${id} and lease_owner = ${owner} and ${open}`;
const leaseEnd = (leaseMs: number): SQL => sql`now() + make_interval(secs => ${leaseMs / 1000})`;

/** Takes a job that is due and that no living process works on. */
export const leaseJob = async (
  db: Database,
  { owner, leaseMs }: { owner: string; leaseMs: number },
): Promise<DataJob | null> => {
  const [row] = await db.execute<DataJob>(sql`
    update data_jobs set lease_owner = ${owner}, lease_until = ${leaseEnd(leaseMs)}, attempts = attempts + 1
    where job_id = (select job_id from data_jobs
      where ${open} and run_at <= now() and (lease_until is null or lease_until < now())
      order by run_at limit 1 for update skip locked)
    returning ${columns}`);
  return row ?? null;
};

export const renewLease = async (db: Database, lease: Lease, leaseMs: number): Promise<void> => {
  await db.execute(sql`update data_jobs set lease_until = ${leaseEnd(leaseMs)} where ${held(lease)}`);
};

/** Leaves a job to whoever comes next, after a pause. */
export const setBack = async (db: Database, lease: Lease, pauseSeconds: number): Promise<void> => {
  await db.execute(sql`update data_jobs set lease_owner = null, lease_until = null,
    run_at = now() + make_interval(secs => ${pauseSeconds}) where ${held(lease)}`);
};

/** Says whether the job is still ours, and holds it until the commit. */
export const holdJob = async (tx: Transaction, lease: Lease): Promise<boolean> => {
  const rows = await tx.execute(sql`select 1 as held from data_jobs where ${held(lease)} for update`);
  return rows.length > 0;
};

/** What was tried before is forgotten with each step that succeeds. */
export const saveReceipt = async (
  tx: Transaction,
  jobId: string,
  { subgraph, items, kept, content }: Omit<Receipt, 'receivedAt'> & { readonly content: string | null },
): Promise<void> => {
  await tx.execute(sql`insert into data_receipts (job_id, subgraph, items, kept, content)
    values (${jobId}, ${subgraph}, ${items}, ${JSON.stringify(kept satisfies readonly Kept[])}::jsonb, ${content})
    on conflict do nothing`);
  await tx.execute(sql`update data_jobs set attempts = 1 where job_id = ${jobId}`);
};

/** The account is closed; the rest comes when its last tokens have run out. */
export const saveClosing = async (tx: Transaction, jobId: string): Promise<void> => {
  await tx.execute(sql`update data_jobs set status = 'CLOSING', attempts = 0, lease_owner = null,
    lease_until = null, run_at = now() + make_interval(mins => ${closingMinutes}) where job_id = ${jobId}`);
};

export const saveRunning = async (tx: Transaction, jobId: string): Promise<void> => {
  await tx.execute(sql`update data_jobs set status = 'RUNNING' where job_id = ${jobId}`);
};

export const contentsOf = async (
  reader: Reader,
  jobId: string,
): Promise<{ readonly subgraph: string; readonly content: string }[]> => [
  ...(await reader.execute<{ subgraph: string; content: string }>(sql`
    select subgraph, content from data_receipts where job_id = ${jobId} and content is not null
    order by subgraph`)),
];

/** Ends a job. What its archive was made of goes, as do the customer's earlier archives. */
export const finishJob = async (
  tx: Transaction,
  { id, customerId }: DataJob,
  { status, archive }: { readonly status: DataJobStatus; readonly archive: Buffer | null },
): Promise<void> => {
  await tx.execute(sql`update data_receipts set content = null where job_id = ${id}`);
  await tx.execute(sql`update data_jobs set archive = null
    where customer_id = ${customerId} and archive is not null`);
  await tx.execute(sql`update data_jobs set status = ${status}, finished_at = now(), archive = ${archive},
    expires_at = case when ${archive !== null} then now() + make_interval(days => ${archiveDays}) end,
    lease_owner = null, lease_until = null where job_id = ${id}`);
};

/** Takes away what was gathered for a customer who is being erased, and ends what was still gathering. */
export const dropExports = async (tx: Transaction, customerId: string): Promise<void> => {
  await tx.execute(sql`update data_receipts set content = null from data_jobs
    where data_jobs.job_id = data_receipts.job_id and customer_id = ${customerId} and content is not null`);
  await tx.execute(sql`update data_jobs set archive = null,
    status = case when ${open} then 'WITHDRAWN' else status end,
    finished_at = coalesce(finished_at, now()), lease_owner = null, lease_until = null
    where customer_id = ${customerId} and kind = 'EXPORT'`);
};

/** Exports and withdrawn erasures are told of for a quarter of a year; what was erased, for good. */
const keptDays = 90;

/** Takes archives away whose time is over, and jobs that nobody asks about any more. */
export const forgetOldJobs = async (db: Database): Promise<void> => {
  await db.execute(
    sql`update data_jobs set archive = null where archive is not null and expires_at <= now()`,
  );
  await db.execute(sql`delete from data_jobs where (kind = 'EXPORT' or status = 'WITHDRAWN')
    and finished_at < now() - make_interval(days => ${keptDays})`);
};
