import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbeddedPostgres } from '@storegraph/postgres';
import { createKeys, type Keys, signToken } from '@storegraph/server';
import { type Device, type Load, load } from './cart-load.ts';
import { type BenchResult, median, percentile } from './result.ts';

/**
 * Adding to a cart through the endpoint (token, router, rules, key, version), against the least that counts pieces
 * durably. Each way has a process and a database of its own; they take turns, so that what else the machine does falls
 * on both.
 */

const connections = [1, 16, 64] as const;
const rounds = 5;
const roundMs = 1_500;
const warmMs = 2_000;
/** As many lines as a cart has. */
const variants = 5;
const mostTimes = 4;

const ways = ['ours', 'raw'] as const;
type Way = (typeof ways)[number];
type Server = { readonly child: ChildProcess; readonly port: number };

const file = fileURLToPath(new URL('cart-process.ts', import.meta.url));

export const run = async (): Promise<BenchResult> => {
  const folder = await mkdtemp(join(tmpdir(), 'storegraph-bench-cart-'));
  const postgres = await startEmbeddedPostgres({
    folder: join(folder, 'postgres'),
    settings: { fsync: 'on', synchronous_commit: 'on', max_wal_size: '4GB' },
  });
  const keys = await createKeys();
  const variantIds = Array.from({ length: variants }, () => randomUUID());
  const servers = new Map<Way, Server>();
  try {
    for (const way of ways) {
      await postgres.createDatabase(`cart_${way}`);
      servers.set(way, await start(way, { url: postgres.url(`cart_${way}`), keys, variantIds }));
    }
    return resultOf(await measure(servers, keys, variantIds));
  } finally {
    for (const { child } of servers.values()) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
};

const start = async (way: Way, argument: object): Promise<Server> => {
  const child = fork(file, [way, JSON.stringify(argument)], {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const [port] = (await once(child, 'message')) as [number];
  return { child, port };
};

/** Customers nobody has seen yet, so that no cart is fuller than in another round. */
const newDevices = (count: number, keys: Keys, variantIds: readonly string[]): Promise<Device[]> =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const owner = randomUUID();
      const token = await signToken(keys, { subject: owner, role: 'customer', lifetimeSeconds: 3_600 });
      return { owner, token, variantIds };
    }),
  );

type Loads = ReadonlyMap<string, readonly Load[]>;
const nameOf = (way: Way, count: number): string => `${way} ${count}`;

const measure = async (
  servers: ReadonlyMap<Way, Server>,
  keys: Keys,
  variantIds: readonly string[],
): Promise<Loads> => {
  const loads = new Map<string, Load[]>();
  for (const { port } of servers.values()) await load(port, await newDevices(16, keys, variantIds), warmMs);
  for (let round = 0; round < rounds; round += 1) {
    for (const count of connections) {
      for (const [way, { port }] of servers) {
        const found = await load(port, await newDevices(count, keys, variantIds), roundMs);
        const name = nameOf(way, count);
        loads.set(name, [...(loads.get(name) ?? []), found]);
      }
    }
  }
  return loads;
};

const resultOf = (loads: Loads): BenchResult => {
  const middle = (way: Way, count: number, of: (one: Load) => number): number =>
    median((loads.get(nameOf(way, count)) ?? []).map(of));
  const rate = (way: Way, count: number) => middle(way, count, ({ perSecond }) => perSecond);
  const p99 = (way: Way, count: number) => middle(way, count, ({ timesMs }) => percentile(timesMs, 0.99));
  return {
    name: 'Adding to a cart',
    rows: connections.flatMap((count) =>
      ways.map((way) => ({
        connections: count,
        way: way === 'ours' ? 'through the endpoint' : 'one INSERT … ON CONFLICT behind node:http',
        'a second': Math.round(rate(way, count)),
        'p50 ms': Number(middle(way, count, ({ timesMs }) => median(timesMs)).toFixed(2)),
        'p99 ms': Number(p99(way, count).toFixed(2)),
      })),
    ),
    ratios: connections.flatMap((count) => [
      {
        name: `${count} connections: the raw limit’s rate to ours`,
        value: rate('raw', count) / rate('ours', count),
        ...{ bound: mostTimes, atLeast: false },
      },
      {
        name: `${count} connections: our p99 to the raw limit’s`,
        value: p99('ours', count) / p99('raw', count),
        // What else the machine does stands in it too.
        ...{ bound: mostTimes, atLeast: false },
      },
    ]),
  };
};
