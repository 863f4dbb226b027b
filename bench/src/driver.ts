import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@storegraph/postgres';
import {
  type Asked,
  type Connection,
  type Connections,
  type Driver,
  drivers,
  openConnections,
} from './driver-connections.ts';
import { type CatalogueStatements, listenToCatalogue, listenToStock } from './driver-statements.ts';
import { type BenchResult, median, type Ratio } from './result.ts';

/**
 * The shop's own statements, sent by `postgres` and by `pg`. Every round runs every case over every driver, in an
 * order that turns. A ratio is taken within each round, and its median told with its lowest and highest: whatever
 * else the machine does, it does to all.
 */

const rounds = 7;
const callers = 64;
const connections = 8;

/** Something a caller does; the same for every driver. */
type Piece = (connections: Connections) => Promise<unknown>;

type Case = {
  readonly name: string;
  readonly database: 'inventory' | 'product';
  readonly callers: number;
  readonly connections: number;
  /** How many statements a piece is. */
  readonly statements: number;
  /** How many pieces a round has. */
  readonly count: number;
  /** Makes so many of them, before the clock starts. */
  readonly pieces: (count: number) => Promise<Piece[]>;
};

/** CPU is what this process used for a statement; Postgres is not in it. */
type Sample = { readonly perSecond: number; readonly cpuMs: number };

export const run = async (): Promise<BenchResult> => {
  const folder = await mkdtemp(join(tmpdir(), 'storegraph-bench-driver-'));
  const postgres = await startEmbeddedPostgres({
    folder: join(folder, 'postgres'),
    settings: { fsync: 'on', synchronous_commit: 'on', max_wal_size: '8GB' },
  });
  try {
    return await compare(postgres);
  } finally {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
};

const compare = async (postgres: EmbeddedPostgres): Promise<BenchResult> => {
  for (const name of ['inventory', 'product']) await postgres.createDatabase(name);
  const batchOf = await listenToStock(postgres.url('inventory'));
  const ear = await drivers[0].open(postgres.url('product'), 'product');
  const catalogue = await listenToCatalogue(postgres.url('product'), ear);
  await ear.close();
  await checkAnswers(postgres, catalogue);

  const cases = casesOf(catalogue, batchOf);
  const samples = new Map<string, Sample[]>();
  const keep = (name: string, sample: Sample) => samples.set(name, [...(samples.get(name) ?? []), sample]);
  // The first round warms up: plans, prepared statements, compiled code.
  for (let round = 0; round <= rounds; round += 1) {
    for (const each of cases) {
      const turned = round % drivers.length;
      for (const driver of [...drivers.slice(turned), ...drivers.slice(0, turned)]) {
        const sample = await measureOver(postgres, each, driver);
        if (round > 0) keep(`${each.name} ${driver.name}`, sample);
      }
    }
    const whole = await measure(
      Array.from({ length: 200 }, () => catalogue.wholePage),
      callers,
    );
    if (round > 0) keep(wholePage, whole);
  }
  await catalogue.stop();
  return resultOf(cases, samples);
};

const wholePage = 'the same page whole, through GraphQL';
const pageName = 'the statements of a page of 24';

/** A driver that answers something else than the others would be compared with nothing. */
const checkAnswers = async (postgres: EmbeddedPostgres, { page, reads }: CatalogueStatements) => {
  const statements = [...page, ...reads.slice(0, 10)];
  const answers: unknown[] = [];
  for (const driver of drivers) {
    const connection = await driver.open(postgres.url('product'), 'product');
    answers.push(await answersOf(connection, statements));
    await connection.close();
    if (!isDeepStrictEqual(answers.at(-1), answers[0])) {
      throw new Error(`${driver.name} answers otherwise than ${drivers[0].name}.`);
    }
  }
};

/** As plain rows: drivers have classes of their own for results. */
const answersOf = async (connection: Connection, statements: readonly Asked[]) => {
  const answers: unknown[] = [];
  for (const statement of statements) {
    const rows = await connection.ask(statement);
    answers.push(rows.map((row) => (Array.isArray(row) ? [...row] : { ...Object(row) })));
  }
  return answers;
};

const casesOf = (
  { page, reads, changes }: CatalogueStatements,
  batchOf: (reservations: number) => Promise<Asked>,
): Case[] => {
  const reserve = (reservations: number): Omit<Case, 'count'> => ({
    name: `a batch of ${reservations} reservations`,
    database: 'inventory',
    callers: 1,
    connections: 1,
    statements: 1,
    pieces: async (count) => {
      const batches: Asked[] = [];
      while (batches.length < count) batches.push(await batchOf(reservations));
      return batches.map((batch) => (all) => all.ask(batch));
    },
  });
  const crowd = (name: string, statements: number, piece: (turn: number) => Piece): Omit<Case, 'count'> => ({
    name,
    database: 'product',
    callers,
    connections,
    statements,
    pieces: async (count) => Array.from({ length: count }, (_, turn) => piece(turn)),
  });
  const read = (turn: number) => reads.slice(turn % reads.length).slice(0, 1);
  return [
    { ...reserve(64), count: 100 },
    { ...reserve(256), count: 50 },
    { ...crowd(pageName, page.length, () => askEach(page)), count: 200 },
    { ...crowd('a row by its id', 1, (turn) => askEach(read(turn))), count: 5_000 },
    {
      ...crowd('a transaction that publishes a fact', 5, (turn) => change(changes[turn % changes.length])),
      count: 400,
    },
  ];
};

const askEach =
  (statements: readonly Asked[]): Piece =>
  async (all) => {
    for (const statement of statements) await all.ask(statement);
  };

/** As `transaction()` sends it: begin with a mark, the work, and the facts in one go with the commit. */
const change =
  (statements: CatalogueStatements['changes'][number] | undefined): Piece =>
  (all) =>
    all.held(async (connection) => {
      if (!statements) throw new Error('There is no product to change.');
      await connection.script(`begin; set local storegraph.transaction = '1'`);
      await connection.ask(statements.lock);
      await connection.ask(statements.save);
      const told = connection.ask(statements.facts);
      if (!all.pipelines) await told;
      const committed = connection.script(
        `select 1 / (coalesce(current_setting('storegraph.transaction', true), '') = '1')::int; commit`,
      );
      await Promise.all([told, committed]);
    });

const measureOver = async (postgres: EmbeddedPostgres, each: Case, driver: Driver): Promise<Sample> => {
  const { database, statements, pieces, connections: count } = each;
  const all = await openConnections(driver, { url: postgres.url(database), schema: database, count });
  const take = async (many: number, by: number) => {
    const made = await pieces(many);
    return measure(
      made.map((piece) => () => piece(all)),
      by,
    );
  };
  try {
    // Prepares the statements on every connection.
    await take(count * 8, count);
    const { perSecond, cpuMs } = await take(each.count, each.callers);
    return { perSecond, cpuMs: cpuMs / statements };
  } finally {
    await all.close();
  }
};

/** Lets so many callers do all pieces; each takes the next one when its last is done. */
const measure = async (pieces: (() => Promise<unknown>)[], many: number): Promise<Sample> => {
  const { length } = pieces;
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  const caller = async () => {
    for (let piece = pieces.pop(); piece; piece = pieces.pop()) await piece();
  };
  await Promise.all(Array.from({ length: many }, caller));
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { perSecond: length / seconds, cpuMs: (user + system) / 1_000 / length };
};

const resultOf = (cases: readonly Case[], samples: ReadonlyMap<string, readonly Sample[]>): BenchResult => {
  const of = (name: string, figure: keyof Sample) => (samples.get(name) ?? []).map((each) => each[figure]);
  const [base, ...others] = drivers.map(({ name }) => name);
  const against = (name: string, other: string, figure: keyof Sample) =>
    of(`${name} ${other}`, figure).map((value, round) => value / (of(`${name} ${base}`, figure)[round] ?? 0));
  const row = (what: string, driver: string, key: string) => ({
    what,
    driver,
    'a second': Math.round(median(of(key, 'perSecond'))),
    'CPU ms a statement': Number(median(of(key, 'cpuMs')).toFixed(3)),
    [`a second to ${base}`]: spread(against(what, driver, 'perSecond')),
    [`CPU to ${base}`]: spread(against(what, driver, 'cpuMs')),
  });
  // Nothing must hold: the figures serve a decision.
  const told = (name: string, values: readonly number[]): Ratio => ({
    name,
    value: median(values),
    bound: null,
    atLeast: true,
  });
  const ofPage = cases.find(({ name }) => name === pageName)?.statements ?? 0;
  const share = of(`${pageName} ${base}`, 'cpuMs').map(
    (ms, round) => (ms * ofPage) / (of(wholePage, 'cpuMs')[round] ?? 0),
  );
  return {
    name: `The driver: ${callers} callers over ${connections} connections, batches one by one over one`,
    rows: cases.flatMap(({ name }) =>
      drivers.map((driver) => row(name, driver.name, `${name} ${driver.name}`)),
    ),
    ratios: [
      ...cases.flatMap(({ name }) =>
        others.flatMap((other) => [
          told(`${name}: ${other} to ${base}, a second`, against(name, other, 'perSecond')),
          told(`${name}: ${other} to ${base}, CPU`, against(name, other, 'cpuMs')),
        ]),
      ),
      told(`a page: CPU of its ${ofPage} statements over ${base} to the whole page's`, share),
    ],
  };
};

/** The median of a ratio over the rounds, with its lowest and highest. */
const spread = (values: readonly number[]): string => {
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)].map((value) =>
    value.toFixed(2),
  );
  return `${middle} (${least}–${most})`;
};
