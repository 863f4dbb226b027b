/** Every connection is in use and the line of those who wait is full, or the wait took too long. */
export class PostgresBusyError extends Error {
  override name = 'PostgresBusyError';
  readonly code = 'BUSY';
}

/** The request's time was over before the database had answered. */
export class DeadlineExceededError extends Error {
  override name = 'DeadlineExceededError';
  readonly code = 'DEADLINE_EXCEEDED';
}

/** The migrations on disk and those the database has seen do not fit. */
export class MigrationError extends Error {
  override name = 'MigrationError';
}

type DriverError = { code: string; constraint_name?: string };

/** The driver's own error, which drizzle wraps. */
export const driverError = (error: unknown): DriverError | null => {
  for (let inner: unknown = error; inner instanceof Error; inner = inner.cause) {
    if (inner.name === 'PostgresError' || ('code' in inner && typeof inner.code === 'string')) {
      // Errors of the driver carry these fields, which its types do not say of an unknown error.
      return inner as unknown as DriverError;
    }
  }
  return null;
};

/** Whether the database refused a value because it is there already; of one constraint, when it is named. */
export const isUniqueViolation = (error: unknown, constraint?: string): boolean => {
  const cause = driverError(error);
  return cause?.code === '23505' && (constraint === undefined || cause.constraint_name === constraint);
};

/** Whether another transaction stood in the way, so that the same work may well succeed when it is done again. */
export const isTransient = (error: unknown): boolean => {
  const code = driverError(error)?.code;
  return code === '40001' || code === '40P01';
};

/** Whether a statement was stopped from outside: by a cancel request or by its timeout. */
export const isCancelled = (error: unknown): boolean => driverError(error)?.code === '57014';
