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
import { connect, type Database, type MigrationFolder, migrate } from '@storegraph/postgres';
import {
  isEntryPoint,
  log,
  openPublicKeys,
  type Request,
  readSchema,
  runSubgraph,
  type Subgraph,
} from '@storegraph/server';
import { readEnv } from './env.ts';
import { startForgettingGuesses } from './guess-service.ts';
import { createLoaders, type Loaders } from './loaders.ts';
import { resolvers } from './resolvers.ts';
import { startTelling } from './schedule-service.ts';
import { createPricing, type Pricing } from './service.ts';
import { subscribers } from './subscribers.ts';

/** What every resolver finds beside its arguments. */
export type Context = Pick<Request, 'viewer' | 'holdsForMs'> & {
  readonly db: Database;
  readonly baseCurrency: string;
  readonly pricing: Pricing;
  readonly loaders: Loaders;
};

/** The tables of this subgraph, its own and those of the packages it uses. */
export const migrations: readonly MigrationFolder[] = [
  eventsMigrations,
  idempotencyMigrations,
  { name: 'pricing', path: fileURLToPath(new URL('../migrations', import.meta.url)) },
];

type Needs = {
  readonly postgresUrl: string;
  readonly bus: Bus;
  /** What exchange rates are from; EUR when left out. */
  readonly baseCurrency?: string;
};

/** Prices: what each variant costs whom, where and when, and why. */
export const pricing = async (needs: Needs): Promise<Subgraph<Context>> => {
  const { postgresUrl: url, bus, baseCurrency = 'EUR' } = needs;
  await migrate({ url, schema: 'pricing', folders: migrations });
  const db = connect({ url, schema: 'pricing', name: 'pricing' });
  const failed = (message: string) => (error: unknown) => log.error(message, { error });

  const events = openEventLog({
    db,
    publisher: 'pricing',
    onError: failed('The outbox could not be read or pruned.'),
  });
  bus.register(events);
  const shop = createPricing({ db, baseCurrency });
  const work: { stop(): Promise<void> }[] = [];
  let consumer: Consumer | null = null;
  return {
    name: 'pricing',
    typeDefs: readSchema('pricing'),
    resolvers,
    facts: events,
    context: ({ viewer, address, holdsForMs }) => ({
      ...{ viewer, holdsForMs, db, baseCurrency, pricing: shop },
      loaders: createLoaders(db, { baseCurrency, viewer, address, quotes: shop.quotes }),
    }),
    isReady: async () => {
      await events.head();
      consumer?.check();
    },
    start: async () => {
      const onError = failed('A fact was not taken in.');
      consumer = startConsumer({ db, bus, consumer: 'pricing', handlers: subscribers, onError });
      work.push(
        consumer,
        startTelling(db, failed('Prices that start or end were not told of.')),
        startForgetting(db, failed('Old keys were not forgotten.')),
        startForgettingGuesses(db, failed('Old guesses were not forgotten.')),
      );
    },
    stop: async () => {
      await Promise.all(work.map((each) => each.stop()));
      await events.stop();
      await db.close();
    },
  };
};

if (isEntryPoint(import.meta.url)) {
  const env = readEnv();
  await runSubgraph({
    ...{ env, followed: await openPublicKeys(env), token: env.SERVICE_TOKEN, openBus: openProcessBus },
    open: ({ bus }) => pricing({ postgresUrl: env.POSTGRES_URL, bus, baseCurrency: env.BASE_CURRENCY }),
  });
}
