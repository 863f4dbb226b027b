import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createKeys, signToken } from '@storegraph/server';
import { type BenchResult, median, percentile, type Ratio } from './result.ts';
import { keptPage, page } from './router-graph.ts';
import { get, load, post } from './router-load.ts';

/** As a popular page has them; more only queue. */
const connections = 16;
const warmMs = 2_000;
const roundMs = 2_000;
/** Ways take turns, so that what else the machine does falls on all of them. */
const rounds = 5;
const products = 24;
const sizes = [1, 24, 240, 2_400];

type Server = { readonly child: ChildProcess; readonly ports: readonly number[] };
type Figures = {
  readonly perSecond: number;
  readonly cpuMs: number;
  readonly p50: number;
  readonly p99: number;
  readonly bytes: number;
};

const file = fileURLToPath(new URL('router-process.ts', import.meta.url));

/** A trace of one request in a hundred, as busy shops take them. */
const sampling = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' };

const start = async (way: string, argument: unknown): Promise<Server> => {
  const child = fork(file, [way, JSON.stringify(argument)], {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, NODE_ENV: 'production', ...sampling },
  });
  const [told] = (await once(child, 'message')) as [number | number[]];
  return { child, ports: [told].flat() };
};

const stop = async ({ child }: Server): Promise<void> => {
  child.kill('SIGTERM');
  await once(child, 'exit');
};

const cpuMsOf = async ({ child }: Server): Promise<number> => {
  child.send('cpu');
  const [{ user, system }] = (await once(child, 'message')) as [NodeJS.CpuUsage];
  return (user + system) / 1_000;
};

const measure = async (
  server: Server,
  request: Buffer,
  { ms, isAwake = false }: { readonly ms: number; readonly isAwake?: boolean },
): Promise<Figures> => {
  const [port = 0] = server.ports;
  const before = await cpuMsOf(server);
  const { timesMs, perSecond, sample } = await load(port, request, { connections, ms, isAwake });
  const cpuMs = ((await cpuMsOf(server)) - before) / timesMs.length;
  return { perSecond, cpuMs, p50: median(timesMs), p99: percentile(timesMs, 0.99), bytes: sample.length };
};

const middle = (all: readonly Figures[]): Figures => ({
  perSecond: median(all.map(({ perSecond }) => perSecond)),
  cpuMs: median(all.map(({ cpuMs }) => cpuMs)),
  p50: median(all.map(({ p50 }) => p50)),
  p99: median(all.map(({ p99 }) => p99)),
  bytes: all[0]?.bytes ?? 0,
});

/** How pages are asked for: by somebody who may see all of them. */
const createRequests = async () => {
  const { signing, keys } = await createKeys();
  const token = await signToken(
    { signing, keys },
    { subject: 'bench', role: 'warehouse', lifetimeSeconds: 3_600 },
  );
  return {
    keys: { keys },
    pageOf: (first: number): Buffer => post({ query: page, variables: { first } }, token),
  };
};
const { keys, pageOf } = await createRequests();

/** The data, whatever the order of the answer's parts. */
const dataOf = async ({ ports: [port = 0] }: Server, request: Buffer): Promise<string> => {
  const { sample } = await load(port, request, { connections: 1, ms: 0 });
  return JSON.stringify(JSON.parse(sample.slice(sample.indexOf('\r\n\r\n'))).data);
};

const ways = [
  'apollo, HTTP',
  'ours, HTTP',
  'apollo, in process',
  'ours, in process',
  'graphql-js, one schema',
  'raw bytes',
] as const;
type Way = (typeof ways)[number];

type Beside = { readonly urls: readonly string[]; readonly collector: string };

const startAll = async ({ urls, collector }: Beside): Promise<Record<Way, Server>> => {
  const ours = await start('ours', { urls, keys, collector });
  const data = await dataOf(ours, pageOf(products));
  const servers = {
    'apollo, HTTP': await start('apollo', urls),
    'ours, HTTP': ours,
    'apollo, in process': await start('apollo', []),
    'ours, in process': await start('ours', { urls: [], keys, collector }),
    'graphql-js, one schema': await start('monolith', []),
    'raw bytes': await start('raw', `{"data":${data}}`),
  };
  for (const [way, server] of Object.entries(servers)) {
    if ((await dataOf(server, pageOf(products))) !== data) throw new Error(`${way} answers something else.`);
  }
  return servers;
};

const compare = async (servers: Record<Way, Server>): Promise<Record<Way, Figures>> => {
  const found = Object.fromEntries(ways.map((way) => [way, [] as Figures[]])) as Record<Way, Figures[]>;
  for (const way of ways) await measure(servers[way], pageOf(products), { ms: warmMs });
  for (let round = 0; round < rounds; round += 1) {
    for (const way of ways) {
      // Those over HTTP need the second core for their subgraphs.
      const options = { ms: roundMs, isAwake: !way.endsWith('HTTP') };
      found[way].push(await measure(servers[way], pageOf(products), options));
    }
  }
  return Object.fromEntries(ways.map((way) => [way, middle(found[way])])) as Record<Way, Figures>;
};

/** The same page by GET of a kept answer, what is there already, and the same bytes by a GET of a bare server. */
const compareKept = async (ours: Server) => {
  const variables = encodeURIComponent(JSON.stringify({ first: products }));
  const path = `/graphql?query=${encodeURIComponent(keptPage)}&variables=${variables}`;
  const preflight = 'apollo-require-preflight: yes';
  const first = await load(ours.ports[0] ?? 0, get(path, [preflight]), { connections: 1, ms: 0 });
  const tag = /^etag: (.*)$/im.exec(first.sample)?.[1]?.trim();
  if (tag === undefined) throw new Error('The page is not kept.');
  const raw = await start('raw', first.sample.slice(first.sample.indexOf('\r\n\r\n') + 4));
  const asked = [
    ['kept', ours, get(path, [preflight])],
    ['not modified', ours, get(path, [preflight, `if-none-match: ${tag}`])],
    ['raw GET', raw, get(path, [preflight])],
  ] as const;
  const found = { kept: [] as Figures[], 'not modified': [] as Figures[], 'raw GET': [] as Figures[] };
  for (const [, server, request] of asked) await measure(server, request, { ms: warmMs });
  for (let turn = 0; turn < rounds; turn += 1) {
    for (const [name, server, request] of asked)
      found[name].push(await measure(server, request, { ms: roundMs }));
  }
  await stop(raw);
  return {
    kept: middle(found.kept),
    'not modified': middle(found['not modified']),
    'raw GET': middle(found['raw GET']),
  };
};

/** CPU for each byte of the answer, at several sizes of it. */
const bySize = async (server: Server): Promise<{ products: number; figures: Figures }[]> => {
  const found = [];
  for (const first of sizes) {
    await measure(server, pageOf(first), { ms: warmMs / 2 });
    found.push({ products: first, figures: await measure(server, pageOf(first), { ms: roundMs }) });
  }
  return found;
};

const round = (value: number, digits = 2): number => Number(value.toFixed(digits));

const rowOf = (way: string, { perSecond, cpuMs, p50, p99, bytes }: Figures) => ({
  ...{ way, 'requests a second': Math.round(perSecond), 'CPU ms': round(cpuMs, 3) },
  ...{ 'p50 ms': round(p50), 'p99 ms': round(p99), bytes },
});

type Kept = Awaited<ReturnType<typeof compareKept>>;

const ratiosOf = (
  found: Record<Way, Figures>,
  sized: readonly { figures: Figures }[],
  kept: Kept,
): Ratio[] => {
  const faster = (way: Way, than: Way) => found[way].perSecond / found[than].perSecond;
  const cheaper = (way: Way, than: Way) => found[than].cpuMs / found[way].cpuMs;
  const perByte = sized.map(({ figures: { cpuMs, bytes } }) => cpuMs / bytes);
  return [
    {
      name: 'HTTP: requests, ours to Apollo',
      value: faster('ours, HTTP', 'apollo, HTTP'),
      bound: 5,
      atLeast: true,
    },
    {
      name: 'HTTP: CPU, Apollo to ours',
      value: cheaper('ours, HTTP', 'apollo, HTTP'),
      bound: 5,
      atLeast: true,
    },
    {
      name: 'in process: requests, ours to Apollo',
      value: faster('ours, in process', 'apollo, in process'),
      bound: 10,
      atLeast: true,
    },
    {
      name: 'in process: CPU, Apollo to ours',
      value: cheaper('ours, in process', 'apollo, in process'),
      bound: 10,
      atLeast: true,
    },
    {
      name: 'CPU a byte, 2,400 products to 24',
      value: (perByte[3] ?? 0) / (perByte[1] ?? 1),
      bound: 1.2,
      atLeast: false,
    },
    {
      name: 'kept GET to raw bytes',
      value: kept.kept.perSecond / kept['raw GET'].perSecond,
      bound: 0.5,
      atLeast: true,
    },
    {
      name: 'not modified to kept GET',
      value: kept['not modified'].perSecond / kept.kept.perSecond,
      bound: 1,
      atLeast: true,
    },
  ];
};

/** The same page through Apollo's gateway, ours, one schema without a router, and as bare bytes. */
export const run = async (): Promise<BenchResult> => {
  const subgraphs = await start('subgraphs', []);
  const urls = subgraphs.ports.map((port) => `http://127.0.0.1:${port}`);
  const collector = await start('collector', []);
  const servers = await startAll({ urls, collector: `http://127.0.0.1:${collector.ports[0]}` });
  const found = await compare(servers);
  const kept = await compareKept(servers['ours, HTTP']);
  const sized = await bySize(servers['ours, HTTP']);
  await Promise.all([subgraphs, collector, ...Object.values(servers)].map(stop));
  return {
    name: `A page of ${products} products, 14 fields from 3 subgraphs, over ${connections} connections`,
    rows: [
      ...ways.map((way) => rowOf(way, found[way])),
      ...Object.entries(kept).map(([way, figures]) => rowOf(`GET: ${way}`, figures)),
      ...sized.map(({ products: first, figures }) => rowOf(`ours, HTTP: ${first} products`, figures)),
    ],
    ratios: ratiosOf(found, sized, kept),
  };
};
