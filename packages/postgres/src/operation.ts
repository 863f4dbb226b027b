import { AsyncLocalStorage } from 'node:async_hooks';
import { DeadlineExceededError, isCancelled } from './errors.ts';

/** A statement under way, as far as an operation must be able to stop it. */
type Stoppable = { cancel(): void };

/** Hears of each statement as it is sent: its text with $1, $2 …; what it gives is called when the statement ends. */
export type OnStatement = (text: string) => (error?: unknown) => void;

type OperationOptions = {
  /** In epoch milliseconds. */
  deadlineAt?: number;
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
export const inOperation = async <T>(
  { deadlineAt, onStatement = null }: OperationOptions,
  work: () => Promise<T>,
): Promise<{ value: T; statements: number }> => {
  const operation: Operation = {
    ...{ statements: 0, onStatement, running: new Set() },
    deadlineAt: deadlineAt ?? null,
  };
  const stopAll = () => {
    for (const statement of operation.running) statement.cancel();
  };
  const timer = deadlineAt === undefined ? null : setTimeout(stopAll, Math.max(0, deadlineAt - Date.now()));
  try {
    // Awaited inside: drizzle's queries start when they are awaited, and must start in this operation.
    const value = await operations.run(operation, async () => await work());
    return { value, statements: operation.statements };
  } catch (error) {
    const isLate = deadlineAt !== undefined && Date.now() >= deadlineAt;
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
