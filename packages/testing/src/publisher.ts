import { append, eventsMigrations, type Fact, openEventLog } from '@storegraph/events';
import { connect, type Database, migrate, transaction } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';

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

/** Waits until a subgraph, whose database it is, has taken in everything that a publisher has published by now. */
export const untilHeard = async (db: Database, { events }: Publisher): Promise<void> => {
  const head = await events.head();
  const isHeard = async () => {
    const query = sql`select sequence from consumed where publisher = ${events.publisher}`;
    const [row] = await db.execute<{ sequence: number }>(query);
    return (row?.sequence ?? 0) >= head;
  };
  while (!(await isHeard())) await new Promise((resolve) => setImmediate(resolve));
};
