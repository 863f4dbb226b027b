import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createGate } from './engine-fixture.ts';
import { type FixtureFront, startFixtureFront } from './front-fixture.ts';
import { type AnswerStore, canonical, type Kept } from './kept-answers.ts';

let kept: Map<string, Kept>;
let moment: number;
let it: FixtureFront;

const answers: AnswerStore = {
  read: (key) => kept.get(key),
  moment: () => moment,
  write: (key, one, { since }) => {
    if (since === moment) kept.set(key, one);
  },
};

beforeEach(async () => {
  kept = new Map();
  moment = 0;
  it = await startFixtureFront({ answers });
});

afterEach(async () => {
  it.slow.answer.open();
  await it.front.stop();
});

const as = async (role: 'guest' | 'customer' | 'admin', subject: string) => ({
  authorization: await it.tokenFor(role, subject),
});
const headersOf = ({ headers }: Response, ...names: string[]) => names.map((name) => headers.get(name));

describe('an answer that all may see', () => {
  test('says how long and what it differs by, and is run once', async () => {
    const first = await it.get('{ product }');
    expect(headersOf(first, 'cache-control', 'vary')).toEqual([
      'public, max-age=60',
      'accept, accept-encoding',
    ]);
    expect(first.headers.get('etag')).toMatch(/^"[\w-]{27}"$/);
    const second = await it.get('{ product }');
    expect(await second.text()).toBe(await first.text());
    expect(second.headers.get('etag')).toBe(first.headers.get('etag'));
    expect(it.runs()).toBe(1);
  });

  test('is the same for guests, and run once for all of them', async () => {
    await it.get('{ product }');
    const guest = await it.get('{ product }', await as('guest', 'eve'));
    expect(headersOf(guest, 'cache-control', 'vary')).toEqual([
      'public, max-age=60',
      'accept, accept-encoding',
    ]);
    await it.get('{ product }', await as('guest', 'mallory'));
    expect(it.runs()).toBe(1);
  });

  test('is 304 to who has it, without running anything', async () => {
    const tag = (await it.get('{ product }')).headers.get('etag') ?? '';
    const weak = `W/${tag}`;
    for (const given of [tag, weak, `"other", ${tag}`, '*', tag.replace(/"$/, '-br"')]) {
      const { statusCode, headers, body } = await request(`${it.front.url}?query={product}`, {
        headers: { 'if-none-match': given, 'apollo-require-preflight': 'yes' },
      });
      expect([statusCode, await body.text()]).toEqual([304, '']);
      expect(headers).toMatchObject({
        etag: tag,
        'cache-control': expect.stringMatching(/^public, max-age=/),
      });
    }
    expect((await it.get('{ product }', { 'if-none-match': '"other"' })).status).toBe(200);
    expect(it.runs()).toBe(2);
  });

  test('is packed once, under a tag of its own', async () => {
    const ask = (encoding: string) =>
      request(`${it.front.url}?query={long(bytes:5000)}`, {
        headers: { 'accept-encoding': encoding, 'apollo-require-preflight': 'yes' },
      });
    const { headers, body } = await ask('gzip, br;q=0.5');
    expect(headers['content-encoding']).toBe('gzip');
    expect(headers['etag']).toMatch(/-gzip"$/);
    expect(gunzipSync(await body.arrayBuffer()).toString()).toContain('xxxxx');
    expect((await ask('br')).headers['etag']).toMatch(/-br"$/);
    expect((await ask('identity')).headers['content-encoding']).toBeUndefined();
    expect((await ask('gzip;q=0, br;q=0')).headers['content-encoding']).toBeUndefined();
    expect([...kept.values()].map(({ packed }) => Object.keys(packed).sort())).toEqual([['br', 'gzip']]);
    expect(it.runs()).toBe(1);
  });

  test('is shared by strangers alone: who has a token may be told more of the same', async () => {
    const query = '{ secret }';
    const staff = await it.get(query, await as('admin', 'ada'));
    expect(await it.read(staff)).toEqual({ data: { secret: 'for staff' } });
    expect(headersOf(staff, 'cache-control', 'vary')).toEqual([
      'private, max-age=60',
      'accept, accept-encoding, authorization',
    ]);
    const stranger = await it.get(query);
    expect(await it.read(stranger)).toMatchObject({ data: { secret: null } });
    expect(stranger.headers.get('cache-control')).toBe('no-store');
    await it.get('{ product }');
    await it.get('{ product }');
    await it.get('{ product }', await as('customer', 'bob'));
    await it.get('{ product }', await as('customer', 'bob'));
    expect(it.runs()).toBe(4);
  });

  test('is not kept when a fact came while it was run', async () => {
    const running = it.get('{ slow }');
    await it.slow.entered.opened;
    moment += 1;
    it.slow.answer.open();
    expect((await running).status).toBe(200);
    expect(kept.size).toBe(0);
    await it.get('{ slow }');
    expect(kept.size).toBe(1);
  });

  test('is run again when its time is over', async () => {
    await it.get('{ product }');
    for (const [key, one] of kept) kept.set(key, { ...one, freshUntil: Date.now() - 1 });
    await it.get('{ product }');
    expect(it.runs()).toBe(2);
  });
});

describe('an answer for one viewer', () => {
  test('reaches no other, nor the same one with other rights', async () => {
    const query = '{ cart }';
    const ada = await it.get(query, await as('customer', 'ada'));
    expect(headersOf(ada, 'cache-control', 'vary')).toEqual([
      'private, max-age=10',
      'accept, accept-encoding, authorization',
    ]);
    const others = [await as('customer', 'bob'), await as('admin', 'ada'), {}, await as('guest', 'eve')];
    const carts = await Promise.all(
      others.map(async (headers) => (await it.read(await it.get(query, headers))).data),
    );
    expect(carts).toEqual([
      { cart: 'cart of customer:bob' },
      { cart: 'cart of staff:ada' },
      { cart: 'cart of anonymous' },
      { cart: 'cart of guest:eve' },
    ]);
    await it.get(query, await as('customer', 'ada'));
    expect(it.runs()).toBe(5);
  });
});

describe('an answer that nobody may keep', () => {
  test.each(['{ hello }', '{ product fails }', '{ product who }', 'query { breaks: product }', '{'])(
    '%s is not kept',
    async (query) => {
      const answer = await it.get(query);
      expect(headersOf(answer, 'cache-control', 'etag')).toEqual(['no-store', null]);
      expect(kept.size).toBe(0);
    },
  );
});

test('what a graph answers that was replaced meanwhile is not kept', async () => {
  let { engine } = it;
  const [entered, reloaded] = [createGate(), createGate()];
  const operation = async () => {
    entered.open();
    await reloaded.opened;
    return null;
  };
  const { front, get } = await startFixtureFront({ answers, engine: () => engine, guards: { operation } });
  const asking = get('{ product }');
  await entered.opened;
  engine = { ...engine };
  reloaded.open();
  expect((await asking).status).toBe(200);
  expect(kept.size).toBe(0);
  await get('{ product }');
  expect(kept.size).toBe(1);
  await front.stop();
});

describe('the name an answer is kept under', () => {
  const query = 'query ($bytes: Int!) { long(bytes: $bytes) product }';

  test('is one for equal variables however they are written', async () => {
    const ask = (variables: string) => it.get(query, {}, `&variables=${encodeURIComponent(variables)}`);
    await ask('{"bytes":1}');
    await ask('{ "other": 2, "bytes": 1.0 }');
    expect(it.runs()).toBe(1);
    await ask('{"bytes":2}');
    expect(it.runs()).toBe(2);
  });

  test('differs for values that differ, whatever their names are', () => {
    const values = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(values, values, (one, other) => {
        expect(canonical(one) === canonical(other)).toBe(isEqual(one, other));
        expect(JSON.parse(canonical(one))).toEqual(JSON.parse(JSON.stringify(one)));
      }),
    );
    expect(canonical(JSON.parse('{"__proto__":{"a":1}}'))).toBe('{"__proto__":{"a":1}}');
  });
});

const isEqual = (one: unknown, other: unknown): boolean => {
  try {
    expect(JSON.parse(JSON.stringify(one))).toEqual(JSON.parse(JSON.stringify(other)));
    return true;
  } catch {
    return false;
  }
};
