import { connect, Socket } from 'node:net';
import {
  createKeys,
  createLog,
  type Front,
  type Keys,
  type MountedSubgraph,
  mountSubgraph,
  type Role,
  signToken,
} from '@storegraph/server';
import { type ClientOptions, createClient } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { compose } from '../../scripts/compose.ts';
import { localTransport } from './reach/local-transport.ts';
import { startRouter } from './router.ts';
import { createCatalogue, createStock } from './shop-for-tests.ts';

let keys: Keys;
let catalogue: ReturnType<typeof createCatalogue>;
let stock: ReturnType<typeof createStock>;
let mounted: MountedSubgraph[];
let supergraphSdl: string;
let router: Front;
let logged: Record<string, unknown>[];
const closers: (() => unknown)[] = [];

const log = createLog((line) => logged.push(JSON.parse(line)));

beforeEach(async () => {
  logged = [];
  keys = await createKeys();
  catalogue = createCatalogue();
  stock = createStock();
  supergraphSdl = compose([catalogue.subgraph, stock.subgraph]).supergraphSdl ?? '';
  mounted = [catalogue.subgraph, stock.subgraph].map((subgraph) => mountSubgraph(subgraph, { keys, log }));
  router = await startRouter({ supergraphSdl, transports: mounted.map(localTransport), keys, port: 0, log });
});

afterEach(async () => {
  catalogue.slow.answer.open();
  for (const close of closers.splice(0)) await close();
  await router.stop();
  for (const subgraph of mounted) await subgraph.stop();
});

const tokenFor = async (role: Role) => `Bearer ${await signToken(keys, { subject: 'ada', role })}`;

const send = (body: unknown, headers: Record<string, string> = {}, url = router.url) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

type Answer = {
  data: unknown;
  errors: readonly [{ message: string; extensions: { code: string } }];
  extensions: unknown;
};

/** What a GraphQL client takes an answer for. */
const read = async (answer: { json(): Promise<unknown> }) => (await answer.json()) as Answer;

const ask = async (query: string, headers = {}, variables = {}) =>
  read(await send({ query, variables }, headers));

const base = () => router.url.replace('/graphql', '');

describe('the graph', () => {
  test('answers an operation over several subgraphs as one', async () => {
    const { data, errors } = await ask(
      'query ($n: Int!) { items(first: $n) { id name available } total }',
      {},
      { n: 3 },
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      items: [1, 2, 3].map((id) => ({ id: String(id), name: `Item ${id}`, available: id * 10 })),
      total: 42,
    });
    expect(stock.operations()).toBe(2);
  });

  test('carries the token to every subgraph', async () => {
    const query = 'mutation ($name: String!) { itemSave(name: $name) { item { name available sold } } }';
    const refused = await ask(query, {}, { name: 'New' });
    expect(refused).toMatchObject({ data: null, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    const merchandiser = await ask(query, { authorization: await tokenFor('merchandiser') }, { name: 'New' });
    expect(merchandiser.data).toEqual({ itemSave: { item: { name: 'New', available: 90, sold: null } } });
    expect(merchandiser.errors).toMatchObject([
      { path: ['itemSave', 'item', 'sold'], extensions: { code: 'FORBIDDEN' } },
    ]);
    const admin = await ask(query, { authorization: await tokenFor('admin') }, { name: 'New' });
    expect(admin.data).toEqual({ itemSave: { item: { name: 'New', available: 90, sold: 3 } } });
  });

  test('refuses a bad token with 401', async () => {
    const answer = await send({ query: '{ who }' }, { authorization: 'Bearer nonsense' });
    expect(answer.status).toBe(401);
    expect((await read(answer)).errors[0].extensions.code).toBe('UNAUTHENTICATED');
  });

  test('says what was replayed and how many statements all subgraphs took', async () => {
    const { extensions } = await ask('mutation { again: itemRepeat { item { name available } } }');
    expect(extensions).toMatchObject({ idempotency: { replayed: ['again'] }, trace: { statements: 0 } });
  });

  test('tells a failure by its id alone, at its place', async () => {
    const { data, errors } = await ask('{ fails total }', { 'x-request-id': 'r-77' });
    expect(data).toEqual({ fails: null, total: 42 });
    expect(errors).toMatchObject([
      {
        message: expect.stringContaining('r-77'),
        path: ['fails'],
        extensions: { code: 'INTERNAL_SERVER_ERROR' },
      },
    ]);
    expect(JSON.stringify(errors)).not.toContain('secrets');
    expect(logged).toMatchObject([{ level: 'error', subgraph: 'catalogue', requestId: 'r-77' }]);
  });

  test('says why a value is null where none may be', async () => {
    const { data, errors } = await ask('mutation { stockSet(itemId: "gone") { id name } }', {
      authorization: await tokenFor('warehouse'),
    });
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ path: ['stockSet', 'name'] }]);
  });

  test('ends what takes longer than the caller waits', async () => {
    const { errors } = await ask('{ slow total }', { 'x-deadline-ms': '50' });
    expect(errors[0].extensions.code).toBe('DEADLINE_EXCEEDED');
  });

  test.each([
    ['query ($n: Int!) { items(first: $n) { id } }', 'BAD_USER_INPUT'],
    ['query A { who } query B { who }', 'OPERATION_RESOLUTION_FAILURE'],
    ['subscription { stockChanged { cursor } }', 'BAD_REQUEST'],
    ['{ _entities(representations: []) { __typename } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ items', 'GRAPHQL_PARSE_FAILED'],
  ])('refuses %s', async (query, code) => {
    const answer = await send({ query });
    expect(answer.status).toBe(400);
    expect((await read(answer)).errors[0].extensions.code).toBe(code);
  });

  test('shows its schema, without what only routers read', async () => {
    const { data } = await ask('{ __schema { types { name } directives { name } } }');
    expect(JSON.stringify(data)).toContain('"StockChange"');
    expect(JSON.stringify(data)).not.toMatch(/join__|link__|requiresScopes|_Entity/);
  });

  test('in production shows neither its schema nor what is near', async () => {
    const hidden = await startRouter({
      supergraphSdl,
      transports: mounted.map(localTransport),
      keys,
      port: 0,
      production: true,
      log,
    });
    closers.push(hidden.stop);
    expect((await send({ query: '{ __schema { types { name } } }' }, {}, hidden.url)).status).toBe(400);
    for (const query of ['{ itemz { id } }', '{ items(fist: 1) { id } }']) {
      expect(await (await send({ query }, {}, hidden.url)).text()).not.toContain('Did you mean');
    }
  });
});

describe('the server', () => {
  test('answers GET, but no mutation by it and no request that a foreign page could send', async () => {
    const get = (query: string, headers: Record<string, string> = { 'apollo-require-preflight': 'yes' }) =>
      fetch(`${router.url}?query=${encodeURIComponent(query)}`, { headers });
    expect((await read(await get('{ total }'))).data).toEqual({ total: 42 });
    expect((await get('mutation { itemRepeat { item { id } } }')).status).toBe(405);
    expect((await get('{ total }', {})).status).toBe(400);
    expect((await send('{"query":"{ total }"}', { 'content-type': 'text/plain' })).status).toBe(400);
  });

  test('refuses a body over 1.5 MiB', async () => {
    const answer = await send({ query: `{ total } # ${'x'.repeat(1.6 * 1024 * 1024)}` });
    expect(answer.status).toBe(413);
    expect((await read(answer)).errors[0].message).toContain('1.5 MiB');
  });

  test('has a page at / that loads nothing from elsewhere, unless it is given another', async () => {
    const page = await (await fetch(`${base()}/`)).text();
    expect(page).toContain('/graphql');
    expect(page).not.toMatch(/https?:|src=|url\(/);
    const pages = (_request: unknown, response: { end(text: string): void }) => {
      response.end('ours');
      return true;
    };
    const other = await startRouter({
      supergraphSdl,
      transports: mounted.map(localTransport),
      keys,
      port: 0,
      pages,
      log,
    });
    closers.push(other.stop);
    expect(await (await fetch(other.url.replace('/graphql', '/'))).text()).toBe('ours');
  });

  test('is ready when all subgraphs are, and names those that are not', async () => {
    expect((await fetch(`${base()}/health/ready`)).status).toBe(200);
    const [first] = mounted;
    if (!first) throw new Error('There is no subgraph.');
    const broken = { ...first, isReady: () => Promise.reject(new Error('Postgres does not answer.')) };
    const other = await startRouter({
      supergraphSdl,
      transports: [broken, ...mounted.slice(1)].map(localTransport),
      keys,
      port: 0,
      log,
    });
    closers.push(other.stop);
    const ready = await fetch(other.url.replace('/graphql', '/health/ready'));
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      notReady: [{ name: 'catalogue', reason: 'Postgres does not answer.' }],
    });
  });

  test('does not start without a subgraph that the graph needs', async () => {
    const starting = startRouter({
      supergraphSdl,
      transports: mounted.slice(1).map(localTransport),
      keys,
      port: 0,
      log,
    });
    await expect(starting).rejects.toThrow('catalogue');
  });

  test('calls nobody outside this machine', async () => {
    const connecting = vi.spyOn(Socket.prototype, 'connect');
    const other = await startRouter({
      supergraphSdl,
      transports: mounted.map(localTransport),
      keys,
      port: 0,
      log,
    });
    closers.push(other.stop, () => connecting.mockRestore());
    await send({ query: '{ items { name available } }' }, {}, other.url);
    expect(connecting).toHaveBeenCalled();
    const foreign = connecting.mock.calls.filter((call) => !JSON.stringify(call).includes('127.0.0.1'));
    expect(foreign).toEqual([]);
  });

  test('finishes what is under way when it stops, and takes nothing new', async () => {
    const running = ask('{ slow }');
    await catalogue.slow.entered.opened;
    const stopping = router.stop();
    const { port } = router;
    const refused = await new Promise<NodeJS.ErrnoException>((done) =>
      connect(port, '127.0.0.1').once('error', done),
    );
    expect(refused.code).toBe('ECONNREFUSED');
    catalogue.slow.answer.open();
    expect((await running).data).toEqual({ slow: 'at last' });
    await stopping;
  });
});

const client = (options: Partial<ClientOptions> = {}) => {
  const url = router.url.replace('http', 'ws');
  const made = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, ...options });
  closers.push(() => made.dispose());
  return made;
};

/** What a subscription that does not open is refused with. */
const mistakeOf = (events: AsyncIterableIterator<unknown>): Promise<unknown> =>
  events.next().then(
    () => 'It opened.',
    (errors) => errors,
  );

describe('a subscription', () => {
  const query =
    'subscription ($after: Int! = 0) { change: stockChanged(after: $after) { cursor item { id name available } } }';

  test('gives each change with what other subgraphs know of it', async () => {
    const events = client().iterate({ query });
    const first = { cursor: 1, item: { id: '1', name: 'Item 1', available: 10 } };
    expect((await events.next()).value).toMatchObject({
      data: { change: first },
      extensions: { trace: { statements: 0 } },
    });
    stock.change('2');
    const second = { cursor: 2, item: { id: '2', name: 'Item 2', available: 20 } };
    expect((await events.next()).value).toMatchObject({ data: { change: second } });
  });

  test('that is opened again after its cursor misses nothing', async () => {
    const one = client();
    const events = one.iterate({ query });
    expect((await events.next()).value).toMatchObject({ data: { change: { cursor: 1 } } });
    await one.dispose();
    stock.change('2');
    stock.change('3');
    const resumed = client().iterate({ query, variables: { after: 1 } });
    expect((await resumed.next()).value).toMatchObject({
      data: { change: { cursor: 2, item: { name: 'Item 2' } } },
    });
    expect((await resumed.next()).value).toMatchObject({
      data: { change: { cursor: 3, item: { name: 'Item 3' } } },
    });
  });

  test('is guarded by the scopes of its token', async () => {
    const sealed = { query: 'subscription { sealedChanged { cursor } }' };
    const refused = await mistakeOf(client().iterate(sealed));
    expect(refused).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    const connectionParams = { authorization: await tokenFor('merchandiser') };
    const forbidden = await mistakeOf(client({ connectionParams }).iterate(sealed));
    expect(forbidden).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });

  test('with a mistake is told of it alone: the socket stays open for the others', async () => {
    const one = client();
    for (const [mistake, code] of [
      ['subscription { stockChanged( { cursor }', 'GRAPHQL_PARSE_FAILED'],
      ['subscription { stockChangd { cursor } }', 'GRAPHQL_VALIDATION_FAILED'],
    ]) {
      const errors = await mistakeOf(one.iterate({ query: mistake ?? '' }));
      expect(errors).toMatchObject([{ extensions: { code } }]);
    }
    const wrong = await mistakeOf(one.iterate({ query, variables: { after: 'x' } }));
    expect(wrong).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    const nothing = await mistakeOf(one.iterate({ query: 'subscription { __typename }' }));
    expect(nothing).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
    expect((await one.iterate({ query }).next()).value).toMatchObject({ data: { change: { cursor: 1 } } });
  });

  test('queries and mutations go by the same socket', async () => {
    const one = client({ connectionParams: { authorization: await tokenFor('admin') } });
    expect((await one.iterate({ query: '{ who items { available } }' }).next()).value).toMatchObject({
      data: { who: 'staff:ada', items: [{ available: 10 }, { available: 20 }] },
    });
    const mutation = 'mutation { itemSave(name: "New") { item { name available } } }';
    expect((await one.iterate({ query: mutation }).next()).value).toMatchObject({
      data: { itemSave: { item: { name: 'New', available: 90 } } },
    });
  });

  test('is refused to a bad token at connection_init', async () => {
    const connectionParams = { authorization: 'Bearer nonsense' };
    const closed = await client({ connectionParams })
      .iterate({ query })
      .next()
      .catch((event) => event);
    expect(closed).toMatchObject({ code: 4403, reason: expect.stringContaining('not one of ours') });
  });
});
