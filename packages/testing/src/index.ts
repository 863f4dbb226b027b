export { anonymous } from '@storegraph/server';
export { actsWhile, isAct } from './acts.ts';
export { createAsking } from './asking.ts';
export { brokenInvariants } from './broken-invariants.ts';
export { type TestDatabase, testDatabase } from './database.ts';
export { documentsOf } from './documents.ts';
export { type Answer, key, type Mounted, mountForTest, staff } from './mount.ts';
export { countOutcomes, createProcesses, type Word } from './processes.ts';
export { openPublisher, type Publisher, untilHeard } from './publisher.ts';
