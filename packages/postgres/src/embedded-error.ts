/** The embedded Postgres cannot be had; the message says why and what to do. */
export class EmbeddedPostgresError extends Error {
  override name = 'EmbeddedPostgresError';
}

/** Another process runs a Postgres over the folder. */
export class FolderInUseError extends EmbeddedPostgresError {
  override name = 'FolderInUseError';
}

/** The code of an error of the system: `ENOENT`. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
