export { type ConnectOptions, connect, type Database, type Reader, type Transaction } from './connection.ts';
export {
  discardEmbeddedPostgres,
  type EmbeddedOptions,
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from './embedded.ts';
export { EmbeddedPostgresError, FolderInUseError } from './embedded-error.ts';
export { DeadlineExceededError, isUniqueViolation, MigrationError, PostgresBusyError } from './errors.ts';
export { newId } from './ids.ts';
export { type MigrationFolder, migrate } from './migrate.ts';
export { inOperation, type OnStatement } from './operation.ts';
export { type Repeating, startRepeating } from './repeat.ts';
export { afterCommit, atCommit, type Statement, transaction } from './transaction.ts';
export { startWorker, type Worker } from './worker.ts';
