import { connect } from 'node:net';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { refuse } from '../run/answer.ts';
import { type FixtureFront, startFixtureFront } from './front-fixture.ts';

let it: FixtureFront;
const closers: (() => unknown)[] = [];

beforeEach(async () => {
  it = await startFixtureFront();
});

afterEach(async () => {
  it.slow.answer.open();
  for (const close of closers.splice(0)) await close();
  await it.front.stop();
});

const another = async (options: Parameters<typeof startFixtureFront>[0]) => {
  const front = await startFixtureFront(options);
  closers.push(front.front.stop);
  return front;
};

/** What the server writes to these bytes, until it ends the connection. */
const speak = (port: number, text: string): Promise<string> =>
  new Promise((resolve) => {
    let heard = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => {
      heard += chunk;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(heard));
  });

describe('an operation', () => {
  test('is answered by POST and by GET', async () => {
    const query = 'query ($name: String) { hello(name: $name) }';
    const posted = await it.post({ query, variables: { name: 'Ada' } });
    expect(await it.read(posted)).toEqual({ data: { hello: 'Hello Ada' } });
    const got = await it.get(query, {}, `&variables=${encodeURIComponent('{"name":"Zoë & co"}')}`);
    expect(await it.read(got)).toEqual({ data: { hello: 'Hello Zoë & co' } });
    expect(got.headers.get('x-powered-by')).toBeNull();
    expect(got.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('that changes something is not run by GET', async () => {
    const answer = await it.get('mutation { add }');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    expect(it.runs()).toBe(0);
  });

  test.each([
    ['{ hello', 'GRAPHQL_PARSE_FAILED'],
    ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['query ($n: String!) { hello(name: $n) }', 'BAD_USER_INPUT'],
    ['query A { hello } query B { hello }', 'OPERATION_RESOLUTION_FAILURE'],
    ['subscription { count(to: 1) }', 'BAD_REQUEST'],
  ])('that is wrong is refused with its code: %s', async (query, code) => {
    const answer = await it.post({ query });
    expect(answer.status).toBe(400);
    expect((await it.read(answer)).errors[0].extensions['code']).toBe(code);
  });

  test('that fails in part has status 200 in both media types', async () => {
    for (const accept of ['application/json', 'application/graphql-response+json']) {
      const answer = await it.post({ query: '{ fails hello }' }, { accept });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe(`${accept}; charset=utf-8`);
      expect(await it.read(answer)).toMatchObject({ data: { fails: null, hello: 'Hello you' } });
    }
  });

  test('that breaks us is told by its id alone', async () => {
    const answer = await it.post({ query: '{ breaks }' }, { 'x-request-id': 'r-77' });
    expect([answer.status, answer.headers.get('x-request-id')]).toEqual([500, 'r-77']);
    const text = await answer.text();
    expect(text).toContain('r-77');
    expect(text).not.toContain('secrets');
    expect(it.logged).toMatchObject([{ level: 'error', requestId: 'r-77' }]);
  });

  test('runs as the viewer of its token; a token that does not hold is refused', async () => {
    const asAda = await it.post({ query: '{ who }' }, { authorization: await it.tokenFor('admin') });
    expect((await it.read(asAda)).data).toEqual({ who: 'staff:ada' });
    for (const authorization of ['Bearer nonsense', 'Basic YTpi', await it.tokenFor('admin', 'ada', -60)]) {
      const refused = await it.post({ query: '{ who }' }, { authorization, accept: 'application/json' });
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toContain('invalid_token');
      expect((await it.read(refused)).errors[0].extensions['code']).toBe('UNAUTHENTICATED');
    }
  });

  test('is refused by a guard before it runs, with the headers of the refusal', async () => {
    const slower = refuse(429, [{ message: 'Slower.', extensions: { code: 'RATE_LIMITED' } }]);
    const seen: unknown[] = [];
    const { post } = await another({
      guards: {
        operation: ({ name }, values, { client, address }) => {
          seen.push([name, values, client, address]);
          return { ...slower, headers: { 'retry-after': '3' } };
        },
      },
    });
    const headers = { 'apollographql-client-name': 'web', 'apollographql-client-version': '1.2.0' };
    const answer = await post({ query: 'query Hi($n: String = "x") { hello(name: $n) }' }, headers);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '3']);
    expect(seen).toEqual([['Hi', { n: 'x' }, { name: 'web', version: '1.2.0' }, '127.0.0.1']]);
  });
});

describe('a batch', () => {
  const batch = [{ query: '{ hello }' }, { query: '{' }, { query: 'subscription { count(to: 1) }' }];

  test('is answered in its order, each operation for itself', async () => {
    const answers = (await (await it.post(batch)).json()) as unknown[];
    expect(answers).toMatchObject([
      { data: { hello: 'Hello you' } },
      { errors: [{ extensions: { code: 'GRAPHQL_PARSE_FAILED' } }] },
      { errors: [{ extensions: { code: 'BAD_REQUEST' } }] },
    ]);
  });

  test('is bounded, and refused in production', async () => {
    const many = Array.from({ length: 11 }, () => ({ query: '{ hello }' }));
    const tooMany = await it.post(many);
    expect(tooMany.status).toBe(400);
    const limit = { code: 'LIMIT_EXCEEDED', limit: 'batch', allowed: 10, asked: 11 };
    expect((await it.read(tooMany)).errors[0].extensions).toEqual(limit);
    const { post } = await another({ production: true });
    expect((await post(batch)).status).toBe(400);
  });
});

describe('a page of another site', () => {
  test('cannot send what a browser sends without asking', async () => {
    const bare = (headers: Record<string, string>) => fetch(`${it.front.url}?query={hello}`, { headers });
    expect((await bare({})).status).toBe(400);
    expect((await bare({ 'sec-fetch-site': 'cross-site' })).status).toBe(400);
    for (const proof of ['apollo-require-preflight', 'x-apollo-operation-name']) {
      expect((await bare({ [proof]: 'yes' })).status).toBe(200);
    }
    for (const type of ['text/plain', 'TEXT/PLAIN;charset=utf-8', 'multipart/form-data; boundary=x']) {
      expect((await it.post('{"query":"{ hello }"}', { 'content-type': type })).status).toBe(400);
    }
    expect(it.runs()).toBe(2);
  });

  test('may read answers only when its origin is listed', async () => {
    const origin = 'https://shop.example';
    const { front, post } = await another({ origins: [origin] });
    const ask = (from: string) =>
      fetch(front.url, {
        method: 'OPTIONS',
        headers: {
          origin: from,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type',
        },
      });
    const preflight = await ask(origin);
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization,content-type');
    expect((await ask('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
    const answer = await post({ query: '{ hello }' }, { origin });
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    expect(answer.headers.get('vary')).toContain('origin');
    const foreign = await post({ query: '{ hello }' }, { origin: 'https://evil.example' });
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
    expect(foreign.headers.get('vary')).toContain('origin');
    const closed = await it.post({ query: '{ hello }' }, { origin });
    expect(closed.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('the server', () => {
  test.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ] as const)('packs a large answer with %s, and a small one not at all', async (encoding, unpack) => {
    const ask = (bytes: number) =>
      new Promise<{ head: string; body: Buffer }>((resolve) => {
        const body = JSON.stringify({ query: `{ echo(text: "${'x'.repeat(bytes)}") }` });
        const chunks: Buffer[] = [];
        const socket = connect(it.front.port, '127.0.0.1', () =>
          socket.write(
            `POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\naccept-encoding: ${encoding}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
          ),
        );
        socket.on('data', (chunk: Buffer) => chunks.push(chunk));
        socket.on('end', () => {
          const all = Buffer.concat(chunks);
          const at = all.indexOf('\r\n\r\n');
          resolve({ head: all.subarray(0, at).toString(), body: all.subarray(at + 4) });
        });
      });
    const large = await ask(5_000);
    expect(large.head).toContain(`content-encoding: ${encoding}`);
    expect(large.body.length).toBeLessThan(200);
    expect(JSON.parse(unpack(large.body).toString())).toEqual({ data: { echo: 'x'.repeat(5_000) } });
    expect((await ask(10)).head).not.toContain('content-encoding');
  });

  test('ends a request whose body does not come, and one whose head is too large', async () => {
    const { front } = await another({ limits: { requestTimeoutMs: 200 } });
    const head =
      'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n';
    expect(await speak(front.port, `${head}\r\n{"query":`)).toContain('408 Request Timeout');
    expect(await speak(front.port, `${head}x-flood: ${'x'.repeat(17_000)}\r\n\r\n`)).toContain('431 ');
  });

  test('says where the graph is to who asks elsewhere, and takes no other method', async () => {
    expect((await fetch(`${it.base}/nowhere`)).status).toBe(404);
    expect((await fetch(it.front.url, { method: 'PATCH' })).status).toBe(405);
    expect((await it.get('{ hello }', { accept: 'image/png' })).status).toBe(406);
  });

  test('is live, and ready when nothing is amiss', async () => {
    expect((await fetch(`${it.base}/health/live`)).status).toBe(200);
    expect((await fetch(`${it.base}/health/ready`)).status).toBe(200);
    const { base } = await another({ notReady: async () => [{ name: 'product', reason: 'Gone.' }] });
    const ready = await fetch(`${base}/health/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ notReady: [{ name: 'product', reason: 'Gone.' }] });
  });

  test('finishes what is under way when it stops, and takes nothing new', async () => {
    const running = it.post({ query: '{ slow }' });
    await it.slow.entered.opened;
    const stopping = it.front.stop();
    const refused = await new Promise<NodeJS.ErrnoException>((done) =>
      connect(it.front.port, '127.0.0.1').once('error', done),
    );
    expect(refused.code).toBe('ECONNREFUSED');
    it.slow.answer.open();
    const answer = await running;
    expect(answer.headers.get('connection')).toBe('close');
    expect((await it.read(answer)).data).toEqual({ slow: 'at last' });
    await stopping;
  });

  test('hands WebSockets on for its path alone', async () => {
    const taken: string[] = [];
    const sockets = {
      take: (request: { url?: string | undefined }, socket: { end: (text: string) => void }) => {
        taken.push(request.url ?? '');
        socket.end('HTTP/1.1 101 Mine\r\n\r\n');
      },
      stop: async () => undefined,
    };
    const { front } = await another({ sockets });
    const upgrade = (path: string) =>
      speak(
        front.port,
        `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`,
      );
    expect(await upgrade('/graphql?x=1')).toContain('101 Mine');
    expect(await upgrade('/other')).toContain('404');
    expect(taken).toEqual(['/graphql?x=1']);
  });
});
