import { createKeys, createLog, type Front, type Keys, type Role, signToken } from '@storegraph/server';
import { createFixtureEngine } from './engine-fixture.ts';
import { type FrontOptions, startFront } from './front.ts';

/** What a GraphQL client takes an answer for. */
export type Read = {
  readonly data: unknown;
  readonly errors: readonly [{ message: string; extensions: Record<string, unknown> }];
};

const read = async (answer: Response) => (await answer.json()) as Read;

/** A front over an engine of its own, with ways to ask it. */
export const startFixtureFront = async (options: Partial<FrontOptions> = {}) => {
  const keys: Keys = await createKeys();
  const logged: Record<string, unknown>[] = [];
  const { engine, ...controls } = createFixtureEngine();
  const front: Front = await startFront({
    port: 0,
    engine: () => engine,
    keys,
    notReady: async () => [],
    log: createLog((line) => logged.push(JSON.parse(line))),
    ...options,
  });

  const post = (body: unknown, headers: Record<string, string> = {}, signal: AbortSignal | null = null) =>
    fetch(front.url, {
      method: 'POST',
      signal,
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    });
  const get = (query: string, headers: Record<string, string> = {}, more = '') =>
    fetch(`${front.url}?query=${encodeURIComponent(query)}${more}`, {
      headers: { 'apollo-require-preflight': 'yes', ...headers },
    });
  const tokenFor = async (role: Role, subject = 'ada', lifetimeSeconds = 600) =>
    `Bearer ${await signToken(keys, { subject, role, lifetimeSeconds })}`;

  const base = front.url.replace('/graphql', '');
  return { front, engine, ...controls, logged, post, get, read, tokenFor, base, keys };
};

/** A front as the fixture starts it. */
export type FixtureFront = Awaited<ReturnType<typeof startFixtureFront>>;
