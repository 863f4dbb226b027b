import { anonymous, mountSubgraph } from '@storegraph/server';
import { expect, test } from 'vitest';
import { compose } from '../../../scripts/compose.ts';
import { createEngine } from '../engine.ts';
import { localTransport } from '../reach/local-transport.ts';
import { isAnswer } from '../run/answer.ts';
import { createCatalogue, createStock } from '../shop-for-tests.ts';
import { planText } from './trace.ts';

const subgraphs = [createCatalogue().subgraph, createStock().subgraph];
const { supergraphSdl = '' } = compose(subgraphs);

const run = async (text: string, production: boolean) => {
  const transports = subgraphs.map((subgraph) => localTransport(mountSubgraph(subgraph)));
  const engine = createEngine({ supergraphSdl, transports, production });
  const prepared = engine.prepare(text);
  if (isAnswer(prepared)) throw new Error(prepared.body);
  const call = { token: undefined, viewer: anonymous, requestId: 'r', deadlineAt: Date.now() + 10_000 };
  const { body } = await engine.run(prepared, {}, call);
  return JSON.parse(body);
};

const query = '{ items(first: 3) { name available } total }';

test('while developing, an answer tells its plan and every fetch', async () => {
  const { extensions } = await run(query, false);
  const since = { startedMs: expect.any(Number), tookMs: expect.any(Number) };
  expect(extensions.trace).toEqual({
    statements: 0,
    plan: expect.stringMatching(/^\((catalogue \+ stock|stock \+ catalogue)\) > stock at items$/),
    fetches: [
      { subgraph: expect.any(String), ...since, representations: 0, statements: 0 },
      { subgraph: expect.any(String), ...since, representations: 0, statements: 0 },
      { subgraph: 'stock', ...since, representations: 3, statements: 0 },
    ],
  });
});

test('an answer that nobody was asked for says so', async () => {
  const { extensions } = await run('{ __typename }', false);
  expect(extensions).toEqual({ trace: { plan: 'nothing', fetches: [] } });
});

test('in production an answer tells nothing of how it came about', async () => {
  expect(await run(query, true)).not.toHaveProperty('extensions');
});

test('a plan is told in a line', () => {
  const fetch = {
    subgraph: 'product',
    text: '',
    operationName: undefined,
    operation: 'query',
    variables: [],
  } as const;
  const root = { kind: 'root', fetch, outputRewrites: [] } as const;
  const path = [
    { kind: 'field', name: 'products' },
    { kind: 'each' },
    { kind: 'field', name: 'variants' },
    { kind: 'each' },
  ] as const;
  const batch = {
    alias: '_e',
    variable: 'r',
    paths: [path],
    requires: [],
    inputRewrites: [],
    outputRewrites: [],
  };
  const entities = {
    kind: 'entities',
    fetch: { ...fetch, subgraph: 'inventory' },
    batches: [batch],
  } as const;
  const condition = { kind: 'condition', variable: 'withStock', ifTrue: entities, ifFalse: null } as const;
  expect(planText({ kind: 'sequence', nodes: [root, { kind: 'parallel', nodes: [condition, root] }] })).toBe(
    'product > ((if $withStock: inventory at products.variants, else nothing) + product)',
  );
});
