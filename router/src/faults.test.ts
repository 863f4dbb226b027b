import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLog, type MountedSubgraph } from '@storegraph/server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { part } from './federation/graph-case.ts';
import { openStand, type Stand } from './federation/stand-for-tests.ts';
import { httpTransport } from './reach/http-transport.ts';
import { type Router, startRouter } from './router.ts';

type Id = { readonly id: string };
const ids = ['1', '2'];

/** Prices are what fails; goods come before them, and stocks beside them. */
const parts = [
  part(
    'goods',
    'type Query { goods: [Good!]! } type Mutation { goodSave: Good } type Good @key(fields: "id") { id: ID! name: String }',
    {
      Query: { goods: () => ids.map((id) => ({ id })) },
      Mutation: { goodSave: () => ({ id: '1' }) },
      Good: { name: ({ id }: Id) => `Good ${id}` },
    },
  ),
  part(
    'prices',
    `type Query { currency: String market: Market! } type Market { name: String! }
     type Mutation { priceSet: Good } type Good @key(fields: "id") { id: ID! price: Int tax: Int! }`,
    {
      Query: { currency: () => 'EUR', market: () => ({ name: 'north' }) },
      Mutation: { priceSet: () => ({ id: '1' }) },
      Good: { price: ({ id }: Id) => Number(id) * 10, tax: () => 1 },
    },
  ),
  part('stocks', 'type Good @key(fields: "id") { id: ID! available: Int }', {
    Good: { available: ({ id }: Id) => Number(id) * 100 },
  }),
];

type Behave = (response: ServerResponse, body: string) => unknown;

const json = { 'content-type': 'application/json' };
const log = createLog(() => undefined);

/** A subgraph over a socket, which behaves as the test says. */
const serve = async (mounted: MountedSubgraph) => {
  const well: Behave = async (response, body) => {
    const { query, variables } = JSON.parse(body);
    response.writeHead(200, json).end(JSON.stringify(await mounted.execute({ query, variables })));
  };
  const state = { behave: well, asked: 0 };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    state.asked += 1;
    await state.behave(response, Buffer.concat(chunks).toString());
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  const stop = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  const heal = async () => {
    state.behave = well;
    if (!server.listening) await listen(port);
  };
  return { url: `http://127.0.0.1:${port}/graphql`, state, stop, heal };
};

let stand: Stand;
let prices: Awaited<ReturnType<typeof serve>>;
let router: Router;
const clock = { now: 0 };
const closers: (() => unknown)[] = [];

beforeEach(async () => {
  clock.now = 0;
  stand = await openStand({ parts });
  closers.push(stand.stop);
  let { supergraphSdl } = stand;
  for (const mounted of stand.mounted) {
    const served = await serve(mounted);
    closers.push(served.stop);
    if (mounted.name === 'prices') prices = served;
    supergraphSdl = supergraphSdl.replace(`http://${mounted.name}:4001/graphql`, served.url);
  }
  const breaker = { maxFailures: 6, openMs: 1_000 };
  const reaching = { timeoutMs: 500, breaker, now: () => clock.now, retryDelayMs: () => 0, log };
  router = await startRouter({
    ...{ supergraphSdl, keys: { keys: [] }, port: 0, log },
    transports: (place) => httpTransport({ ...place, ...reaching }),
  });
  closers.push(router.stop);
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Answer = {
  readonly data: unknown;
  readonly errors?: readonly {
    path?: readonly unknown[];
    extensions: { code: string; serviceName: string };
  }[];
};

/** The data, and of each error its subgraph, its place and its code. */
const ask = async (query: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(router.url, {
    ...{ method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify({ query }) },
  });
  const { data, errors = [] } = (await answer.json()) as Answer;
  const told = errors.map(
    ({ path = [], extensions: { code, serviceName } }) => `${serviceName} ${path.join('.')} ${code}`,
  );
  return { status: answer.status, data, errors: told.sort() };
};

const query = '{ goods { name price available } currency }';
const goods = (priced: boolean) =>
  ids.map((id) => ({
    name: `Good ${id}`,
    price: priced ? Number(id) * 10 : null,
    available: Number(id) * 100,
  }));
const whole = { status: 200, data: { goods: goods(true), currency: 'EUR' }, errors: [] };
const without = (code: string) => ({
  ...{ status: 200, data: { goods: goods(false), currency: null } },
  errors: [`prices currency ${code}`, `prices goods ${code}`],
});

const says =
  (status: number, headers: Record<string, string>, body: string): Behave =>
  (response) =>
    response.writeHead(status, headers).end(body);

const cutsAfter =
  (start: string): Behave =>
  (response) => {
    response.writeHead(200, { ...json, 'content-length': '100' });
    response.write(start, () => response.socket?.destroy());
  };

const faults: Record<string, readonly [string, Behave | 'down']> = {
  'is down': ['SUBGRAPH_UNREACHABLE', 'down'],
  'says nothing': ['SUBGRAPH_TIMEOUT', () => undefined],
  'stops in the midst of its answer': [
    'SUBGRAPH_TIMEOUT',
    (response) => response.writeHead(200, json).write('{"data":'),
  ],
  'answers a page': ['SUBGRAPH_GARBAGE', says(200, { 'content-type': 'text/html' }, '<h1>Hello</h1>')],
  'answers half': ['SUBGRAPH_GARBAGE', says(200, json, '{"data":{"currency":"E')],
  'answers nothing': ['SUBGRAPH_GARBAGE', says(200, json, '{"data":null}')],
  'fails with a page': ['SUBGRAPH_GARBAGE', says(500, { 'content-type': 'text/html' }, 'at secrets.ts:7')],
  'is overloaded': ['SUBGRAPH_UNREACHABLE', says(503, { 'content-type': 'text/plain' }, 'later')],
  'cuts before its answer': ['SUBGRAPH_UNREACHABLE', (response) => response.socket?.destroy()],
  'cuts in the midst of its answer': ['SUBGRAPH_UNREACHABLE', cutsAfter('{"data":{"currency":"E')],
};

const fall = async (fault: Behave | 'down'): Promise<void> => {
  if (fault === 'down') await prices.stop();
  else prices.state.behave = fault;
};

describe.each(Object.entries(faults))('a subgraph that %s', (_how, [code, fault]) => {
  test('takes its own fields away and no others, is left alone after a while, and comes back', async () => {
    expect(await ask(query)).toEqual(whole);
    await fall(fault);
    expect(await ask(query)).toEqual(without(code));
    while ((await ask('{ currency }')).errors[0] !== 'prices currency SUBGRAPH_BROKEN');
    const { asked } = prices.state;
    expect(await ask(query)).toEqual(without('SUBGRAPH_BROKEN'));
    expect(prices.state.asked).toBe(asked);

    await prices.heal();
    clock.now = 1_000;
    expect((await ask('{ currency }')).data).toEqual({ currency: 'EUR' });
    expect(await ask(query)).toEqual(whole);
  });

  test('is not asked twice to change something, and keeps nobody else from it', async () => {
    await fall(fault);
    const { asked } = prices.state;
    const answer = await ask('mutation { priceSet { name } goodSave { name available } }', {
      'x-deadline-ms': '500',
    });
    // A mutation is waited for as long as its caller waits, so nothing is left of it for what comes after.
    const isLate = code === 'SUBGRAPH_TIMEOUT';
    expect(answer.data).toEqual({
      priceSet: null,
      goodSave: isLate ? null : { name: 'Good 1', available: 100 },
    });
    expect(answer.errors).toContain(`prices priceSet ${isLate ? 'DEADLINE_EXCEEDED' : code}`);
    expect(prices.state.asked - asked).toBe(fault === 'down' ? 0 : 1);
  });

  test('takes with it what must not be null', async () => {
    await fall(fault);
    expect(await ask('{ goods { tax } currency }')).toEqual({
      ...{ status: 200, data: null },
      errors: [`prices currency ${code}`, `prices goods ${code}`],
    });
  });
});

test('a subgraph that answers fewer entities than it was asked for is not taken at its word', async () => {
  prices.state.behave = says(200, json, '{"data":{"currency":"EUR","_entities":[{"price":10}]}}');
  expect(await ask(query)).toEqual({
    ...{ status: 200, data: { goods: goods(false), currency: 'EUR' } },
    errors: ['prices goods SUBGRAPH_GARBAGE'],
  });
});

test('whoever waits for less than a subgraph takes has what the others know by then', async () => {
  prices.state.behave = () => undefined;
  expect(await ask('{ goods { name price available } }', { 'x-deadline-ms': '300' })).toEqual({
    ...{ status: 200, data: { goods: goods(false) } },
    errors: ['prices goods DEADLINE_EXCEEDED'],
  });
});

test('a router is not ready while a subgraph is down, and says which', async () => {
  const ready = router.url.replace('graphql', 'health/ready');
  await prices.stop();
  const answer = await fetch(ready);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ notReady: [{ name: 'prices' }] });
  await prices.heal();
  expect((await fetch(ready)).status).toBe(200);
});
