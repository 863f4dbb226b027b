import { AsyncLocalStorage } from 'node:async_hooks';
import { DeadlineExceededError, isCancelled } from './errors.ts';

/** A statement under way, as far as an operation must be able to stop it. */
type Stoppable = { cancel(): void };

/** Hears of each statement as it is sent: its text with $1, $2 …; what it gives is called when the statement ends. */
export type OnStatement = (text: string) => (error?: unknown) => void;

type OperationOptions = {
  /** In epoch milliseconds. */
  deadlineAt?: number | null;
  onStatement?: OnStatement | null;
};

type Operation = {
  statements: number;
  readonly onStatement: OnStatement | null;
  readonly deadlineAt: number | null;
  readonly running: Set<Stoppable>;
};

const operations = new AsyncLocalStorage<Operation>();

/** The operation the caller runs in, if any. */
export const currentOperation = (): Operation | undefined => operations.getStore();

/** Milliseconds until the current operation's deadline; null when it has none. Throws when it has passed. */
export const remainingMs = (): number | null => {
  const deadlineAt = operations.getStore()?.deadlineAt ?? null;
  if (deadlineAt === null) return null;
  const remaining = deadlineAt - Date.now();
  if (remaining <= 0) throw tooLate();
  return remaining;
};

/**
 * Runs work as one operation: its SQL statements are counted, and at its deadline those still running are
 * cancelled. BEGIN and COMMIT do not count.
 */
export const inOperation = <T>(
  { deadlineAt = null, onStatement = null }: OperationOptions,
  work: () => T | Promise<T>,
): Worked<T> | Promise<Worked<T>> => {
  const operation: Operation = { statements: 0, onStatement, deadlineAt, running: new Set() };
  const value = operations.run(operation, () => {
    const worked = work();
    // Awaited inside: drizzle's queries start when they are awaited, and must start in this operation.
    return isThenable(worked) ? (async () => await worked)() : worked;
  });
  // What was there at once has nothing that could be late.
  return value instanceof Promise
    ? untilDeadline(operation, value)
    : { value, statements: operation.statements };
};

/** What work gave, and how many statements it took. */
type Worked<T> = { value: T; statements: number };

const isThenable = <T>(worked: T | Promise<T>): worked is Promise<T> =>
  typeof worked === 'object' && worked !== null && 'then' in worked;

const untilDeadline = async <T>(operation: Operation, work: Promise<T>): Promise<Worked<T>> => {
  const { deadlineAt } = operation;
  const stopAll = () => {
    for (const statement of operation.running) statement.cancel();
  };
  const timer = deadlineAt === null ? null : setTimeout(stopAll, Math.max(0, deadlineAt - Date.now()));
  try {
    return { value: await work, statements: operation.statements };
  } catch (error) {
    const isLate = deadlineAt !== null && Date.now() >= deadlineAt;
    throw isLate && (isCancelled(error) || isTooLate(error)) ? tooLate(error) : error;
  } finally {
    if (timer) clearTimeout(timer);
  }
};

/** Drizzle wraps whatever a query ends with, our own refusal to send it too. */
const isTooLate = (error: unknown): boolean =>
  error instanceof DeadlineExceededError || (error instanceof Error && isTooLate(error.cause));

const tooLate = (cause?: unknown) =>
  new DeadlineExceededError('The deadline of the request passed before the database had answered.', {
    cause,
  });
