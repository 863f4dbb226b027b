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
  type Ask,
  followKeyRing,
  isEntryPoint,
  type Keys,
  log,
  readSchema,
  runSubgraph,
  type Subgraph,
  signToken,
  type Viewer,
} from '@storegraph/server';
import { type Appointment, appoint } from './appointment-service.ts';
import { openPasswords } from './argon2.ts';
import type { Asking } from './change-service.ts';
import { startDataJobs } from './data-job-run-service.ts';
import { createDataLoaders, type DataLoaders } from './data-loaders.ts';
import { type CustomerData, createCustomerData } from './data-service.ts';
import { type Outside, readEnv, readOutside } from './env.ts';
import { createLoaders, type Loaders } from './loaders.ts';
import { openMails } from './mail-service.ts';
import { openProviders } from './openid.ts';
import { startEntering } from './refused-sign-in-service.ts';
import { factorsBySecret } from './repository.ts';
import { resolvers } from './resolvers.ts';
import { createSecrets } from './secrets-domain.ts';
import { type Accounts, createAccounts } from './service.ts';
import { openSmtp } from './smtp.ts';
import { subscribers } from './subscribers.ts';
import { startSweeping } from './sweep-service.ts';

export { type Outside, readOutside };

/** What every resolver finds beside its arguments. */
export type Context = {
  readonly viewer: Viewer;
  readonly asking: Asking;
  readonly accounts: Accounts;
  readonly loaders: Loaders;
  readonly customerData: CustomerData;
  readonly dataLoaders: DataLoaders;
};

/** The tables of this subgraph, its own and those of the packages it uses. */
export const migrations: readonly MigrationFolder[] = [
  eventsMigrations,
  idempotencyMigrations,
  { name: 'account', path: fileURLToPath(new URL('../migrations', import.meta.url)) },
];

type Needs = {
  readonly postgresUrl: string;
  readonly bus: Bus;
  readonly ask: Ask;
  /** What tokens are signed with; read at each use. */
  readonly keys: Keys;
  /** At least 32 bytes each, the same for all processes: the first makes what is given out, and all are taken. */
  readonly secrets: readonly [Uint8Array, ...Uint8Array[]];
  readonly outside: Outside;
};

/** Who somebody is: customers, guests and staff, how they sign in, and what is known of them. */
export const account = async (needs: Needs): Promise<Subgraph<Context>> => {
  const { postgresUrl: url, bus, ask, keys, outside } = needs;
  await migrate({ url, schema: 'account', folders: migrations });
  const db = connect({ url, schema: 'account', name: 'account' });
  const failed = (message: string) => (error: unknown) => log.error(message, { error });
  const onError = failed('The outbox could not be read or pruned.');
  const events = openEventLog({ db, publisher: 'account', onError });
  bus.register(events);

  const secrets = createSecrets(needs.secrets);
  const smtp = outside.SMTP_URL === undefined ? null : openSmtp(outside.SMTP_URL, outside.MAIL_FROM);
  const mails = openMails({
    ...{ db, secrets, send: smtp?.send ?? null, onError: failed('A mail was not sent.') },
    shop: { name: outside.SHOP_NAME, storefrontUrl: outside.STOREFRONT_URL ?? null },
  });
  const accounts = createAccounts({
    ...{ db, secrets, keys, post: mails.post, shopName: outside.SHOP_NAME },
    ...{ passwords: await openPasswords(), providers: openProviders(outside.OIDC_PROVIDERS) },
  });
  let jobs: ReturnType<typeof startDataJobs> | null = null;
  const customerData = createCustomerData({ db, post: mails.post, wake: () => jobs?.wake() });
  const work: { stop(): Promise<void> }[] = [];
  let consumer: Consumer | null = null;
  return {
    name: 'account',
    typeDefs: readSchema('account'),
    resolvers,
    facts: events,
    context: ({ viewer, address }) => ({
      ...{ viewer, asking: { viewer, address }, accounts, customerData },
      loaders: createLoaders(db, viewer),
      dataLoaders: createDataLoaders(db, viewer),
    }),
    isReady: async () => {
      await events.head();
      consumer?.check();
    },
    start: async () => {
      await tellOfSecrets(db, secrets.ids);
      jobs = startDataJobs({ db, ask, post: mails.post, onError: failed('An export or erasure stopped.') });
      const notTaken = failed('A fact was not taken in.');
      consumer = startConsumer({ db, bus, consumer: 'account', handlers: subscribers, onError: notTaken });
      work.push(
        ...[jobs, consumer],
        mails.start(),
        startEntering(db, failed('Refused sign-ins were not entered.')),
        startSweeping(db, failed('What is over was not deleted.')),
        startForgetting(db, failed('Old keys were not forgotten.')),
      );
    },
    stop: async () => {
      await Promise.all(work.map((each) => each.stop()));
      smtp?.close();
      await events.stop();
      await db.close();
    },
  };
};

/** Makes somebody an administrator, for whoever operates the shop and has its database. */
export const appointAdmin = async ({
  postgresUrl: url,
  ...whom
}: {
  readonly postgresUrl: string;
  readonly email: string;
  readonly name: string;
}): Promise<Appointment> => {
  await migrate({ url, schema: 'account', folders: migrations });
  const db = connect({ url, schema: 'account', name: 'appointment' });
  try {
    return await appoint(db, whom);
  } finally {
    await db.close();
  }
};

/** An operator who replaces the secret is told what still rests on which. */
const tellOfSecrets = async (db: Database, [first, ...older]: readonly string[]): Promise<void> => {
  for (const [secret, secondFactors] of await factorsBySecret(db)) {
    const fields = { secret, secondFactors };
    if (older.includes(secret)) log.info('Second factors rest on an older secret: keep it.', fields);
    else if (secret !== first)
      log.error('Second factors rest on a secret that is not there: their owners cannot sign in.', fields);
  }
};

if (isEntryPoint(import.meta.url)) {
  const env = readEnv();
  const followed = await followKeyRing(env.KEYS_FILE, (error) =>
    log.error('The keys stay as they were.', { error }),
  );
  const { keys } = followed;
  await runSubgraph({
    ...{ env, followed, openBus: openProcessBus },
    token: () => signToken(keys, { subject: 'account', role: 'service' }),
    open: ({ bus, ask }) =>
      account({
        ...{ postgresUrl: env.POSTGRES_URL, bus, ask, keys },
        ...{ outside: env, secrets: env.ACCOUNT_SECRET },
      }),
  });
}
