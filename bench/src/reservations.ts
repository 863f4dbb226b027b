import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type EmbeddedPostgres, startEmbeddedPostgres } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import { invariants } from '../../subgraphs/inventory/src/invariants.ts';
import { type Load, load, loadInTurn } from './reservations-load.ts';
import { conditionalUpdate, forUpdate, ours, prepare, type Way } from './reservations-ways.ts';
import { type BenchResult, median, percentile } from './result.ts';

/**
 * Durable reservations a second, ours against the plain ways. Every round runs every case once, and medians of
 * the rounds are compared, so that whatever else the machine does, it does to all.
 */

const rounds = 3;
const roundMs = 1_200;
const loneMs = 2_400;
const processMs = 2_500;
const manyCallers = 256;
const processes = 4;
const variants = 1_000;

type Case = {
  readonly name: string;
  readonly callers: number;
  readonly cart: (ids: readonly string[]) => string[];
  readonly open: (url: string) => Way | Promise<Way>;
};

const any = (ids: readonly string[]): string => ids[Math.floor(Math.random() * ids.length)] ?? '';
const hot = ([first = '']: readonly string[]) => [first];
const uniform = (ids: readonly string[]) => [any(ids)];
/** A hot variant and two others, in the order their rows are locked. */
const cartOfThree = (ids: readonly string[]): string[] => {
  const cart = new Set(hot(ids));
  while (cart.size < 3) cart.add(any(ids));
  return [...cart].sort();
};

const cases = {
  hotOurs: { name: 'one SKU: ours', callers: manyCallers, cart: hot, open: ours },
  hotLocked: {
    name: 'one SKU: FOR UPDATE, 64 connections',
    callers: manyCallers,
    cart: hot,
    open: (url) => forUpdate(url, 64),
  },
  hotPlain: {
    name: 'one SKU: conditional UPDATE, 64 connections',
    callers: manyCallers,
    cart: hot,
    open: (url) => conditionalUpdate(url, 64),
  },
  hotTuned: {
    name: 'one SKU: conditional UPDATE, 8 connections',
    callers: manyCallers,
    cart: hot,
    open: (url) => conditionalUpdate(url, 8),
  },
  cartOurs: { name: 'carts of 3 with a hot SKU: ours', callers: manyCallers, cart: cartOfThree, open: ours },
  cartLocked: {
    name: 'carts of 3 with a hot SKU: FOR UPDATE, 8 connections',
    callers: manyCallers,
    cart: cartOfThree,
    open: (url) => forUpdate(url, 8),
  },
  uniformOurs: { name: `${variants} SKUs: ours`, callers: manyCallers, cart: uniform, open: ours },
  uniformPlain: {
    name: `${variants} SKUs: conditional UPDATE, 8 connections`,
    callers: manyCallers,
    cart: uniform,
    open: (url) => conditionalUpdate(url, 8),
  },
  loneOurs: { name: 'a lone caller: ours', callers: 1, cart: hot, open: ours },
  lonePlain: {
    name: 'a lone caller: conditional UPDATE',
    callers: 1,
    cart: hot,
    open: (url) => conditionalUpdate(url, 1),
  },
} satisfies Record<string, Case>;

type Name = keyof typeof cases;

export const run = async (): Promise<BenchResult> => {
  const folder = await mkdtemp(join(tmpdir(), 'storegraph-bench-reservations-'));
  const postgres = await startEmbeddedPostgres({
    folder: join(folder, 'postgres'),
    settings: { fsync: 'on', synchronous_commit: 'on', max_connections: '300', max_wal_size: '8GB' },
  });
  try {
    const loads = await runRounds(postgres);
    const several = await runProcesses(postgres);
    return resultOf(loads, several);
  } finally {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
};

const runRounds = async (postgres: EmbeddedPostgres): Promise<Map<Name, Load[]>> => {
  const shops = new Map<Name, { url: string; ids: string[]; way: Way }>();
  const loads = new Map<Name, Load[]>();
  const names = Object.keys(cases) as Name[]; // Object.keys forgets the key type
  for (const [place, name] of names.entries()) {
    const url = await databaseOf(postgres, `case_${place}`);
    const ids = await prepare(url, variants);
    shops.set(name, { url, ids, way: await cases[name].open(url) });
  }
  const keep = (name: Name, result: Load | undefined) => {
    if (result) loads.set(name, [...(loads.get(name) ?? []), result]);
  };
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, { ids, way }] of shops) {
      const { callers, cart } = cases[name];
      if (callers > 1) keep(name, await load(way, { callers, cart: () => cart(ids), ms: roundMs }));
    }
    const alone = [...shops].filter(([name]) => cases[name].callers === 1);
    const hotIds = alone.map(([, { ids }]) => hot(ids));
    const ways = alone.map(([, { way }], place) => ({
      ...way,
      reserve: () => way.reserve(hotIds[place] ?? []),
    }));
    const results = await loadInTurn(ways, { cart: () => [], ms: loneMs });
    for (const [place, [name]] of alone.entries()) keep(name, results[place]);
  }
  for (const { url, way } of shops.values()) {
    await way.close();
    await checkInvariants(url);
  }
  return loads;
};

const databaseOf = async (postgres: EmbeddedPostgres, name: string): Promise<string> => {
  await postgres.createDatabase(name);
  return postgres.url(name);
};

/** Of the plain ways only what is about stock can hold: they publish nothing. */
const checkInvariants = async (url: string) => {
  const db = connect({ url, schema: 'inventory', name: 'invariants', statementConnections: 1 });
  const [told] = await db.execute<{ facts: number }>(sql`select count(*)::integer as facts from outbox`);
  for (const [says, query] of Object.entries(invariants)) {
    if (told?.facts === 0 && says.startsWith('the latest fact')) continue;
    const rows = await db.execute(sql.raw(query));
    if (rows.length > 0) throw new Error(`Broken: ${says}: ${JSON.stringify(rows[0])}`);
  }
  await db.close();
};

type Several = { readonly alone: number[]; readonly together: number[] };

/** One process, then four at once, selling one variant from one database. */
const runProcesses = async (postgres: EmbeddedPostgres): Promise<Several> => {
  const url = await databaseOf(postgres, 'processes');
  const [variantId = ''] = await prepare(url, 1);
  const several: Several = { alone: [], together: [] };
  for (let round = 0; round < rounds; round += 1) {
    several.alone.push(await sell(url, variantId, 1));
    several.together.push(await sell(url, variantId, processes));
  }
  await checkInvariants(url);
  return several;
};

const sell = async (url: string, variantId: string, count: number): Promise<number> => {
  const children = Array.from({ length: count }, () =>
    fork(
      new URL('./reservations-process.ts', import.meta.url),
      [url, variantId, `${manyCallers}`, `${processMs}`],
      {
        execArgv: ['--import', 'tsx'],
      },
    ),
  );
  await Promise.all(children.map(answerOf));
  for (const child of children) child.send('go');
  const rates = await Promise.all(children.map(answerOf));
  return rates.map(Number).reduce((sum, rate) => sum + rate, 0);
};

/** The next thing a child says; fails when it ends instead. */
const answerOf = async (child: ChildProcess): Promise<unknown> => {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`A selling process ended with ${code}.`);
  });
  const [answer] = await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => {});
  return answer;
};

const resultOf = (loads: ReadonlyMap<Name, readonly Load[]>, { alone, together }: Several): BenchResult => {
  const rate = (name: Name) => median((loads.get(name) ?? []).map(({ perSecond }) => perSecond));
  const latency = (name: Name, share: number) =>
    median((loads.get(name) ?? []).map(({ latenciesMs }) => percentile(latenciesMs, share)));
  const ratio = (name: string, value: number, bound: number) => ({ name, value, bound, atLeast: true });
  return {
    name: 'Durable reservations',
    rows: [
      ...[...loads.keys()].map((name) => ({
        case: cases[name].name,
        callers: cases[name].callers,
        'a second': Math.round(rate(name)),
        'p50 ms': Number(latency(name, 0.5).toFixed(2)),
        'p99 ms': Number(latency(name, 0.99).toFixed(2)),
      })),
      { case: 'one SKU, 1 process: ours', callers: manyCallers, 'a second': Math.round(median(alone)) },
      {
        case: `one SKU, ${processes} processes: ours`,
        callers: manyCallers * processes,
        'a second': Math.round(median(together)),
      },
    ],
    ratios: [
      ratio('one SKU: ours to FOR UPDATE', rate('hotOurs') / rate('hotLocked'), 25),
      ratio('one SKU: ours to conditional UPDATE, 64 connections', rate('hotOurs') / rate('hotPlain'), 25),
      ratio('one SKU: ours to conditional UPDATE, tuned', rate('hotOurs') / rate('hotTuned'), 10),
      ratio('carts of 3: ours to FOR UPDATE', rate('cartOurs') / rate('cartLocked'), 8),
      ratio(`${variants} SKUs: ours to conditional UPDATE`, rate('uniformOurs') / rate('uniformPlain'), 1),
      {
        name: 'a lone caller: latency, ours to conditional UPDATE',
        value: latency('loneOurs', 0.5) / latency('lonePlain', 0.5),
        bound: 1.5,
        atLeast: false,
      },
      ratio('one SKU: 4 processes to 1', median(together) / median(alone), 1),
    ],
  };
};
