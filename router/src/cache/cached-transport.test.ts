import { anonymous } from '@storegraph/server';
import { parse } from 'graphql';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keep } from '../front/kept-answers.ts';
import type { SubgraphAnswer, Subquery, Transport } from '../reach/transport.ts';
import { cachedTransport } from './cached-transport.ts';
import type { KeptPart } from './kept.ts';
import { createTaggedStore } from './tagged-store.ts';

/** What a subgraph says of how long its answer holds, over a clock that the test moves. */

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const caching = { maxAgeSeconds: 60, scope: 'PUBLIC' } as const;
const subqueryOf = (entities: Subquery['entities']): Subquery => ({
  ...{ subgraph: 'pricing', text: '{ price }', operationName: undefined, kind: 'query', wire: '' },
  document: () => parse('{ price }'),
  entities,
  keeping: { caching, isOwn: true },
});

/** A subgraph that takes its time, and of whose answers the next holds for so long. */
const createPricing = (answerOf: (variables: Readonly<Record<string, unknown>>) => SubgraphAnswer) => {
  const asked: Readonly<Record<string, unknown>>[] = [];
  const holding: { forMs: number | null; takesMs: number } = { forMs: null, takesMs: 0 };
  const transport: Transport = {
    name: 'pricing',
    fetch: async (_subquery, variables) => {
      asked.push(variables);
      vi.setSystemTime(Date.now() + holding.takesMs);
      const extensions = holding.forMs === null ? {} : { extensions: { holdsForMs: holding.forMs } };
      return { ...answerOf(variables), ...extensions };
    },
    subscribe: async () => ({ data: null }),
    isReady: async () => undefined,
    close: async () => undefined,
  };
  const cached = cachedTransport(transport, createTaggedStore<KeptPart>(1_000_000));
  const call = { viewer: anonymous, requestId: 'r', token: undefined, deadlineAt: Number.POSITIVE_INFINITY };
  const ask = (subquery: Subquery, variables: Readonly<Record<string, unknown>> = {}) =>
    cached.fetch(subquery, variables, call);
  return { asked, holding, ask };
};
const later = (ms: number) => vi.setSystemTime(Date.now() + ms);

test('an answer is kept as long as it holds, counted from when it was asked, and says how long that still is', async () => {
  const { asked, holding, ask } = createPricing(() => ({ data: { price: 1 } }));
  const whole = subqueryOf(null);
  Object.assign(holding, { forMs: 5_000, takesMs: 300 });
  await ask(whole);
  later(2_700);
  expect(await ask(whole)).toEqual({ data: { price: 1 }, extensions: { holdsForMs: 2_000 } });
  expect(asked).toHaveLength(1);
  later(2_000);
  await ask(whole);
  expect(asked).toHaveLength(2);
});

test('entities that are kept and those that are asked for hold as long as the first of them that ends', async () => {
  const { asked, holding, ask } = createPricing(({ ids }) => ({
    data: { _entities: (ids as { id: string }[]).map(({ id }) => ({ price: id })) },
  }));
  const subquery = subqueryOf({ variable: 'ids', alias: '_entities' });
  const priceOf = (...ids: string[]) => ask(subquery, { ids: ids.map((id) => ({ __typename: 'V', id })) });
  holding.forMs = 9_000;
  await priceOf('a');
  holding.forMs = null;
  await priceOf('b');
  later(1_000);
  expect((await priceOf('a', 'b')).extensions).toEqual({ holdsForMs: 8_000 });
  holding.forMs = 20_000;
  expect((await priceOf('a', 'b', 'c')).extensions).toEqual({ holdsForMs: 8_000 });
  expect((await priceOf('b')).extensions).toBeUndefined();
  // What ends is asked again, and the rest stays.
  later(8_000);
  await priceOf('a', 'b', 'c');
  expect(asked.at(-1)).toEqual({ ids: [{ __typename: 'V', id: 'a' }] });
});

test('a client is never told an age that reaches past what holds', () => {
  const seconds = (holdsUntil: number) => {
    const { freshUntil } = keep({ body: '{}', holdsUntil }, caching);
    return Math.max(0, Math.ceil((freshUntil - Date.now()) / 1_000));
  };
  const now = Date.now();
  expect([5_000, 4_999, 1_000, 999, 0, -5_000].map((ms) => seconds(now + ms))).toEqual([5, 4, 1, 0, 0, 0]);
  expect(seconds(now + 100_000)).toBe(60);
});
