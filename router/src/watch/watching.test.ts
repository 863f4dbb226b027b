import { createKeys, createLog, mountSubgraph } from '@storegraph/server';
import { createClient } from 'graphql-ws';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { compose } from '../../../scripts/compose.ts';
import { createAnswers } from '../cache/answers.ts';
import { createEngine } from '../engine.ts';
import { createEndedSessions } from '../front/ended-sessions.ts';
import { startFront } from '../front/front.ts';
import { type Runner, refusalOf, resolveText } from '../front/operation.ts';
import { createGuards } from '../guard/guards.ts';
import { createHivePlanner } from '../plan/hive-planner.ts';
import { localTransport } from '../reach/local-transport.ts';
import { fullSettings } from '../settings.ts';
import { createCatalogue, createStock } from '../shop-for-tests.ts';
import { asSource } from '../stream/as-source.ts';
import { createSharing } from '../stream/shared.ts';
import { createSockets } from '../stream/sockets.ts';
import { startWatching } from './watching.ts';

const log = createLog(() => undefined);

/** A router as it is put together, each of its parts counted. */
const startMetered = async () => {
  const watching = await startWatching({ port: 0 });
  const stock = createStock();
  const subgraphs = [createCatalogue().subgraph, stock.subgraph];
  const keys = await createKeys();
  const mounted = subgraphs.map((subgraph) => mountSubgraph(subgraph, { keys, log }));
  const engine = watching.engine(
    createEngine({
      supergraphSdl: compose(subgraphs).supergraphSdl ?? '',
      transports: mounted.map((each) => watching.transport(localTransport(each))),
      createPlanner: (sdl) => watching.planner(createHivePlanner(sdl)),
      log,
    }),
  );
  const about = { production: false, log };
  const follow = watching.follow(createSharing((error, { requestId }) => refusalOf(error, requestId, about)));
  const runner: Runner = {
    ...about,
    ended: createEndedSessions(log),
    engine: () => engine,
    resolve: watching.resolve(resolveText),
    guards: watching.guards(createGuards(fullSettings({ limits: { maxCost: 5 } }, false), null)),
    subscribe: asSource(follow),
  };
  const front = await startFront({
    ...runner,
    ...{ keys, port: 0, notReady: async () => [], refused: watching.refused },
    answers: watching.answers(createAnswers(1_000, () => true).store),
    sockets: watching.sockets(createSockets({ runner, follow, keys })),
  });
  const stop = async () => {
    await front.stop();
    for (const each of mounted) await each.stop();
    await watching.stop();
  };
  const text = async () => (await fetch(watching.metricsUrl ?? '')).text();
  return { front, text, stock, stop };
};

let it: Awaited<ReturnType<typeof startMetered>>;

beforeEach(async () => {
  it = await startMetered();
});

afterEach(() => it.stop());

const ask = async (body: object) => {
  const headers = { 'content-type': 'application/json', 'apollographql-client-name': 'web' };
  const answer = await fetch(it.front.url, { method: 'POST', headers, body: JSON.stringify(body) });
  return answer.json();
};

const counted = async (metric: string): Promise<string[]> =>
  (await it.text())
    .split('\n')
    .filter((line) => line.startsWith(`storegraph_router_${metric}`))
    .map((line) => line.slice(`storegraph_router_${metric}`.length));

test('operations are counted by name, client and how they ended', async () => {
  const query = 'query Names($id: ID! = "1") { item(id: $id) { name } }';
  await ask({ query });
  await ask({ query, variables: { id: 'secret-id' } });
  await ask({ query: '{ fails total }' });
  await ask({ query, variables: { id: null } });
  await ask({ query: 'query Wrong { nothing }' });
  const items = 'abcdefgh'.replace(/./g, (alias) => `${alias}: item(id: "1") { id } `);
  await ask({ query: `query Much { ${items} }` });
  await ask({ extensions: { persistedQuery: { version: 1, sha256Hash: 'unknown-id' } } });
  expect((await counted('operations_total')).sort()).toEqual([
    '{operation="Much",kind="query",client="web",outcome="LIMIT_EXCEEDED"} 1',
    '{operation="Names",kind="query",client="unknown",outcome="BAD_USER_INPUT"} 1',
    '{operation="Names",kind="query",client="web",outcome="ok"} 2',
    '{operation="unknown",kind="unknown",client="unknown",outcome="GRAPHQL_VALIDATION_FAILED"} 1',
    '{operation="unknown",kind="unknown",client="web",outcome="PERSISTED_QUERY_NOT_SUPPORTED"} 1',
    '{operation="unnamed",kind="query",client="web",outcome="partial"} 1',
  ]);
  expect(await counted('limit_hits_total')).toEqual(['{limit="cost"} 1']);
  expect(await counted('operation_seconds_count')).toEqual([
    '{operation="Names",kind="query"} 2',
    '{operation="unnamed",kind="query"} 1',
  ]);
  expect(await counted('prepared_total')).toEqual(['{found="false"} 3', '{found="true"} 2']);
  expect(await counted('prepare_seconds_count')).toEqual([' 3']);
  expect(await counted('plan_seconds_count')).toEqual([' 2']);
  expect((await counted('fetch_seconds_count')).sort()).toEqual([
    '{subgraph="catalogue",outcome="INTERNAL_SERVER_ERROR"} 1',
    '{subgraph="catalogue",outcome="ok"} 2',
    '{subgraph="stock",outcome="ok"} 1',
  ]);
  expect(await it.text()).not.toMatch(/secret-id|unknown-id|nothing/);
});

test('requests that are refused before it is known what they ask are counted by status and code', async () => {
  const send = (method: string, headers: object, body: string | null = null, search = '') =>
    fetch(`${it.front.url}${search}`, { method, headers: { ...headers }, body });
  const json = { 'content-type': 'application/json' };
  await send('POST', json, 'x'.repeat(2_000_000));
  await send('POST', json, '{');
  await send('PATCH', json, '{}');
  await send('POST', { ...json, authorization: 'Bearer nonsense' }, '{}');
  await send('GET', json, null, '?query=mutation{itemRepeat{item{id}}}');
  await send('GET', {}, null, '?query={total}');
  expect((await counted('refused_requests_total')).sort()).toEqual([
    '{status="400",code="BAD_REQUEST"} 2',
    '{status="401",code="UNAUTHENTICATED"} 1',
    '{status="405",code="BAD_REQUEST"} 2',
    '{status="413",code="LIMIT_EXCEEDED"} 1',
  ]);
  expect(await counted('limit_hits_total')).toEqual(['{limit="bodyBytes"} 1']);
  expect(await counted('operations_total')).toEqual([]);
});

test('sockets, followers and what they share are counted while they are there', async () => {
  const clients = ['one', 'two'].map(() =>
    createClient({ url: it.front.url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 }),
  );
  const query = 'subscription Changes { stockChanged { cursor item { id } } }';
  const streams = clients.map((client) => client.iterate({ query }));
  await Promise.all(streams.map((stream) => stream.next()));
  const levels = async () => {
    const texts = await Promise.all(['sockets ', 'subscriptions ', 'upstreams '].map(counted));
    return texts.flat().map(Number);
  };
  await expect.poll(levels).toEqual([2, 2, 1]);
  it.stock.change('2');
  await Promise.all(streams.map((stream) => stream.next()));
  expect(await counted('events_sent_total')).toEqual([' 4']);

  await Promise.all(streams.map((stream) => stream.return?.()));
  for (const client of clients) await client.dispose();
  await expect.poll(levels).toEqual([0, 0, 0]);
});
