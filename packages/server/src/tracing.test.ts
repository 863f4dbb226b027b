import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startCollector } from './collector-for-tests.ts';
import { createRows } from './rows-for-tests.ts';
import { serveSubgraph } from './serve.ts';
import { inSpan } from './span.ts';
import { createKeys } from './tokens.ts';
import { startTracing } from './tracing.ts';

const postgresUrl = inject('postgresUrl').replace('DATABASE', 'postgres');
const silent = { info: () => {}, warn: () => {}, error: () => {} };
const traceId = '0af7651916cd43dd8448eb211c80319c';

let collector: Awaited<ReturnType<typeof startCollector>>;

beforeAll(async () => {
  collector = await startCollector();
});

afterAll(() => collector.stop());

test('without a collector no span is made', async () => {
  expect(await inSpan('work', {}, undefined, async (span) => span)).toBeNull();
});

test('a call over HTTP is traced to its SQL, under its caller and without its values', async () => {
  const tracing = await startTracing({ serviceName: 'rows', endpoint: `${collector.endpoint}/` });
  const front = await serveSubgraph(createRows(postgresUrl), {
    ...{ port: 0, keys: await createKeys(), log: silent },
  });
  const ask = async (query: string, flags: string) => {
    const answer = await fetch(front.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        traceparent: `00-${traceId}-b7ad6b7169203331-${flags}`,
      },
      body: JSON.stringify({ query }),
    });
    expect(answer.status).toBe(200);
  };
  await ask('query Secret { row(text: "4000-SECRET") { text } }', '01');
  await ask('{ broken }', '01');
  await ask('query LeftOut { row(text: "left out") { text } }', '00');
  await front.stop();
  await tracing.stop();

  expect(collector.texts[0]).toMatch(/^\/v1\/traces /);
  expect(collector.services).toContainEqual(['service.name', 'rows']);
  expect(collector.treeOf('b7ad6b7169203331')).toEqual([
    ['rows query', ['sql select', 'sql select']],
    ['rows query', ['sql select']],
  ]);
  expect(new Set(collector.spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  const text = collector.texts.join();
  expect(text).toContain('select $1::text');
  expect(text).not.toMatch(/4000-SECRET|LeftOut/);
  const attributes = collector.spans.flatMap((span) => span.attributes);
  expect(attributes).toContainEqual({ key: 'graphql.operation.name', value: { stringValue: 'Secret' } });
  // Of a failure its code alone is told.
  expect(attributes).toContainEqual({ key: 'error.type', value: { stringValue: '42P01' } });
  expect(attributes).toContainEqual({ key: 'error.type', value: { stringValue: 'INTERNAL_SERVER_ERROR' } });
});
