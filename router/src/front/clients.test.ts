import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { CombinedGraphQLErrors, ServerError } from '@apollo/client/errors';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { fetchExchange, Client as Urql } from '@urql/core';
import { createClient as createSse } from 'graphql-sse';
import { meros } from 'meros/browser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refuse } from '../run/answer.ts';
import { type FixtureFront, startFixtureFront } from './front-fixture.ts';
import type { Resolve } from './operation.ts';

const known = new Map<string, string>();
const gets: string[] = [];

/** Persisted operations as Apollo's link speaks of them. */
const resolve: Resolve = ({ query, operationName, extensions }) => {
  const asked = extensions['persistedQuery'] as { sha256Hash: string } | undefined;
  const text = query ?? known.get(asked?.sha256Hash ?? '');
  if (text !== undefined) return { text, operationName };
  const extended = { code: 'PERSISTED_QUERY_NOT_FOUND' };
  return refuse(400, [{ message: 'PersistedQueryNotFound', extensions: extended }]);
};

let it: FixtureFront;

beforeAll(async () => {
  it = await startFixtureFront({ resolve });
});

afterAll(() => it.front.stop());

const recordingFetch: typeof fetch = (url, init) => {
  if (init?.method === 'GET') gets.push(String(url));
  return fetch(url, init);
};

const apollo = (link: (http: ApolloLink) => ApolloLink = (http) => http) =>
  new ApolloClient({
    cache: new InMemoryCache(),
    link: link(new HttpLink({ uri: it.front.url, fetch: recordingFetch })),
    defaultOptions: { query: { fetchPolicy: 'no-cache' } },
  });

describe('@apollo/client', () => {
  test('queries and changes', async () => {
    const client = apollo();
    const query = gql`
      query Hello($name: String) {
        hello(name: $name)
      }
    `;
    const { data } = await client.query({ query, variables: { name: 'Ada' } });
    expect(data).toEqual({ hello: 'Hello Ada' });
    const mutation = gql`
      mutation {
        add(by: 0)
      }
    `;
    expect((await client.mutate({ mutation })).data).toEqual({ add: 0 });
  });

  test('reads errors of fields, and of requests that were refused', async () => {
    const client = apollo();
    const failing = gql`
      {
        fails
      }
    `;
    await expect(client.query({ query: failing })).rejects.toSatisfy(CombinedGraphQLErrors.is);
    const wrong = gql`
      {
        nothing
      }
    `;
    const error: unknown = await client.query({ query: wrong }).catch((thrown) => thrown);
    expect(CombinedGraphQLErrors.is(error) || ServerError.is(error)).toBe(true);
    expect(JSON.stringify(error)).toContain('GRAPHQL_VALIDATION_FAILED');
  });

  test('sends a persisted query by GET, and its text when the server does not know it', async () => {
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    const client = apollo((http) =>
      ApolloLink.from([new PersistedQueryLink({ sha256, useGETForHashedQueries: true }), http]),
    );
    const query = gql`
      query Product {
        product
      }
    `;
    expect((await client.query({ query })).data).toEqual({ product: 'a product' });
    known.set(sha256('query Product {\n  product\n}'), 'query Product { product }');
    gets.length = 0;
    expect((await client.query({ query })).data).toEqual({ product: 'a product' });
    expect(gets).toHaveLength(1);
    expect(gets[0]).not.toContain('query=');
  });

  test('subscribes over multipart HTTP', async () => {
    const query = gql`
      subscription {
        count(to: 3)
      }
    `;
    const seen: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      apollo()
        .subscribe({ query, fetchPolicy: 'no-cache' })
        .subscribe({ next: ({ data }) => seen.push(data), error: reject, complete: resolve });
    });
    expect(seen).toEqual([{ count: 1 }, { count: 2 }, { count: 3 }]);
  });
});

describe('@urql/core', () => {
  const urql = (preferGetMethod: boolean) =>
    new Urql({
      url: it.front.url,
      exchanges: [fetchExchange],
      preferGetMethod,
      fetchSubscriptions: true,
      fetchOptions: { headers: { 'apollo-require-preflight': 'true' } },
    });

  test('queries by POST and GET', async () => {
    for (const byGet of [false, true]) {
      const { data, error } = await urql(byGet).query('{ hello }', {}).toPromise();
      expect([data, error]).toEqual([{ hello: 'Hello you' }, undefined]);
    }
    const { error } = await urql(false).query('{ nothing }', {}).toPromise();
    expect(error?.graphQLErrors[0]?.extensions['code']).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  test('subscribes over HTTP', async () => {
    const seen: unknown[] = [];
    await new Promise<void>((resolve) => {
      urql(false)
        .subscription('subscription { count(to: 2) }', {})
        .subscribe(({ data, error }) => {
          seen.push(error ?? data);
          if (seen.length === 2) resolve();
        });
    });
    expect(seen).toEqual([{ count: 1 }, { count: 2 }]);
  });
});

describe.each([
  ['distinct connections', false],
  ['a single connection', true],
] as const)('graphql-sse over %s', (_name, singleConnection) => {
  const connect = () => createSse({ url: it.front.url, singleConnection, retryAttempts: 0 });

  test('queries, is told of mistakes, and subscribes to the end', async () => {
    const client = connect();
    const query = await client.iterate({ query: '{ hello }' }).next();
    expect(query.value).toEqual({ data: { hello: 'Hello you' } });
    const seen: unknown[] = [];
    for await (const { data } of client.iterate({ query: 'subscription { count(to: 3) }' })) seen.push(data);
    expect(seen).toEqual([{ count: 1 }, { count: 2 }, { count: 3 }]);
    const mistake: unknown = await client
      .iterate({ query: '{ nothing }' })
      .next()
      .then(({ value }) => value)
      .catch((error) => error);
    expect(mistake).toBeDefined();
    expect((await client.iterate({ query: '{ hello }' }).next()).value).toMatchObject({ data: {} });
    client.dispose();
  });

  test('follows events until it leaves', async () => {
    const client = connect();
    const ticks = client.iterate<{ ticks: number }>({ query: 'subscription { ticks }' });
    const first = ticks.next();
    await it.listeners(1);
    it.push(1);
    expect((await first).value).toEqual({ data: { ticks: 1 } });
    await ticks.return?.();
    await it.listeners(0);
    client.dispose();
  });
});

test('meros reads multipart subscriptions', async () => {
  const headers = { accept: 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0' };
  const answer = await meros<Record<string, unknown>>(
    await it.post({ query: 'subscription { count(to: 2) }' }, headers),
  );
  const seen: unknown[] = [];
  if (!(Symbol.asyncIterator in answer)) throw new Error('It is not multipart.');
  for await (const { json, body } of answer) seen.push(json ? body : 'text');
  expect(seen).toEqual([{ payload: { data: { count: 1 } } }, { payload: { data: { count: 2 } } }]);
});
