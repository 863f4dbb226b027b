import { anonymous, createKeys, mountSubgraph, serveSubgraph, startTracing } from '@storegraph/server';
import { parse } from 'graphql';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startCollector } from '../../../packages/server/src/collector-for-tests.ts';
import { createRows } from '../../../packages/server/src/rows-for-tests.ts';
import { compose } from '../../../scripts/compose.ts';
import { createEngine, type Engine } from '../engine.ts';
import { createHivePlanner } from '../plan/hive-planner.ts';
import { httpTransport } from '../reach/http-transport.ts';
import { localTransport } from '../reach/local-transport.ts';
import { isAnswer } from '../run/answer.ts';
import { createTracing } from './traced.ts';

const log = { info: () => {}, warn: () => {}, error: () => {} };
const nothing = async () => undefined;

/** What this process knows of rows. */
const marks = {
  name: 'marks',
  typeDefs: parse(`
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
    type Query { marks: Int }
    type Row @key(fields: "id") { id: ID! mark: Int }
  `),
  resolvers: { Row: { __resolveReference: ({ id }: { id: string }) => ({ id, mark: 7 }) } },
  context: () => ({}),
  isReady: nothing,
  start: nothing,
  stop: nothing,
};

let collector: Awaited<ReturnType<typeof startCollector>>;
let rows: Awaited<ReturnType<typeof serveSubgraph>>;
let engine: Engine;

beforeAll(async () => {
  collector = await startCollector();
  const subgraph = createRows(inject('postgresUrl').replace('DATABASE', 'postgres'));
  const { supergraphSdl = '' } = compose([subgraph, marks]);
  rows = await serveSubgraph(subgraph, { port: 0, keys: await createKeys(), log });
  const transports = [
    httpTransport({ name: 'rows', url: rows.url }),
    localTransport(mountSubgraph(marks, { log })),
  ];
  const traced = createTracing();
  engine = traced.engine(
    createEngine({
      supergraphSdl,
      transports: transports.map(traced.transport),
      createPlanner: (sdl) => traced.planner(createHivePlanner(sdl)),
      log,
    }),
  );
});

afterAll(async () => {
  await engine.close();
  await rows.stop();
  await collector.stop();
});

test('an operation is one trace, through the router over HTTP and in this process to the SQL', async () => {
  const tracing = await startTracing({ serviceName: 'shop', endpoint: collector.endpoint });
  const run = async () => {
    const prepared = engine.prepare('query Marked { row(text: "4000-SECRET") { text mark } }');
    if (isAnswer(prepared)) throw new Error(prepared.body);
    const call = { token: undefined, viewer: anonymous, requestId: 'r-1', deadlineAt: Date.now() + 10_000 };
    const { body } = await engine.run(prepared, {}, call);
    expect(JSON.parse(body).data).toEqual({ row: { text: '4000-SECRET', mark: 7 } });
  };
  await run();
  await run();
  await tracing.stop();

  const asked = [
    ['fetch rows', [['rows query', ['sql select', 'sql select']]]],
    ['fetch marks', ['marks query']],
  ];
  expect(collector.treeOf()).toEqual([
    ['router query', ['prepare', 'plan', ...asked]],
    ['router query', asked],
  ]);
  expect(new Set(collector.spans.map(({ traceId }) => traceId)).size).toBe(2);
  const entities = collector.spans.find(({ name }) => name === 'fetch marks');
  expect(entities?.attributes).toContainEqual({ key: 'storegraph.representations', value: { intValue: 1 } });
  expect(collector.texts.join()).not.toContain('4000-SECRET');
});
