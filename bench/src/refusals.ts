import { createEngine, createGuards, fullSettings } from '@storegraph/router';
import { anonymous, createLog } from '@storegraph/server';
import { type BenchResult, median, percentile } from './result.ts';
import { compose, page, subgraphs } from './router-graph.ts';

/** Before any is counted, so that what is measured is compiled code. */
const warmRounds = 100;
const rounds = 200;

const many = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');
const fragments = (count: number, of: (index: number) => string): string =>
  many(count, (index) => `fragment F${index} on Query { ${of(index)} }`);
const nested = (open: string, close: string, levels: number): string =>
  `${open.repeat(levels)}id${close.repeat(levels)}`;

/** What is refused, by the limit that is met. */
const attacks: readonly (readonly [limit: string, what: string, text: string])[] = [
  ['length', '10 MB of query', `{ __typename } # ${'x'.repeat(10_000_000)}`],
  ['tokens', 'a field 10,000 times', `{ ${'id '.repeat(10_000)} }`],
  ['nesting', '10,000 brackets', `{ products(first: ${'['.repeat(10_000)}`],
  ['definitions', '1,000 fragments', fragments(1_000, () => '__typename')],
  ['depth', '30 levels', `{ ${nested('products(first: 1) { ', ' }', 30)} }`],
  ['depth', 'deep introspection', `{ __schema { types { ${nested('ofType { ', ' }', 40)} } } }`],
  ['height', 'a field 1,500 times', `{ products(first: 1) { ${'id '.repeat(1_500)} } }`],
  [
    'height',
    '2^60 by fragments',
    `{ ...F0 } ${fragments(60, (at) => `...F${at + 1} ...F${at + 1}`)} fragment F60 on Query { __typename }`,
  ],
  ['aliases', '101 aliases', `{ ${many(101, (at) => `a${at}: __typename`)} }`],
  ['aliases', '900 aliases', `{ ${many(900, (at) => `a${at}: __typename`)} }`],
  ['directives', '700 directives', `{ __typename ${'@skip(if: true) '.repeat(700)} }`],
  ['rootfields', '900 root fields', `{ ${'__typename '.repeat(900)} }`],
  ['repeats', 'a field 900 times', `{ products(first: 1) { ${'id '.repeat(900)} } }`],
  ['repeats', '40 fields of 20', `{ ${`products(first: 1) { ${'id '.repeat(20)} } `.repeat(40)} }`],
  ['cost', 'a list of 2^31', '{ products(first: 2147483647) { id } }'],
  ['validation', '99 fragments in a circle', `{ ...F0 } ${fragments(99, (at) => `...F${(at + 1) % 99}`)}`],
  ['validation', 'fragments that are not there', `{ ${many(900, (at) => `...F${at}`)} }`],
];

const nothing = async () => undefined;

/** An engine whose subgraphs are never asked. */
const startEngine = () => {
  const log = createLog(() => undefined);
  const transports = subgraphs.map(({ name }) => ({
    ...{ name, isReady: nothing, close: nothing },
    fetch: async () => ({}),
    subscribe: async () => ({}),
  }));
  return createEngine({ supergraphSdl: compose([]), transports, production: true, log });
};

const somebody = {
  ...{ viewer: anonymous, token: undefined, requestId: 'r', deadlineAt: Number.POSITIVE_INFINITY },
  ...{ client: null, address: '127.0.0.1', expiresAt: Number.POSITIVE_INFINITY },
};

const createRefuser = () => {
  const engine = startEngine();
  const guards = createGuards(fullSettings({}, true), null);

  /** The limit by which a text is refused, as the router finds it; throws when it is not. */
  const refuse = async (text: string): Promise<string> => {
    const prepared = engine.prepare(text);
    const refusal = 'body' in prepared ? prepared : await guards.operation?.(prepared, {}, somebody);
    if (!refusal) throw new Error('It was not refused.');
    return refusal.body;
  };
  const prepare = (text: string): void => {
    const prepared = engine.prepare(text);
    if ('body' in prepared) throw new Error(prepared.body);
    engine.warm(prepared);
  };
  return { refuse, prepare };
};

const limitIn = (body: string): string => JSON.parse(body).errors[0].extensions.limit ?? 'validation';

/** How long each limit takes to say no, against preparing an operation that is run. */
export const run = async (): Promise<BenchResult> => {
  const { refuse, prepare } = createRefuser();
  for (const [limit, what, text] of attacks) {
    const met = limitIn(await refuse(text));
    if (met !== limit) throw new Error(`${what} is refused by ${met}, and not by ${limit}.`);
  }
  const times = attacks.map((): number[] => []);
  const preparing: number[] = [];
  for (let round = -warmRounds; round < rounds; round += 1) {
    for (const [at, [, , text]] of attacks.entries()) {
      // Each another, so that nothing is remembered; made before the clock runs.
      const another = `${text} #${round}`;
      const startedMs = performance.now();
      await refuse(another);
      if (round >= 0) times[at]?.push(performance.now() - startedMs);
    }
    const another = `${page} #${round}`;
    const startedMs = performance.now();
    prepare(another);
    if (round >= 0) preparing.push(performance.now() - startedMs);
  }
  const slowest = Math.max(...times.map(median));
  const slowestLimit = Math.max(
    ...times.filter((_, at) => attacks[at]?.[0] !== 'validation').map((ms) => median(ms)),
  );
  const rowOf = (limit: string, what: string, ms: readonly number[]) => ({
    ...{ limit, what, 'median ms': Number(median(ms).toFixed(3)) },
    'p99 ms': Number(percentile(ms, 0.99).toFixed(3)),
  });
  return {
    name: `Saying no, ${rounds} times each`,
    rows: [
      ...attacks.map(([limit, what], at) => rowOf(limit, what, times[at] ?? [])),
      rowOf('', 'preparing and planning a page', preparing),
    ],
    ratios: [
      { name: 'slowest limit, ms (median)', value: slowestLimit, bound: 1, atLeast: false },
      {
        name: 'slowest refusal to preparing a page',
        value: slowest / median(preparing),
        bound: 1,
        atLeast: false,
      },
    ],
  };
};
