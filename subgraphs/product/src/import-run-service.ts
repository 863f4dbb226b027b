import { AsyncLocalStorage } from 'node:async_hooks';
import { append, type Fact } from '@storegraph/events';
import { type Database, isUniqueViolation, newId, transaction } from '@storegraph/postgres';
import { type Chunk, chunksOf } from './import-chunks.ts';
import {
  endLease,
  finishImport,
  type ImportRow,
  insertErrors,
  leaseImport,
  saveProgress,
} from './import-repository.ts';
import { writeImported } from './import-write-service.ts';

/** How long others leave an import alone whose process says nothing more. */
const leaseMs = 15_000;
/** How often a process looks for imports that others started or left. */
const lookEveryMs = 1_000;
/** Somebody may take a slug or SKU between the look and the write; the next try sees it. */
const maxRaces = 5;

/** Runs imports, any that are there, one at a time; any number of processes may do so. */
export const startImporting = ({ db, onError }: { db: Database; onError: (error: unknown) => void }) => {
  const owner = newId();
  // An import outlives the request that started it, and must not inherit its deadline.
  const outsideRequests = AsyncLocalStorage.snapshot();
  let isStopping = false;
  let isWoken = false;
  let running: Promise<void> | null = null;

  const runAll = async () => {
    do {
      isWoken = false;
      for (;;) {
        if (isStopping) return;
        const taken = await leaseImport(db, { owner, leaseMs });
        if (!taken) break;
        await runImport({ db, owner, isStopping: () => isStopping }, taken);
      }
    } while (isWoken);
  };
  const wake = () => {
    isWoken = true;
    if (isStopping) return;
    running ??= outsideRequests(runAll)
      .catch(onError)
      .finally(() => {
        running = null;
      });
  };
  const timer = setInterval(wake, lookEveryMs);
  timer.unref();
  return {
    /** Looks for work at once. */
    wake,
    /** Ends after the chunk under way. */
    stop: async () => {
      isStopping = true;
      clearInterval(timer);
      await running;
    },
  };
};

type Run = { readonly db: Database; readonly owner: string; readonly isStopping: () => boolean };

/** Another process has taken the import over, because this one was silent for too long. */
class LeaseLost extends Error {}

const runImport = async (run: Run, started: ImportRow): Promise<void> => {
  const { db, owner } = run;
  const { id } = started;
  try {
    for await (const chunk of chunksOf(db, started)) {
      if ('failure' in chunk) return await finish(run, id, chunk.failure);
      await unlessRaced(() => writeChunk(run, id, chunk));
      if (run.isStopping()) return await endLease(db, { id, owner });
    }
    await finish(run, id, null);
  } catch (error) {
    if (error instanceof LeaseLost) return;
    await endLease(db, { id, owner });
    throw error;
  }
};

const unlessRaced = async (write: () => Promise<void>): Promise<void> => {
  for (let races = 1; ; races += 1) {
    try {
      return await write();
    } catch (error) {
      if (!isUniqueViolation(error) || races === maxRaces) throw error;
    }
  }
};

const writeChunk = ({ db, owner }: Run, importId: string, chunk: Chunk): Promise<void> =>
  transaction(db, async (tx) => {
    const { facts, problems, written } = await writeImported(tx, {
      importId,
      products: chunk.products,
      refusedSlugs: chunk.refusedSlugs,
      now: new Date(),
    });
    await insertErrors(
      tx,
      importId,
      [...chunk.problems, ...problems].sort((a, b) => a.row - b.row),
    );
    const progress = {
      place: chunk.next,
      rowsRead: chunk.rows,
      productsWritten: written,
      productsRefused: chunk.refused + chunk.products.length - written,
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
