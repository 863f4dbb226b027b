import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FixtureFront, startFixtureFront } from './front-fixture.ts';

let it: FixtureFront;

beforeAll(async () => {
  it = await startFixtureFront();
});

afterAll(() => it.front.stop());

const linked = /(?:(?: src| href)=|^(?:im|ex)port .* from )["'](?!data:)([^"']+)["']/gm;

/** Follows every address in a page and in the modules it loads. */
const follow = async (url: string, seen = new Set<string>()): Promise<ReadonlySet<string>> => {
  if (seen.has(url)) return seen;
  seen.add(url);
  const answer = await fetch(url);
  expect([url, answer.status]).toEqual([url, 200]);
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  const text = await answer.text();
  // The libraries are one file each; what looks like an address in them is text.
  if (url.includes('.min.')) return seen;
  for (const [, address = ''] of text.matchAll(linked)) await follow(new URL(address, url).href, seen);
  return seen;
};

test('GraphiQL is served with all it loads, from here alone', async () => {
  const seen = await follow(`${it.base}/graphiql`);
  expect([...seen].every((url) => url.startsWith(`${it.base}/graphiql`))).toBe(true);
  expect([...seen].map((url) => url.slice(it.base.length).replace(/common-[\w-]+/, 'common'))).toEqual([
    '/graphiql',
    '/graphiql/graphiql.min.css',
    '/graphiql/page.css',
    '/graphiql/react.production.min.js',
    '/graphiql/react-dom.production.min.js',
    '/graphiql/graphiql.min.js',
    '/graphiql/page.js',
    '/graphiql/graphql-ws/client.js',
    '/graphiql/graphql-ws/common.js',
  ]);
});

test('the browser is told to load nothing from elsewhere either', async () => {
  const { headers } = await fetch(`${it.base}/graphiql`);
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'self'");
  expect(policy).not.toMatch(/https?:|unsafe-eval|script-src/);
});

test.each([
  '/graphiql/package.json',
  '/graphiql/../package.json',
  '/graphiql/..%2f',
  '/graphiqlx',
  '/graphiql/',
])('there is nothing at %s', async (path) => {
  expect((await fetch(`${it.base}${path}`)).status).toBe(404);
});

test('it is not there in production', async () => {
  const { front, base } = await startFixtureFront({ production: true });
  expect((await fetch(`${base}/graphiql`)).status).toBe(404);
  expect((await fetch(`${base}/graphiql/graphiql.min.js`)).status).toBe(404);
  await front.stop();
});
