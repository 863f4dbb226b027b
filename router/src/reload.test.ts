import { once } from 'node:events';
import type { EventLog } from '@storegraph/events';
import { createKeys, createLog, type Front, type Keys, serveSubgraph } from '@storegraph/server';
import { createClient } from 'graphql-ws';
import { Pool } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { compose } from '../../scripts/compose.ts';
import { httpTransport } from './reach/http-transport.ts';
import { type Router, type RouterOptions, startRouter } from './router.ts';
import { createCatalogue, createStock } from './shop-for-tests.ts';

const log = createLog(() => undefined);
const closers: (() => unknown)[] = [];

let keys: Keys;
let catalogue: ReturnType<typeof createCatalogue>;
let stock: ReturnType<typeof createStock>;
let fronts: Record<'catalogue' | 'stock', Front>;
/** All there is; the same without `who`; and the catalogue alone. */
let sdl: Record<'whole' | 'less' | 'alone', string>;

const serve = async (subgraph: Parameters<typeof serveSubgraph>[0]): Promise<Front> => {
  const front = await serveSubgraph(subgraph, { port: 0, keys, log });
  closers.push(front.stop);
  return front;
};

/** A supergraph that says where its subgraphs are. */
const composed = (subgraphs: Parameters<typeof compose>[0], urls: Record<string, string>): string =>
  Object.entries(urls).reduce(
    (text, [name, url]) => text.replace(`http://${name}:4001/graphql`, url),
    compose(subgraphs).supergraphSdl ?? '',
  );

beforeEach(async () => {
  keys = await createKeys();
  catalogue = createCatalogue();
  stock = createStock();
  fronts = { catalogue: await serve(catalogue.subgraph), stock: await serve(stock.subgraph) };
  const urls = { catalogue: fronts.catalogue.url, stock: fronts.stock.url };
  const whole = composed([catalogue.subgraph, stock.subgraph], urls);
  sdl = {
    whole,
    less: whole.replace(/^ +who: .*\n/m, ''),
    alone: composed([catalogue.subgraph], urls),
  };
});
afterEach(async () => {
  catalogue.slow.answer.open();
  for (const close of closers.splice(0).reverse()) await close();
});

const open = async (options: Partial<RouterOptions> = {}): Promise<Router> => {
  const router = await startRouter({
    ...{ supergraphSdl: sdl.whole, keys, port: 0, log },
    transports: (place) => httpTransport({ ...place, retryDelayMs: () => 0, log }),
    ...options,
  });
  closers.push(router.stop);
  return router;
};

type Answer = { data?: unknown; errors?: { path?: unknown; extensions: { code: string } }[] };

const ask = async ({ url }: Router, query: string): Promise<Answer> => {
  const headers = { 'content-type': 'application/json' };
  return (
    await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) })
  ).json() as Promise<Answer>;
};

const codes = ({ errors = [] }: Answer) => errors.map(({ extensions }) => extensions.code);

test('under load loses no request', async () => {
  const router = await open();
  const { origin } = new URL(router.url);
  const clients = new Pool(origin, { connections: 50, pipelining: 1 });
  closers.push(() => clients.close());
  const query = '{ items(first: 3) { name available } total }';
  const expected = (await ask(router, query)).data;
  let isOver = false;
  let answered = 0;
  let wake: () => void = () => undefined;
  const askOn = async (): Promise<void> => {
    while (!isOver) {
      const { statusCode, body } = await clients.request({
        ...{ path: '/graphql', method: 'POST', body: JSON.stringify({ query }) },
        headers: { 'content-type': 'application/json' },
      });
      const { data, errors } = (await body.json()) as Answer;
      expect({ statusCode, data, errors }).toEqual({ statusCode: 200, data: expected, errors: undefined });
      answered += 1;
      wake();
    }
  };
  const asking = Promise.all(Array.from({ length: 50 }, askOn));
  const more = async (count: number): Promise<void> => {
    for (const until = answered + count; answered < until; ) {
      await Promise.race([asking, new Promise<void>((resolve) => (wake = resolve))]);
    }
  };
  for (let reloads = 1; reloads <= 20; reloads += 1) {
    // So many that every connection has a request across it.
    await more(50);
    router.reload(reloads % 2 === 1 ? sdl.less : sdl.whole);
    expect(codes(await ask(router, '{ who }'))).toEqual(
      reloads % 2 === 1 ? ['GRAPHQL_VALIDATION_FAILED'] : [],
    );
  }
  await more(50);
  isOver = true;
  await asking;
});

test('finishes what is under way as it began', async () => {
  const router = await open();
  const running = ask(router, '{ slow who }');
  await catalogue.slow.entered.opened;
  router.reload(sdl.less);
  catalogue.slow.answer.open();
  expect((await running).data).toEqual({ slow: 'at last', who: 'anonymous' });
});

describe('a supergraph that cannot be used', () => {
  test.each<[string, (whole: string) => string, RegExp]>([
    ['is no GraphQL', () => 'type {', /Syntax Error/],
    ['is half of its file', (whole) => whole.slice(0, whole.length / 2), /Syntax Error/],
    ['is empty', () => '', /Syntax Error/],
    ['is no supergraph', () => 'type Query { who: String }', /no supergraph|not a supergraph/],
    [
      'names a subgraph without an address',
      (whole) => whole.replace(/url: "[^"]*graphql"/, 'url: ""'),
      /catalogue has no address/,
    ],
    ['uses a type that is not there', (whole) => whole.replace('item: Item!', 'item: Gone!'), /Gone/],
  ])('because it %s is refused in a sentence, and the other goes on', async (_why, broken, sentence) => {
    const router = await open();
    expect(() => router.reload(broken(sdl.whole))).toThrow(sentence);
    expect(await ask(router, '{ who items(first: 1) { available } }')).toMatchObject({
      data: { who: 'anonymous', items: [{ available: 10 }] },
    });
  });
});

const facts = (publisher: string): EventLog => ({
  ...{ publisher, head: async () => 0, read: async () => [], keepFor: async () => undefined },
  follow: async function* (_after, signal) {
    await once(signal, 'abort');
    yield* [];
  },
});
const hinted = (whole: string) => `${whole.replace('total: Int!', 'total: Int! @cacheControl(maxAge: 60)')}
    directive @cacheControl(maxAge: Int) on FIELD_DEFINITION`;

test('forgets what was kept of the answers before', async () => {
  const router = await open({ supergraphSdl: hinted(sdl.whole), logs: [facts('stock')] });
  const told = async (): Promise<number> => {
    await ask(router, '{ total }');
    return stock.operations();
  };
  expect([await told(), await told()]).toEqual([1, 1]);
  router.reload(hinted(sdl.less));
  expect([await told(), await told()]).toEqual([2, 2]);
});

test('keeps nothing of a subgraph that has moved, whose facts are told elsewhere now', async () => {
  const router = await open({ supergraphSdl: hinted(sdl.whole), logs: [facts('stock')] });
  await ask(router, '{ total }');
  await ask(router, '{ total }');
  const moved = createStock();
  const { url } = await serve(moved.subgraph);
  router.reload(hinted(sdl.whole.replace(fronts.stock.url, url)));
  await ask(router, '{ total }');
  await ask(router, '{ total }');
  expect([stock.operations(), moved.operations()]).toEqual([1, 2]);
});

describe('a subscription under way', () => {
  const follow = (router: Router) => {
    const client = createClient({
      url: router.url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
    });
    closers.push(() => client.dispose());
    return client.iterate({ query: 'subscription { stockChanged { cursor item { name } } }' });
  };
  const event = (cursor: number) => ({ stockChanged: { cursor, item: { name: `Item ${cursor}` } } });

  test('goes on, and shares nothing with those of the graph after it', async () => {
    const router = await open();
    const before = follow(router);
    expect((await before.next()).value?.data).toEqual(event(1));
    router.reload(sdl.less);
    const after = follow(router);
    expect((await after.next()).value?.data).toEqual(event(1));
    stock.change('2');
    for (const events of [before, after]) expect((await events.next()).value?.data).toEqual(event(2));
  });

  test('finds a subgraph that has moved meanwhile', async () => {
    const router = await open();
    const events = follow(router);
    await events.next();
    const moved = await serve(createCatalogue().subgraph);
    router.reload(sdl.whole.replace(fronts.catalogue.url, moved.url));
    await fronts.catalogue.stop();
    stock.change('2');
    expect((await events.next()).value?.data).toEqual(event(2));
  });
});

describe('the subgraphs of a supergraph', () => {
  test('come and go with it', async () => {
    const router = await open({ supergraphSdl: sdl.alone });
    const query = '{ items(first: 1) { name available } }';
    expect(codes(await ask(router, query))).toEqual(['GRAPHQL_VALIDATION_FAILED']);
    router.reload(sdl.whole);
    expect((await ask(router, query)).data).toEqual({ items: [{ name: 'Item 1', available: 10 }] });
    const running = ask(router, '{ slow total }');
    await catalogue.slow.entered.opened;
    router.reload(sdl.alone);
    catalogue.slow.answer.open();
    expect((await running).data).toEqual({ slow: 'at last', total: 42 });
    expect(codes(await ask(router, query))).toEqual(['GRAPHQL_VALIDATION_FAILED']);
    await fronts.stock.stop();
    expect((await fetch(router.url.replace('graphql', 'health/ready'))).status).toBe(200);
  });
});
