import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FixtureFront, startFixtureFront } from './front-fixture.ts';

let it: FixtureFront;

beforeAll(async () => {
  it = await startFixtureFront();
});

afterAll(() => it.front.stop());

const hello = JSON.stringify({ query: '{ hello }' });
const greeted = { data: { hello: 'Hello you' } };
const packers = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };
const encodings = Object.entries(packers);

const errorOf = async (answer: Response) => {
  const { errors } = await it.read(answer);
  return { status: answer.status, ...errors[0].extensions, message: errors[0].message };
};

describe('a body', () => {
  test('of 1.5 MiB is taken, a larger one is refused with the limit', async () => {
    const answer = await it.post({ query: `{ hello } # ${'x'.repeat(1.4 * 1024 * 1024)}` });
    expect(await it.read(answer)).toEqual(greeted);
    const tooLarge = await errorOf(await it.post({ query: `{ hello } # ${'x'.repeat(1.6 * 1024 * 1024)}` }));
    const limit = { status: 413, code: 'LIMIT_EXCEEDED', limit: 'bodyBytes', allowed: 1_572_864 };
    expect(tooLarge).toMatchObject({ ...limit, message: expect.stringContaining('1.5 MiB') });
  });

  test('in pieces is bounded as well', async () => {
    const endless = async function* () {
      for (let piece = 0; piece < 40; piece++) yield Buffer.alloc(64 * 1024, 'x');
    };
    const answer = await fetch(it.front.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: endless(),
      duplex: 'half',
    });
    expect(answer.status).toBe(413);
  });

  test.each(encodings)('is unpacked from %s', async (encoding, pack) => {
    const answer = await it.post(pack(hello), { 'content-encoding': encoding });
    expect(await it.read(answer)).toEqual(greeted);
  });

  test.each(encodings)('that is a bomb of %s is refused before it is unpacked', async (encoding, pack) => {
    const bomb = pack(Buffer.alloc(50 * 1024 * 1024, ' '));
    expect(bomb.length).toBeLessThan(100_000);
    expect((await it.post(bomb, { 'content-encoding': encoding })).status).toBe(413);
  });

  test.each(encodings)('that is no %s, or half of one, is refused', async (encoding, pack) => {
    for (const bytes of [Buffer.from('nonsense'), pack(hello).subarray(0, 10)]) {
      expect((await it.post(bytes, { 'content-encoding': encoding })).status).toBe(400);
    }
  });

  test('in an unknown packing, type or charset is refused with what is taken', async () => {
    const packed = await it.post(hello, { 'content-encoding': 'zstd' });
    expect([packed.status, packed.headers.get('accept-encoding')]).toEqual([415, 'gzip, br, deflate']);
    expect((await it.post(hello, { 'content-type': 'application/xml' })).status).toBe(415);
    expect((await it.post(hello, { 'content-type': 'application/json; charset=latin1' })).status).toBe(415);
    const quoted = await it.post(hello, { 'content-type': 'Application/JSON; charset="UTF-8"' });
    expect(await it.read(quoted)).toEqual(greeted);
  });

  test('may begin with a byte order mark, and holds UTF-8 alone', async () => {
    expect(await it.read(await it.post(`\uFEFF${hello}`))).toEqual(greeted);
    const broken = Buffer.concat([
      Buffer.from('{"query":"{ hello } # '),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ]);
    expect((await it.post(broken)).status).toBe(400);
  });

  test('that nests without end costs nothing, wherever it nests', async () => {
    const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    const query = 'query ($name: String) { hello(name: $name) }';
    const limit = { status: 400, limit: 'jsonDepth', allowed: 32 };
    for (const name of ['variables', 'extensions']) {
      const body = `{"query":${JSON.stringify(query)},"${name}":{"name":${nested(200_000)}}}`;
      expect(await errorOf(await it.post(body))).toMatchObject(limit);
    }
    expect((await it.post(nested(200_000))).status).toBe(400);
    expect((await it.post(`{"query":${nested(200_000)}}`)).status).toBe(400);
  });

  test('cannot reach a prototype by its names', async () => {
    const query = 'query ($name: String) { hello(name: $name) }';
    const body = `{"query":${JSON.stringify(query)},"__proto__":{"variables":{"name":"evil"},"query":"{ who }"},"variables":{"__proto__":{"name":"evil"},"constructor":1}}`;
    expect(await it.read(await it.post(body))).toEqual(greeted);
    expect(({} as Record<string, unknown>)['name']).toBeUndefined();
    const inherited = await it.post('{"__proto__":{"query":"{ hello }"}}');
    expect(inherited.status).toBe(400);
  });

  test.each(['null', '1', '"{ hello }"', '[]', '[null]', '[[]]', '{}', '', '{"query":"{ hello }"'])(
    'that is no request is refused: %s',
    async (body) => {
      expect((await it.post(body)).status).toBe(400);
    },
  );
});

describe('an address', () => {
  test.each([
    ['variables=nonsense', 400],
    ['variables=[]', 400],
    ['variables=', 200],
    ['variables=null&operationName=', 200],
    ['extensions="x"', 400],
  ])('with %s is answered with %i', async (more, status) => {
    expect((await it.get('{ hello }', {}, `&${more}`)).status).toBe(status);
  });

  test('without an operation is refused', async () => {
    const headers = { 'apollo-require-preflight': 'yes' };
    for (const search of ['', '?', '?query', '?other=1', '?query=%E0%A4%A']) {
      expect((await fetch(`${it.front.url}${search}`, { headers })).status).toBe(400);
    }
  });
});
