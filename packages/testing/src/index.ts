export { anonymous } from '@storegraph/server';
export { type TestDatabase, testDatabase } from './database.ts';
export { type Answer, key, type Mounted, mountForTest, staff } from './mount.ts';
