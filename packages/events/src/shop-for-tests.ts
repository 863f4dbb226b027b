import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, migrate, transaction } from '@storegraph/postgres';
import { type TestDatabase, testDatabase } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import {
  append,
  CursorTooOldError,
  type EventLog,
  eventsMigrations,
  type Fact,
  openEventLog,
  type StoredEvent,
} from './index.ts';
import { pruneOutbox } from './retention.ts';

const token = 'of a service';
const variantId = '01900000-0000-7000-8000-000000000001';
const fact = (sku: string): Fact => ({
  type: 'product.variant_created',
  aggregateId: variantId,
  data: { variantId, productId: variantId, sku },
});

/** A publisher and a consumer, each with a database of its own, and processes of the publisher. */
export const openShop = async () => {
  const databases: TestDatabase[] = [];
  const closing: (() => Promise<unknown>)[] = [];
  const open = async (schema: string) => {
    const database = await testDatabase(`template_events_${schema}`, (url) =>
      migrate({ url, schema, folders: [eventsMigrations] }),
    );
    databases.push(database);
    const db = connect({ url: database.url, schema, name: 'shop-for-tests' });
    closing.push(db.close);
    return db;
  };
  const publisher = await open('product');
  const consumer = await open('inventory');
  await consumer.execute(sql`create table seen (sequence int)`);

  return {
    consumer,
    publisher,
    /** The outbox as one process of the publisher opens it. */
    openLog: () => {
      const log = openEventLog({ db: publisher, publisher: 'product' });
      closing.unshift(log.stop);
      return log;
    },
    /** Publishes so many facts in one commit. */
    publish: (count = 1) =>
      transaction(publisher, async (tx) => {
        append(
          tx,
          Array.from({ length: count }, (_, n) => fact(`A-${n + 1}`)),
        );
      }),
    /** Deletes the facts up to a sequence. */
    forget: async (upTo: number) => {
      await publisher.execute(
        sql`update outbox set occurred_at = now() - interval '8 days' where sequence <= ${upTo}`,
      );
      await pruneOutbox(publisher);
    },
    seen: async () =>
      (await consumer.execute<{ sequence: number }>(sql`select sequence from seen order by ctid`)).map(
        ({ sequence }) => sequence,
      ),
    close: async () => {
      for (const close of closing) await close();
      for (const database of databases) await database.drop();
    },
  };
};

/** Serves a log as a subgraph's process does; it can be away for a while. */
export const serveLog = async (log: EventLog) => {
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    answer(log, request, response).catch(() => response.destroy());
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    // It was told to listen to a port.
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  const leave = async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    token,
    asked: () => asked,
    leave,
    comeBack: () => listen(port),
    close: async () => {
      if (server.listening) await leave();
    },
  };
};

const answer = async (log: EventLog, request: IncomingMessage, response: ServerResponse) => {
  const say = (status: number, body?: object) => response.writeHead(status).end(body && JSON.stringify(body));
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
  if (request.headers.authorization !== `Bearer ${token}`) return say(401, { error: {} });
  const place = /^\/facts\/places\/(.+)$/.exec(pathname)?.[1];
  if (request.method === 'PUT' && place !== undefined) {
    const body: { after: number } = JSON.parse((await request.toArray()).join(''));
    await log.keepFor(decodeURIComponent(place), body.after);
    return say(204);
  }
  if (request.method !== 'GET' || pathname !== '/facts') return say(404, { error: {} });
  const limit = Number(searchParams.get('limit'));
  try {
    const facts = limit === 0 ? [] : await log.read(Number(searchParams.get('after')), limit);
    return say(200, { head: await log.head(), facts });
  } catch (error) {
    if (!(error instanceof CursorTooOldError)) throw error;
    return say(410, { error: {}, oldestKept: error.oldestKept });
  }
};

/** Follows until so many facts have come. */
export const take = async (
  log: EventLog,
  { from, count, started }: { from: number | 'now'; count: number; started?: () => Promise<unknown> },
): Promise<StoredEvent[]> => {
  const stop = new AbortController();
  const events: StoredEvent[] = [];
  const pages = log.follow(from, stop.signal);
  let next = pages.next();
  await started?.();
  while (events.length < count) {
    const { value, done } = await next;
    if (done) throw new Error(`The log ended after ${events.length} of ${count} facts.`);
    events.push(...value);
    next = pages.next();
  }
  stop.abort();
  await next;
  return events;
};

export const sequencesOf = (events: readonly StoredEvent[]): number[] =>
  events.map(({ sequence }) => sequence);

/** The numbers behind one, up to and with the other. */
export const numbers = (after: number, upTo: number): number[] =>
  Array.from({ length: upTo - after }, (_, n) => after + 1 + n);
