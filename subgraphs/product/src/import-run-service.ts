import { append, type Fact } from '@storegraph/events';
import {
  type Database,
  isUniqueViolation,
  newId,
  startWorker,
  transaction,
  type Worker,
} from '@storegraph/postgres';
import { chunksOf, type Step } from './import-chunks.ts';
import type { RawProduct } from './import-domain.ts';
import {
  endLease,
  finishImport,
  type ImportRow,
  insertErrors,
  leaseImport,
  refusalOf,
  renewLease,
  saveProgress,
  setBack,
} from './import-repository.ts';
import { writeImported } from './import-write-service.ts';

/** How long others leave an import alone whose process says nothing more. */
const leaseMs = 15_000;
/** How often it says so: two words may be lost. */
const beatMs = leaseMs / 3;
/** How often a process looks for imports that others started or left. */
const lookEveryMs = 1_000;
/** Somebody may take a slug or SKU between the look and the write; the next try sees it. */
const maxRaces = 3;
/** With the pauses between them about four minutes, which a restart of the database does not take. */
const maxAttempts = 8;
const maxPauseSeconds = 60;
const givenUp = `The import came no further in ${maxAttempts} tries, for a reason on our side that the log names. What was written stays: send the file again when it is mended.`;

/** Runs imports, any that are there, one at a time; any number of processes may do so. It ends after a chunk. */
export const startImporting = ({
  db,
  onError,
}: {
  db: Database;
  onError: (error: unknown) => void;
}): Worker => {
  const owner = newId();
  return startWorker(
    async (stopping) => {
      const taken = await leaseImport(db, { owner, leaseMs });
      if (taken) await runImport({ db, owner, onError, stopping }, taken);
      return taken !== null;
    },
    { everyMs: lookEveryMs, onError },
  );
};

type Run = {
  readonly db: Database;
  readonly owner: string;
  readonly onError: (error: unknown) => void;
  readonly stopping: AbortSignal;
};

/** Another process has taken the import over, because this one was silent for too long. */
class LeaseLost extends Error {}

const runImport = async (run: Run, started: ImportRow): Promise<void> => {
  const { db, owner, onError } = run;
  const lease = { id: started.id, owner };
  const beat = setInterval(() => renewLease(db, lease, leaseMs).catch(onError), beatMs);
  try {
    if (started.attempts > maxAttempts) return await finish(run, started.id, givenUp);
    for await (const chunk of chunksOf(db, started)) {
      if ('failure' in chunk) return await finish(run, started.id, chunk.failure);
      await writeOrRefuse(run, started.id, chunk);
      if (run.stopping.aborted) return await endLease(db, lease);
    }
    await finish(run, started.id, null);
  } catch (error) {
    if (error instanceof LeaseLost) return;
    onError(error);
    await setBack(db, lease, maxPauseSeconds);
  } finally {
    clearInterval(beat);
  }
};

/** Takes steps together, or half by half where the database refuses them, down to the one it refuses alone. */
const writeOrRefuse = async (run: Run, importId: string, steps: readonly Step[]): Promise<void> => {
  try {
    await unlessRaced(() => writeSteps(run, importId, steps));
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === null) throw error;
    const [step] = steps;
    if (steps.length > 1) {
      const middle = Math.ceil(steps.length / 2);
      await writeOrRefuse(run, importId, steps.slice(0, middle));
      await writeOrRefuse(run, importId, steps.slice(middle));
    } else if (step?.product) await writeSteps(run, importId, [refused(step, step.product, refusal)]);
    else throw error;
  }
};

const refused = (step: Step, { rows, fields }: RawProduct, refusal: string): Step => ({
  ...step,
  product: null,
  problems: [{ row: rows[0] ?? 0, field: null, message: `cannot be stored as it is (Postgres ${refusal})` }],
  refusedSlug: typeof fields['slug'] === 'string' ? fields['slug'] : null,
});

const unlessRaced = async (write: () => Promise<void>): Promise<void> => {
  for (let races = 1; ; races += 1) {
    try {
      return await write();
    } catch (error) {
      if (!isUniqueViolation(error) || races === maxRaces) throw error;
    }
  }
};

const writeSteps = ({ db, owner }: Run, importId: string, steps: readonly Step[]): Promise<void> =>
  transaction(db, async (tx) => {
    const products = steps.flatMap(({ product }) => product ?? []);
    const unread = steps.filter(({ problems }) => problems.length > 0);
    const place = steps.at(-1)?.next;
    if (!place) return;
    const { facts, problems, written } = await writeImported(tx, {
      importId,
      products,
      refusedSlugs: unread.flatMap(({ refusedSlug }) => refusedSlug ?? []),
      now: new Date(),
    });
    const all = [...unread.flatMap((step) => step.problems), ...problems];
    await insertErrors(
      tx,
      importId,
      all.sort((a, b) => a.row - b.row),
    );
    const progress = {
      place,
      rowsRead: steps.reduce((sum, { rows }) => sum + rows, 0),
      productsWritten: written,
      productsRefused: unread.length + products.length - written,
    };
    const row = await saveProgress(tx, { id: importId, owner, leaseMs, progress });
    if (!row) throw new LeaseLost();
    append(tx, [...facts, progressed(row)]);
  });

const finish = ({ db, owner }: Run, id: string, failure: string | null): Promise<void> =>
  transaction(db, async (tx) => {
    const row = await finishImport(tx, { id, owner, failure });
    if (!row) throw new LeaseLost();
    append(tx, [progressed(row)]);
  });

const progressed = ({ id, status, rowsRead, productsWritten, productsRefused }: ImportRow): Fact => ({
  type: 'product.import_progressed',
  aggregateId: id,
  data: { importId: id, status, rowsRead, productsWritten, productsRefused },
});
