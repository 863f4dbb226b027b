import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@storegraph/postgres';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The connection string of the run's Postgres, with `DATABASE` where the database's name belongs. */
    postgresUrl: string;
  }
}

/** One Postgres for the whole run. What a test says of durability, it says of a server it starts itself. */
export default async ({ provide }: TestProject) => {
  const folder = await mkdtemp(join(tmpdir(), 'storegraph-test-'));
  const postgres = await startEmbeddedPostgres({
    folder: join(folder, 'postgres'),
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' },
  });
  provide('postgresUrl', postgres.url('DATABASE'));
  return async () => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  };
};
