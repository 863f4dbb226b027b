import { fileURLToPath } from 'node:url';
import {
  type Bus,
  type Consumer,
  eventsMigrations,
  openEventLog,
  openProcessBus,
  startConsumer,
} from '@storegraph/events';
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
import { changedSince } from './fact-repository.ts';
import { followLimits } from './following-domain.ts';
import { createLoaders, type Loaders, readStocks } from './loaders.ts';
import { resolvers } from './resolvers.ts';
import { createInventory, type Inventory } from './service.ts';
import { createStockHub, type StockHub } from './stock-hub.ts';
import { openStockPath } from './stock-service.ts';
import { subscribers } from './subscribers.ts';
import { startSweeping } from './sweep-service.ts';
import { openWarehouses } from './warehouse-service.ts';

/** What every resolver finds beside its arguments. */
export type Context = {
  readonly viewer: Viewer;
  readonly inventory: Inventory;
  readonly loaders: Loaders;
  readonly hub: StockHub;
};

/** The tables of this subgraph, its own and those of the packages it uses. */
export const migrations: readonly MigrationFolder[] = [
  eventsMigrations,
  idempotencyMigrations,
  { name: 'inventory', path: fileURLToPath(new URL('../migrations', import.meta.url)) },
];

/** Stock: what is where, what is held for whom, and what came and went. */
export const inventory = async (needs: { postgresUrl: string; bus: Bus }): Promise<Subgraph<Context>> => {
  const { postgresUrl: url, bus } = needs;
  await migrate({ url, schema: 'inventory', folders: migrations });
  const db = connect({ url, schema: 'inventory', name: 'inventory' });
  const stockDb = connect({ url, schema: 'inventory', name: 'inventory stock', statementConnections: 1 });
  const failed = (message: string) => (error: unknown) => log.error(message, { error });

  const events = openEventLog({
    db,
    publisher: 'inventory',
    onError: failed('The outbox could not be read or pruned.'),
  });
  bus.register(events);
  const warehouses = await openWarehouses(db);
  const stock = openStockPath(stockDb);
  const hub = createStockHub({
    log: events,
    readStock: (keys) => readStocks(db, warehouses, keys),
    changedSince: (following) => changedSince(db, following),
    refreshWarehouses: warehouses.refresh,
    onError: failed('Changes of stock could not be read.'),
    limits: followLimits,
  });
  const shop = createInventory({ db, stock, warehouses });
  const work: { stop(): Promise<void> }[] = [hub];
  let consumer: Consumer | null = null;
  return {
    name: 'inventory',
    typeDefs: readSchema('inventory'),
    resolvers,
    facts: events,
    context: ({ viewer }) => ({ viewer, inventory: shop, loaders: createLoaders(db, warehouses), hub }),
    isReady: async () => {
      await events.head();
      consumer?.check();
    },
    start: async () => {
      hub.start();
      const onError = failed('A fact was not taken in.');
      consumer = startConsumer({ db, bus, consumer: 'inventory', handlers: subscribers, onError });
      work.push(
        consumer,
        startSweeping({ db, stock }, failed('Holds or preorders past their time were not ended.')),
        startForgetting(db, failed('Old keys were not forgotten.')),
      );
    },
    stop: async () => {
      await Promise.all(work.map((each) => each.stop()));
      await stock.idle();
      await events.stop();
      await Promise.all([db.close(), stockDb.close()]);
    },
  };
};

if (isEntryPoint(import.meta.url)) {
  const env = readEnv();
  await runSubgraph({
    ...{ env, followed: await openPublicKeys(env), token: env.SERVICE_TOKEN, openBus: openProcessBus },
    open: ({ bus }) => inventory({ postgresUrl: env.POSTGRES_URL, bus }),
  });
}
