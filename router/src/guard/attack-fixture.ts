import { createKeys, createLog, mountSubgraph } from '@storegraph/server';
import { expect } from 'vitest';
import { compose } from '../../../scripts/compose.ts';
import { localTransport } from '../reach/local-transport.ts';
import type { Transport } from '../reach/transport.ts';
import { type RouterOptions, startRouter } from '../router.ts';
import { createCatalogue, createStock } from '../shop-for-tests.ts';

/** The error that an answer begins with. */
type Told = { readonly message: string; readonly extensions: Readonly<Record<string, unknown>> };

/** Places in our code, on our disk and in our network, what databases are told, and what the schema has besides. */
const leaks =
  /\bat .+:\d+:\d+|node_modules|\.[cm]?[jt]s\b|\/work|\/home|127\.0\.0\.1|localhost|select \*|Did you mean/i;

/** A list of texts made by their numbers. */
export const many = (count: number, text: (index: number) => string, between = ' '): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(between);

/** A router over the shop of the tests that counts what its subgraphs are asked. */
export const startAttacked = async (options: Partial<RouterOptions> = {}) => {
  const log = createLog(() => undefined);
  const keys = await createKeys();
  const subgraphs = [createCatalogue().subgraph, createStock().subgraph];
  const mounted = subgraphs.map((subgraph) => mountSubgraph(subgraph, { keys, log, production: true }));
  let asked = 0;
  const counting = (transport: Transport): Transport => ({
    ...transport,
    fetch: (...fetched) => {
      asked += 1;
      return transport.fetch(...fetched);
    },
    subscribe: (...subscribed) => {
      asked += 1;
      return transport.subscribe(...subscribed);
    },
  });
  const router = await startRouter({
    supergraphSdl: compose(subgraphs).supergraphSdl ?? '',
    transports: mounted.map((each) => counting(localTransport(each))),
    ...{ keys, port: 0, log, production: true },
    // Production takes published operations only, and no attacker's text would get anywhere.
    settings: { operations: { mode: 'off' } },
    ...options,
  });

  const send = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(router.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  /** The first error of an answer, which says nothing of what is behind the router. */
  const toldBy = async (answer: Response): Promise<Told & { readonly status: number }> => {
    const text = await answer.text();
    expect(text.length).toBeLessThan(20_000);
    expect(text).not.toMatch(leaks);
    // What a GraphQL client takes an answer for.
    const { errors, ...rest } = JSON.parse(text) as { readonly errors: readonly [Told] };
    expect(rest).toEqual({});
    return { status: answer.status, ...errors[0] };
  };

  /** That nothing was run so far, and that others are answered. */
  const expectUnharmed = async (): Promise<void> => {
    expect(asked).toBe(0);
    const answer = await send({ query: '{ total }' });
    expect(await answer.json()).toEqual({ data: { total: 42 } });
    asked = 0;
  };

  return {
    ...{ router, send, toldBy, expectUnharmed },
    /** How often subgraphs were asked. */
    asked: () => asked,
    stop: async () => {
      await router.stop();
      for (const each of mounted) await each.stop();
    },
  };
};

/** A router as the fixture starts it. */
export type Attacked = Awaited<ReturnType<typeof startAttacked>>;
