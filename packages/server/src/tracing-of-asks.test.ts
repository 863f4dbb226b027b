import { parse } from 'graphql';
import { expect, inject, test } from 'vitest';
import { askInProcess } from './ask.ts';
import { startCollector } from './collector-for-tests.ts';
import { mountSubgraph } from './mount.ts';
import { createRows } from './rows-for-tests.ts';
import { startTracing } from './tracing.ts';

const silent = { info: () => {}, warn: () => {}, error: () => {} };
const nothing = async () => undefined;

test('what a subgraph asks another is part of its trace', async () => {
  const collector = await startCollector();
  const tracing = await startTracing({ serviceName: 'asker', endpoint: collector.endpoint });
  const rows = mountSubgraph(createRows(inject('postgresUrl').replace('DATABASE', 'postgres')), {
    log: silent,
  });
  const ask = askInProcess('asker', () => rows);
  const asker = mountSubgraph(
    {
      name: 'asker',
      typeDefs: parse('type Query { asked: String }'),
      resolvers: {
        Query: {
          asked: async () => {
            const query = '{ row(text: "asked") { text } }';
            return (await ask<{ row: { text: string } }>('rows', query)).row.text;
          },
        },
      },
      context: () => ({}),
      ...{ isReady: nothing, start: nothing, stop: nothing },
    },
    { log: silent },
  );
  expect(await asker.execute({ query: '{ asked }' })).toMatchObject({ data: { asked: 'asked' } });
  await rows.stop();
  await tracing.stop();
  await collector.stop();
  const { spans } = collector;
  expect(spans.map(({ name }) => name).sort()).toEqual([
    'asker query',
    'rows query',
    'sql select',
    'sql select',
  ]);
  expect(new Set(spans.map((span) => span.traceId)).size).toBe(1);
});
