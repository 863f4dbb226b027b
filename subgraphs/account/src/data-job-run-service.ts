import { append, type Fact } from '@storegraph/events';
import {
  type Database,
  newId,
  startRepeating,
  startWorker,
  type Transaction,
  transaction,
  type Worker,
} from '@storegraph/postgres';
import type { Ask, PersonalData, PersonalDataErased } from '@storegraph/server';
import { type Account, isOpen } from './account-domain.ts';
import { audit } from './audit-repository.ts';
import {
  archiveFiles,
  type DataHolder,
  type DataJob,
  maxArchiveBytes,
  maxExportAttempts,
  missingHolders,
  pauseSecondsAfter,
} from './data-job-domain.ts';
import {
  contentsOf,
  dropExports,
  finishJob,
  forgetOldJobs,
  holdJob,
  type Lease,
  leaseJob,
  receiptsOf,
  renewLease,
  saveClosing,
  saveReceipt,
  saveRunning,
  setBack,
} from './data-job-repository.ts';
import { closeAccount, eraseOwnPart } from './erasure-service.ts';
import { ownPart } from './export-repository.ts';
import type { Post } from './mail-service.ts';
import { lockAccount } from './repository.ts';
import { zipOf } from './zip.ts';

/** How long others leave a job alone whose process says nothing more. */
const leaseMs = 15_000;
/** How often it says so: two words may be lost. */
const beatMs = leaseMs / 3;
/** How often a process looks for jobs that are due or were left. */
const lookEveryMs = 1_000;
/** How often it looks for what is past its time: nobody can fetch that meanwhile. */
const forgetEveryMs = 10 * 60_000;

const exportDocument = 'query ($ownerId: ID!) { personalData(ownerId: $ownerId) { items content } }';
const eraseDocument = `mutation ($input: PersonalDataEraseInput!) { personalDataErase(input: $input) {
  __typename ... on PersonalDataErased { items kept { what reason } } ... on UserError { message } } }`;

type Needs = {
  readonly db: Database;
  readonly ask: Ask;
  readonly post: Post;
  readonly onError: (error: unknown) => void;
};

/** Runs exports and erasures that are due, one at a time; any number of processes may do so. */
export const startDataJobs = (needs: Needs): Worker => {
  const { db, onError } = needs;
  const owner = newId();
  const forgetting = startRepeating(() => forgetOldJobs(db), { everyMs: forgetEveryMs, onError });
  const worker = startWorker(
    async () => {
      const job = await leaseJob(db, { owner, leaseMs });
      if (job) await runJob({ ...needs, lease: { id: job.id, owner } }, job);
      return job !== null;
    },
    { everyMs: lookEveryMs, onError },
  );
  return {
    wake: worker.wake,
    stop: async () => {
      await Promise.all([worker.stop(), forgetting.stop()]);
    },
  };
};

type Run = Needs & { readonly lease: Lease };

/** Another process has taken the job over, or it was withdrawn. */
class LeaseLost extends Error {}

const runJob = async (run: Run, job: DataJob): Promise<void> => {
  const { db, lease, onError } = run;
  const beat = setInterval(() => renewLease(db, lease, leaseMs).catch(onError), beatMs);
  try {
    if (job.kind === 'EXPORT' && job.attempts > maxExportAttempts) return await end(run, job, 'FAILED');
    if (job.status === 'WAITING') return await close(run, job);
    await gather(run, job);
    await end(run, job, 'FINISHED');
  } catch (error) {
    if (error instanceof LeaseLost) return;
    onError(error);
    await setBack(db, lease, pauseSecondsAfter(job.attempts));
  } finally {
    clearInterval(beat);
  }
};

/** One transaction over a job that is still ours. It holds the account first, as whoever changes anything of it does. */
const whileOurs = <T>(
  { db, lease }: Run,
  { customerId }: DataJob,
  work: (tx: Transaction, account: Account | null) => Promise<T>,
): Promise<T> =>
  transaction(db, async (tx) => {
    const account = await lockAccount(tx, customerId);
    if (!(await holdJob(tx, lease))) throw new LeaseLost();
    return work(tx, account);
  });

/** An erasure begins: nobody signs in any more, and what was gathered for the customer goes. */
const close = (run: Run, job: DataJob): Promise<void> =>
  whileOurs(run, job, async (tx) => {
    const { id, customerId } = job;
    await closeAccount(tx, customerId, run.post);
    await dropExports(tx, customerId);
    await saveClosing(tx, id);
    const data = { customerId, erasureId: id };
    append(tx, [{ type: 'account.erasure_begun', aggregateId: customerId, data }]);
  });

/**
 * Asks all who have not answered yet. Each answer is kept at once, so that nobody who has answered is asked again; one
 * who does not answer holds up nobody but ourselves.
 */
const gather = async (run: Run, job: DataJob): Promise<void> => {
  if (job.status === 'CLOSING') await whileOurs(run, job, (tx) => saveRunning(tx, job.id));
  const missing = missingHolders(await receiptsOf(run.db, [job.id]));
  const ask = job.kind === 'EXPORT' ? askForCopy : askToErase;
  const asked = await Promise.allSettled(
    missing.flatMap((subgraph) => (subgraph === 'account' ? [] : [ask(run, job, subgraph)])),
  );
  for (const answer of asked) if (answer.status === 'rejected') throw answer.reason;
  if (missing.includes('account')) await answerOurselves(run, job);
};

const answerOurselves = (run: Run, job: DataJob): Promise<void> =>
  whileOurs(run, job, async (tx) => {
    const { id, kind, customerId } = job;
    const subgraph = 'account' as const;
    if (kind === 'EXPORT') {
      const { items, content } = await ownPart(tx, customerId);
      await saveReceipt(tx, id, { subgraph, items, kept: [], content });
    } else {
      const { items, kept } = await eraseOwnPart(tx, customerId);
      await saveReceipt(tx, id, { subgraph, items, kept, content: null });
    }
  });

const askForCopy = async (run: Run, job: DataJob, subgraph: DataHolder): Promise<void> => {
  const variables = { ownerId: job.customerId };
  const { personalData } = await run.ask<{ personalData: PersonalData }>(subgraph, exportDocument, variables);
  const content = JSON.stringify(JSON.parse(personalData.content), null, 2);
  const receipt = { subgraph, items: personalData.items, kept: [], content };
  await whileOurs(run, job, (tx) => saveReceipt(tx, job.id, receipt));
};

type Erased = PersonalDataErased | { readonly __typename: string; readonly message: string };

const askToErase = async (run: Run, job: DataJob, subgraph: DataHolder): Promise<void> => {
  // The key is the job's, so that asking again after a crash is the same request.
  const input = { idempotencyKey: `erasure-${job.id}`, ownerId: job.customerId };
  const answer = await run.ask<{ personalDataErase: Erased }>(subgraph, eraseDocument, { input });
  const erased = answer.personalDataErase;
  if (!('items' in erased)) throw new Error(`${subgraph} did not erase: ${erased.message}`);
  const { items, kept } = erased;
  await whileOurs(run, job, (tx) => saveReceipt(tx, job.id, { subgraph, items, kept, content: null }));
};

const end = (run: Run, job: DataJob, wanted: 'FINISHED' | 'FAILED'): Promise<void> =>
  whileOurs(run, job, async (tx, account) => {
    const { id, kind, customerId } = job;
    if (kind === 'ERASURE') {
      await finishJob(tx, job, { status: 'FINISHED', archive: null });
      const data = { customerId, erasureId: id };
      return append(tx, [{ type: 'account.erasure_finished', aggregateId: customerId, data }]);
    }
    const archive =
      wanted === 'FINISHED' ? zipOf(archiveFiles(job, await contentsOf(tx, id)), job.requestedAt) : null;
    const status = archive !== null && archive.length <= maxArchiveBytes ? 'FINISHED' : 'FAILED';
    await finishJob(tx, job, { status, archive: status === 'FINISHED' ? archive : null });
    if (status === 'FINISHED' && isOpen(account)) await run.post(tx, { kind: 'DATA_EXPORTED', account });
    const actor = `customer:${customerId}`;
    audit(tx, [{ actor, action: 'exported', subjectId: customerId, details: { status } }]);
    append(tx, [exportFinished({ customerId, exportId: id, status })]);
  });

const exportFinished = (data: {
  readonly customerId: string;
  readonly exportId: string;
  readonly status: 'FINISHED' | 'FAILED';
}): Fact => ({ type: 'account.export_finished', aggregateId: data.customerId, data });
