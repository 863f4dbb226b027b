import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createKeys,
  createLog,
  type Keys,
  type MountedSubgraph,
  mountSubgraph,
  signToken,
} from '@storegraph/server';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { compose } from '../../scripts/compose.ts';
import { defaultRates } from './guard/rates.ts';
import { hashOf, parseManifest } from './persisted/manifest.ts';
import { storeManifest } from './persisted/store.ts';
import { localTransport } from './reach/local-transport.ts';
import { type Router, startRouter } from './router.ts';
import { createCatalogue, createStock } from './shop-for-tests.ts';

/** What a router does that was told nothing but that it is in production, and where operations are published to. */
const published = {
  Page: 'query Page($n: Int!) { items(first: $n) { name available } }',
  Save: 'mutation Save { itemRepeat { item { id } } }',
  Changes: 'subscription Changes { stockChanged { cursor } }',
  Fails: 'query Fails { fails }',
  Schema: 'query Schema { __schema { __typename } }',
};
type Name = keyof typeof published;
const names = Object.keys(published) as Name[];
const log = createLog(() => undefined);

let keys: Keys;
let folder: string;
let mounted: MountedSubgraph[];
let router: Router;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  keys = await createKeys();
  folder = await mkdtemp(join(tmpdir(), 'operations-'));
  const operations = names.map((name) => ({
    ...{ id: hashOf(published[name]), name, body: published[name] },
    type: published[name].split(' ', 1)[0],
  }));
  const manifest = JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations });
  await storeManifest(folder, parseManifest('web@1.0.0', manifest), manifest);
  const subgraphs = [createCatalogue().subgraph, createStock().subgraph];
  mounted = subgraphs.map((subgraph) => mountSubgraph(subgraph, { keys, production: true, log }));
  router = await startRouter({
    supergraphSdl: compose(subgraphs).supergraphSdl ?? '',
    ...{ transports: mounted.map(localTransport), keys, port: 0, production: true, log },
    settings: { operations: { folder } },
  });
});
afterAll(async () => {
  for (const close of closers) await close();
  await router.stop();
  for (const subgraph of mounted) await subgraph.stop();
  await rm(folder, { recursive: true });
});

const post = (body: unknown, headers: Record<string, string> = {}) =>
  fetch(router.url, {
    ...{ method: 'POST', body: JSON.stringify(body) },
    headers: { 'content-type': 'application/json', ...headers },
  });

const byHash = (name: Name, more = {}) => ({
  extensions: { persistedQuery: { version: 1, sha256Hash: hashOf(published[name]) } },
  ...more,
});

const said = async (answer: Response): Promise<string> => {
  const { errors } = (await answer.json()) as { errors?: { extensions: { code: string } }[] };
  return [answer.status, ...(errors ?? []).map(({ extensions }) => extensions.code)].join(' ');
};

const required = '400 PERSISTED_OPERATION_REQUIRED';
const unknown = hashOf('{ who }');

test.each<[string, () => Promise<Response>, string]>([
  ['a text', () => post({ query: '{ who }' }), required],
  ['a text that is published, without its id', () => post({ query: published.Save }), required],
  [
    'a text with its hash, as clients persist operations elsewhere',
    () => post({ query: '{ who }', extensions: { persistedQuery: { version: 1, sha256Hash: unknown } } }),
    required,
  ],
  ['a text under the id of another', () => post(byHash('Save', { query: '{ who }' })), required],
  ['an unknown id', () => post({ documentId: unknown }), '404 PERSISTED_OPERATION_NOT_FOUND'],
  ['introspection, even published', () => post(byHash('Schema')), '400 GRAPHQL_VALIDATION_FAILED'],
  ['a batch of published operations', () => post([byHash('Save')]), '400 LIMIT_EXCEEDED'],
  [
    'a GET with a text',
    () =>
      fetch(`${router.url}?query=${encodeURIComponent('{ who }')}`, {
        headers: { 'x-apollo-operation-name': 'x' },
      }),
    required,
  ],
])('%s is refused', async (_what, send, answer) => {
  expect(await said(await send())).toBe(answer);
});

test.each<[string, (variables: object) => Promise<Response>]>([
  ['hash', (variables) => post(byHash('Page', { variables }))],
  ['documentId', (variables) => post({ documentId: hashOf(published.Page), variables })],
  ['hash beside its text', (variables) => post(byHash('Page', { variables, query: published.Page }))],
])('what was published runs by its %s, and says nothing of how', async (_how, send) => {
  const answer = await send({ n: 1 });
  expect(await answer.json()).toEqual({ data: { items: [{ name: 'Item 1', available: 10 }] } });
});

test('a failure is told by its id alone', async () => {
  const answer = await post(byHash('Fails'), { 'x-request-id': 'r-8' });
  expect(await answer.json()).toEqual({
    data: { fails: null },
    errors: [
      {
        message: expect.stringContaining('r-8'),
        path: ['fails'],
        extensions: { code: 'INTERNAL_SERVER_ERROR', serviceName: 'catalogue' },
      },
    ],
  });
});

test.each(['/graphiql', '/graphiql/', '/graphiql/graphiql.js'])('%s is not there', async (path) => {
  const answer = await fetch(router.url.replace('/graphql', path));
  expect(answer.status).toBe(404);
  expect(await answer.text()).not.toContain('<');
});

test('a socket runs what was published, and refuses texts as HTTP does', async () => {
  const url = router.url.replace('http', 'ws');
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 });
  closers.push(() => client.dispose());
  const payload = { query: published.Changes, extensions: byHash('Changes').extensions };
  expect((await client.iterate(payload).next()).value).toEqual({ data: { stockChanged: { cursor: 1 } } });
  await expect(client.iterate({ query: published.Changes }).next()).rejects.toMatchObject([
    { extensions: { code: 'PERSISTED_OPERATION_REQUIRED' } },
  ]);
});

test('whoever shows a token is counted, refused requests as well, and told when to come back', async () => {
  const authorization = `Bearer ${await signToken(keys, { subject: 'ada', role: 'customer' })}`;
  const { operations = 0 } = defaultRates.find(({ per }) => per === 'viewer') ?? {};
  const flood = async (count: number): Promise<void> => {
    for (let sent = 0; sent < count; sent += 1) {
      expect(await said(await post({ query: '{ who }' }, { authorization }))).toBe(required);
    }
  };
  await Promise.all(Array.from({ length: 10 }, () => flood(operations / 10)));
  const answer = await post(byHash('Page', { variables: { n: 1 } }), { authorization });
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await said(answer)).toBe('429 RATE_LIMITED');
  const another = `Bearer ${await signToken(keys, { subject: 'bob', role: 'customer' })}`;
  expect(await said(await post(byHash('Page', { variables: { n: 1 } }), { authorization: another }))).toBe(
    '200',
  );
});
