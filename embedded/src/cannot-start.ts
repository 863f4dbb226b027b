import { EmbeddedPostgresError, MigrationError } from '@storegraph/postgres';
import { InvalidEnvironment, log } from '@storegraph/server';

/** Why the shop cannot start: one sentence for a person, that ends with what to do. */
export class CannotStart extends Error {
  override name = 'CannotStart';
}

/** Whether an error of the system has one of these codes: `ENOENT`. */
export const hasCode = (error: unknown, ...codes: string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code));

const kinds = [CannotStart, EmbeddedPostgresError, MigrationError, InvalidEnvironment];

/** Tells whoever started us why it ends: the sentence of an error we know, or everything about one nobody expected. */
export const tellWhy = (error: unknown): void => {
  const isKnown = error instanceof Error && kinds.some((kind) => error instanceof kind);
  if (isKnown) process.stderr.write(`${error.message}\n`);
  else log.error('This was not expected.', { error });
};
