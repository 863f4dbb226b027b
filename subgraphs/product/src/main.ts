import { fileURLToPath } from 'node:url';
import { type Bus, eventsMigrations, openEventLog, openProcessBus } from '@storegraph/events';
import { idempotencyMigrations, startForgetting } from '@storegraph/idempotency';
import { connect, type MigrationFolder, migrate } from '@storegraph/postgres';
import {
  isEntryPoint,
  log,
  openPublicKeys,
  readSchema,
  runSubgraph,
  type Subgraph,
  type Viewer,
} from '@storegraph/server';
import { readEnv } from './env.ts';
import { startImporting } from './import-run-service.ts';
import { createImports, type Imports } from './import-service.ts';
import { createLoaders, type Loaders } from './loaders.ts';
import { resolvers } from './resolvers.ts';
import { type Catalogue, createCatalogue } from './service.ts';

export { seedCatalogue } from './seed.ts';

/** What every resolver finds beside its arguments. */
export type Context = {
  readonly viewer: Viewer;
  readonly catalogue: Catalogue;
  readonly imports: Imports;
  readonly loaders: Loaders;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: () => AbortSignal;
};

/** The tables of this subgraph, its own and those of the packages it uses. */
export const migrations: readonly MigrationFolder[] = [
  eventsMigrations,
  idempotencyMigrations,
  { name: 'product', path: fileURLToPath(new URL('../migrations', import.meta.url)) },
];

/** The catalogue: products, variants, categories and types. */
export const product = async ({
  postgresUrl,
  bus,
}: {
  postgresUrl: string;
  bus: Bus;
}): Promise<Subgraph<Context>> => {
  await migrate({ url: postgresUrl, schema: 'product', folders: migrations });
  const db = connect({ url: postgresUrl, schema: 'product', name: 'product' });
  const catalogue = createCatalogue({ db });
  const onError = (error: unknown) => log.error('The outbox could not be read.', { error });
  const events = openEventLog({ db, publisher: 'product', onError });
  bus.register(events);
  const forgetting = startForgetting(db, (error) => log.error('Old keys were not forgotten.', { error }));
  let importing: ReturnType<typeof startImporting> | null = null;
  const imports = createImports({ db, log: events, wake: () => importing?.wake() });
  return {
    name: 'product',
    typeDefs: readSchema('product'),
    resolvers,
    facts: events,
    context: ({ viewer, signal }) => ({
      viewer,
      signal,
      catalogue,
      imports,
      loaders: createLoaders(db, viewer),
    }),
    isReady: async () => {
      await events.head();
    },
    start: async () => {
      importing = startImporting({ db, onError: (error) => log.error('An import stopped.', { error }) });
    },
    stop: async () => {
      await importing?.stop();
      await forgetting.stop();
      await events.stop();
      await db.close();
    },
  };
};

if (isEntryPoint(import.meta.url)) {
  const env = readEnv();
  await runSubgraph({
    ...{ env, followed: await openPublicKeys(env), token: env.SERVICE_TOKEN, openBus: openProcessBus },
    open: ({ bus }) => product({ postgresUrl: env.POSTGRES_URL, bus }),
  });
}
