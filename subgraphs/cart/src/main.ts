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
  type Ask,
  isEntryPoint,
  log,
  openPublicKeys,
  type PublicKeys,
  readSchema,
  runSubgraph,
  type Subgraph,
  type Viewer,
  verifyToken,
} from '@storegraph/server';
import { GraphQLError } from 'graphql';
import { type CartHub, createCartHub } from './cart-hub.ts';
import type { Market } from './domain.ts';
import { readEnv } from './env.ts';
import { createLoaders, type Loaders } from './loaders.ts';
import { postgresStore } from './postgres.ts';
import { connectRedis, redisStore } from './redis.ts';
import { resolvers } from './resolvers.ts';
import { type Carts, createCarts } from './service.ts';
import { createStandings } from './standing-service.ts';
import { createSubscribers } from './subscribers.ts';
import { startFinishing, startSweeping } from './sweep-service.ts';

/** What every resolver finds beside its arguments. */
export type Context = {
  readonly viewer: Viewer;
  readonly carts: Carts;
  readonly loaders: Loaders;
  readonly hub: CartHub;
};

/** The tables of this subgraph, its own and those of the packages it uses. */
export const migrations: readonly MigrationFolder[] = [
  eventsMigrations,
  idempotencyMigrations,
  { name: 'cart', path: fileURLToPath(new URL('../migrations', import.meta.url)) },
];

type Needs = {
  readonly postgresUrl: string;
  readonly bus: Bus;
  readonly ask: Ask;
  /** What a guest's token in an input is verified with; without it none holds. */
  readonly keys?: PublicKeys;
  /** Where carts are kept, with a copy in Postgres; in Postgres alone when left out. */
  readonly redisUrl?: string | undefined;
  /** The market of a cart before its owner says otherwise. */
  readonly market?: Market;
};

/** Each write is a statement that waits for the disk; together they share its turns. */
const statementConnections = 8;

const defaultMarket: Market = { region: 'DE', currency: 'EUR' };

/** Carts: what guests and customers mean to buy, on all their devices. */
export const cart = async (needs: Needs): Promise<Subgraph<Context>> => {
  const { postgresUrl: url, bus, ask, keys = { keys: [] }, market = defaultMarket, redisUrl } = needs;
  await migrate({ url, schema: 'cart', folders: migrations });
  const db = connect({ url, schema: 'cart', name: 'cart', statementConnections });
  const failed = (message: string) => (error: unknown) => log.error(message, { error });

  const events = openEventLog({
    db,
    publisher: 'cart',
    onError: failed('The outbox could not be read or pruned.'),
  });
  bus.register(events);
  const store =
    redisUrl === undefined
      ? postgresStore(db)
      : redisStore({ redis: connectRedis(redisUrl), db, onError: failed('Redis did not answer.') });
  const standings = createStandings(db);
  const carts = createCarts({
    ...{ db, store, standings, ask, market, guestOf: guestIn(keys) },
    onUnanswered: (error) => log.warn('Another subgraph did not answer.', { error }),
  });
  const hub = createCartHub({ store, onError: failed('Changes of carts could not be read.') });
  const work: { stop(): Promise<void> }[] = [hub];
  let consumer: Consumer | null = null;
  return {
    name: 'cart',
    typeDefs: readSchema('cart'),
    resolvers,
    facts: events,
    context: ({ viewer }) => ({ viewer, carts, loaders: createLoaders(carts, viewer), hub }),
    isReady: async () => {
      await Promise.all([events.head(), store.isReady()]);
      consumer?.check();
    },
    start: async () => {
      store.start();
      hub.start();
      const onError = failed('A fact was not taken in.');
      consumer = startConsumer({
        db,
        bus,
        consumer: 'cart',
        handlers: createSubscribers(standings),
        onError,
      });
      work.push(
        consumer,
        startSweeping(db, failed('Carts that were left were not looked for.')),
        startFinishing(db, carts.finishMerges, failed('A merge that was cut short was not ended.')),
        startForgetting(db, failed('Old keys were not forgotten.')),
      );
    },
    stop: async () => {
      await Promise.all(work.map((each) => each.stop()));
      await store.stop();
      await events.stop();
      await db.close();
    },
  };
};

/** The guest whose token it is; null for any other, or one that does not hold. */
const guestIn = (keys: PublicKeys) => async (token: string) => {
  try {
    const { viewer } = await verifyToken(keys, token);
    return viewer.kind === 'guest' ? viewer.id : null;
  } catch (error) {
    if (error instanceof GraphQLError) return null;
    throw error;
  }
};

if (isEntryPoint(import.meta.url)) {
  const env = readEnv();
  const followed = await openPublicKeys(env);
  await runSubgraph({
    ...{ env, followed, token: env.SERVICE_TOKEN, openBus: openProcessBus },
    open: ({ bus, ask }) =>
      cart({
        ...{ postgresUrl: env.POSTGRES_URL, bus, ask, keys: followed.keys },
        redisUrl: env.REDIS_URL,
      }),
  });
}
