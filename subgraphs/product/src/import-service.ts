import type { EventLog, StoredEvent } from '@storegraph/events';
import { afterCommit, type Database, newId } from '@storegraph/postgres';
import { createChange, refused, refusedInput } from './change-service.ts';
import { type ImportStatus, missingParts } from './import-domain.ts';
import * as inputs from './import-inputs.ts';
import {
  errorsOf,
  type ImportRow,
  importById,
  insertImport,
  lockImport,
  savePart,
  startImport,
  storedParts,
} from './import-repository.ts';

/** The first of the missing parts that an answer names. */
const missingNamed = 100;

export type ImportOutcome = { readonly importId: string };
export type AppendOutcome = ImportOutcome & { readonly partsStored: number };
/** One step of an import: the import as it stood then, and where to go on. */
export type ImportStep = { readonly cursor: string; readonly import: ImportRow };
export type ImportEvent = { readonly productImportProgressed: ImportStep };

const notFound = (importId: string) => ({
  __typename: 'ProductImportNotFound' as const,
  message: `There is no import ${importId}: open one with productImportCreate.`,
  importId,
});
const closed = (status: ImportStatus) => ({
  __typename: 'ProductImportClosed' as const,
  message: `The import is ${status} already: open a new one with productImportCreate.`,
  status,
});

/** Bulk imports: opened, received part by part, and started. */
export const createImports = ({ db, log, wake }: { db: Database; log: EventLog; wake: () => void }) => {
  const change = createChange(db);
  return {
    create: change('productImportCreate', inputs.productImportCreate, async (tx, { format, fileName }) => {
      const id = newId();
      await insertImport(tx, { id, format, fileName });
      return { outcome: { __typename: 'ProductImportCreated' as const, importId: id }, facts: [] };
    }),

    append: change(
      'productImportAppend',
      inputs.productImportAppend,
      async (tx, { importId, part, content }) => {
        const held = await lockImport(tx, importId);
        if (!held) return refused(notFound(importId));
        if (held.status !== 'RECEIVING') return refused(closed(held.status));
        if (!(await savePart(tx, { importId, part, content }))) {
          return refusedInput([{ path: ['part'], message: `part ${part} was stored with other bytes` }]);
        }
        const partsStored = (await storedParts(tx, importId)).length;
        return {
          outcome: { __typename: 'ProductImportAppended' as const, importId, partsStored },
          facts: [],
        };
      },
    ),

    run: change('productImportRun', inputs.productImportRun, async (tx, { importId, parts }) => {
      const held = await lockImport(tx, importId);
      if (!held) return refused(notFound(importId));
      if (held.status !== 'RECEIVING') return refused(closed(held.status));
      const stored = await storedParts(tx, importId);
      const beyond = stored.find((part) => part > parts);
      if (beyond !== undefined) {
        return refusedInput([{ path: ['parts'], message: `part ${beyond} is stored, so there are more` }]);
      }
      const missing = missingParts(parts, stored);
      if (missing.length > 0) {
        const missingNow = missing.slice(0, missingNamed);
        return refused({
          __typename: 'ProductImportPartsMissing' as const,
          message: `Parts have not arrived: ${missingNow.join(', ')}. Send them and start again with a new key.`,
          missingParts: missingNow,
        });
      }
      await startImport(tx, importId, parts);
      afterCommit(tx, wake);
      return { outcome: { __typename: 'ProductImportStarted' as const, importId }, facts: [] };
    }),

    byId: (id: string) => importById(db, id),
    errorsOf: (importId: string, page: { first: number; afterRow: number }) =>
      errorsOf(db, { importId, ...page }),

    /** The import now, or with a place in the log each step since, and then each step until it ends. */
    follow: async (id: string, after: number | null, signal: AbortSignal) => {
      const head = await log.head();
      const row = await importById(db, id);
      if (!row || (after !== null && after > head)) return null;
      // Said at once that steps are gone, and not by a stream that breaks.
      if (after !== null) await log.read(after, 1);
      return stepsOf({ row, log, from: after ?? head, showsNow: after === null, signal });
    },
  };
};

export type Imports = ReturnType<typeof createImports>;

type Following = { row: ImportRow; log: EventLog; from: number; showsNow: boolean; signal: AbortSignal };

/** An object and not a generator, because a generator that waits cannot be left before it yields. */
const stepsOf = ({ row, log, from, showsNow, signal }: Following): AsyncIterableIterator<ImportEvent> => {
  const pages = log.follow(from, signal);
  const ready: ImportStep[] = showsNow ? [{ cursor: String(from), import: row }] : [];
  let isOver = showsNow && hasEnded(row);

  const readOn = async () => {
    const page = await pages.next();
    const steps = page.done ? [] : page.value.flatMap((event) => stepBy(row, event) ?? []);
    ready.push(...steps);
    isOver ||= page.done === true || steps.some((step) => hasEnded(step.import));
  };
  const iterator: AsyncIterableIterator<ImportEvent> = {
    [Symbol.asyncIterator]: () => iterator,
    next: async () => {
      while (ready.length === 0 && !isOver) await readOn();
      const step = ready.shift();
      return step
        ? { done: false, value: { productImportProgressed: step } }
        : { done: true, value: undefined };
    },
    return: async () => {
      isOver = true;
      ready.length = 0;
      await pages.return?.();
      return { done: true, value: undefined };
    },
  };
  return iterator;
};

const hasEnded = ({ status }: ImportRow) => status === 'FINISHED' || status === 'FAILED';

/** The import as it stood after one of its facts. */
const stepBy = (row: ImportRow, event: StoredEvent): ImportStep | null => {
  if (event.type !== 'product.import_progressed' || event.data.importId !== row.id) return null;
  const { importId: _same, ...state } = event.data;
  return { cursor: String(event.sequence), import: { ...row, ...state } };
};
