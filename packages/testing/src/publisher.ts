import { append, eventsMigrations, type Fact, openEventLog } from '@storegraph/events';
import { connect, migrate, transaction } from '@storegraph/postgres';

/** Says what another subgraph would: register its `events` at the bus, and publish. */
export const openPublisher = async (url: string, name: string) => {
  await migrate({ url, schema: name, folders: [eventsMigrations] });
  const db = connect({ url, schema: name, name: `${name} in a test` });
  const events = openEventLog({ db, publisher: name });
  return {
    events,
    publish: (facts: readonly Fact[]) => transaction(db, async (tx) => append(tx, facts)),
    close: async () => {
      await events.stop();
      await db.close();
    },
  };
};

export type Publisher = Awaited<ReturnType<typeof openPublisher>>;
