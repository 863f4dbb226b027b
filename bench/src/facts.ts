import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  append,
  type EventLog,
  eventsMigrations,
  type Fact,
  openEventLog,
  openProcessBus,
} from '@storegraph/events';
import {
  connect,
  type Database,
  migrate,
  newId,
  startEmbeddedPostgres,
  transaction,
} from '@storegraph/postgres';
import { type BenchResult, percentile } from './result.ts';

/** How long a fact takes from its commit to a follower, and how many come through: here, and in another process. */
const singleFacts = 400;
/** Each takes a second where the publisher is asked each second. */
const singleFactsAsked = 20;
/** The first ones find the streams being joined. */
const warmUp = 5;
const pauseMs = 10;
const crowd = 50_000;
const crowdPerCommit = 1_000;

type Word = { readonly upTo: number; readonly at: number };
type Way = {
  readonly way: string;
  readonly heard: (upTo: number) => Promise<number>;
  readonly stop: () => Promise<void>;
};

const now = () => performance.timeOrigin + performance.now();
const fact = (id: string): Fact => ({
  type: 'product.variant_created',
  aggregateId: id,
  data: { variantId: id, productId: id, sku: id },
});
const publish = (db: Database, count: number) =>
  transaction(db, async (tx) =>
    append(
      tx,
      Array.from({ length: count }, () => fact(newId())),
    ),
  );

/** When a follower had the fact of a sequence, from the words it says as pages come. */
const listen = () => {
  const words: Word[] = [];
  let waiting: { upTo: number; resolve: (at: number) => void } | null = null;
  return {
    say: (word: Word) => {
      words.push(word);
      if (waiting === null || word.upTo < waiting.upTo) return;
      waiting.resolve(word.at);
      waiting = null;
    },
    heard: (upTo: number) => {
      const word = words.find((one) => one.upTo >= upTo);
      return word
        ? Promise.resolve(word.at)
        : new Promise<number>((resolve) => {
            waiting = { upTo, resolve };
          });
    },
  };
};

const followHere = (log: EventLog): Way => {
  const { say, heard } = listen();
  const stop = new AbortController();
  const ended = (async () => {
    for await (const page of log.follow('now', stop.signal))
      say({ upTo: page.at(-1)?.sequence ?? 0, at: now() });
  })();
  return {
    way: 'in one process',
    heard,
    stop: async () => {
      stop.abort();
      await ended;
    },
  };
};

const followThere = async (way: string, url: string, redisUrl: string): Promise<Way> => {
  const { say, heard } = listen();
  const child: ChildProcess = fork(new URL('./facts-process.ts', import.meta.url), [url, redisUrl], {
    execArgv: ['--import', 'tsx'],
  });
  const ready = once(child, 'message');
  child.on('message', say);
  await ready;
  return {
    way,
    heard,
    stop: async () => {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
};

/** What packages/server serves of a log, without the tokens. */
const serve = async (log: EventLog) => {
  const server = createServer(async (request, response) => {
    const asked = new URL(request.url ?? '', 'http://localhost').searchParams;
    const limit = Number(asked.get('limit'));
    const facts = limit === 0 ? [] : await log.read(Number(asked.get('after')), limit);
    response.end(JSON.stringify({ head: await log.head(), facts }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // It was told to listen to a port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
};

const measure = async (db: Database, log: EventLog, { way, heard, stop }: Way, samples = singleFacts) => {
  const latencies: number[] = [];
  for (let n = -warmUp; n < samples; n += 1) {
    await publish(db, 1);
    const committedAt = now();
    const at = await heard(await log.head());
    if (n >= 0) latencies.push(at - committedAt);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  const startedAt = now();
  for (let written = 0; written < crowd; written += crowdPerCommit) await publish(db, crowdPerCommit);
  const endedAt = await heard(await log.head());
  await stop();
  return {
    way,
    'p50 ms': percentile(latencies, 0.5),
    'p99 ms': percentile(latencies, 0.99),
    'facts a second': (crowd * 1_000) / (endedAt - startedAt),
  };
};

const startRedis = async (folder: string) => {
  const socket = join(folder, 'redis.sock');
  const settings = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no'];
  const server = spawn('redis-server', settings, { stdio: 'ignore' });
  await once(server, 'spawn');
  return {
    url: socket,
    stop: async () => {
      const ended = once(server, 'exit');
      server.kill();
      await ended;
    },
  };
};

export const run = async (): Promise<BenchResult> => {
  const folder = await mkdtemp(join(tmpdir(), 'storegraph-bench-'));
  const postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres') });
  const redis = await startRedis(folder);
  const url = postgres.url('postgres');
  await migrate({ url, schema: 'product', folders: [eventsMigrations] });
  const db = connect({ url, schema: 'product', name: 'bench' });
  const log = openEventLog({ db, publisher: 'product' });
  const served = await serve(log);
  const bus = openProcessBus({ urls: {}, token: 'bench', redisUrl: redis.url, onError: console.error });
  try {
    const here = await measure(db, log, followHere(log));
    const polling = await measure(
      db,
      log,
      await followThere('in another, asking each second', served.url, ''),
      singleFactsAsked,
    );
    bus.register(log);
    const overRedis = await measure(
      db,
      log,
      await followThere('in another, over Redis', served.url, redis.url),
    );
    const rows = [here, overRedis, polling].map((row) => ({
      way: row.way,
      'p50 ms': Number(row['p50 ms'].toFixed(2)),
      'p99 ms': Number(row['p99 ms'].toFixed(2)),
      'facts a second': Math.round(row['facts a second']),
    }));
    return {
      name: 'facts from their commit to a follower',
      rows,
      ratios: [
        {
          name: 'p50, asking / Redis',
          value: polling['p50 ms'] / overRedis['p50 ms'],
          bound: 20,
          atLeast: true,
        },
        {
          name: 'facts a second, Redis / one process',
          value: overRedis['facts a second'] / here['facts a second'],
          bound: 0.25,
          atLeast: true,
        },
      ],
    };
  } finally {
    await bus.stop();
    await log.stop();
    served.close();
    await db.close();
    await redis.stop();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
};
