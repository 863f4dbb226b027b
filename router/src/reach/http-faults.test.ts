import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpTransportOptions, httpTransport } from './http-transport.ts';
import { ask, createGate, createLines, nobody } from './reach-fixture.ts';
import type { SubgraphAnswer, Transport } from './transport.ts';

type Answer = (response: ServerResponse, request: IncomingMessage, body: string) => void;

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const json = 'application/graphql-response+json; charset=utf-8';
const well: Answer = (response) => {
  response.writeHead(200, { 'content-type': json }).end('{"data":{"who":"me"}}');
};
const says =
  (status: number, type: string, body: string | Buffer, headers = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': type, ...headers }).end(body);
  };

/** A server that answers each request as the next in the list says, and as the last from then on. */
const serve = async (...answers: Answer[]) => {
  const requests: { request: IncomingMessage; body: string }[] = [];
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    requests.push({ request, body });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(response, request, body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  stops.push(stop);
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/graphql?as=router`;
  return {
    url,
    port,
    requests,
    stop,
    answerNext: (...next: Answer[]) => answers.splice(0, answers.length, ...next),
  };
};

const reach = (url: string, options: Partial<HttpTransportOptions> = {}) => {
  const { log, lines } = createLines();
  const transport = httpTransport({ name: 'boxes', url, log, retryDelayMs: () => 0, ...options });
  stops.push(transport.close);
  return { transport, lines };
};

const fetch = (transport: Transport, more = {}, kind: 'query' | 'mutation' = 'query') =>
  transport.fetch(ask(kind === 'query' ? '{ who }' : 'mutation { boxSave }', kind), { a: 1 }, nobody(more));

const codeOf = ({ errors, data }: SubgraphAnswer) => {
  expect(data ?? null).toBeNull();
  expect(errors).toHaveLength(1);
  expect(errors?.[0]?.message).toContain('boxes');
  expect(errors?.[0]?.message).not.toMatch(/127\.0|ECONN|UND_ERR|socket|main\.ts/);
  return errors?.[0]?.extensions?.['code'];
};

describe('what a subgraph is told', () => {
  it('is the operation, the token, the id and the time that is left', async () => {
    const { url, requests } = await serve(well);
    const { transport } = reach(url, { timeoutMs: 60_000 });
    expect(await fetch(transport, { token: 'abc.def' })).toEqual({ data: { who: 'me' } });
    const [{ request, body } = expect.fail()] = requests;
    expect(JSON.parse(body)).toEqual({ query: '{ who }', variables: { a: 1 } });
    expect(request).toMatchObject({ method: 'POST', url: '/graphql?as=router' });
    expect(request.headers).toMatchObject({
      'content-type': 'application/json',
      'x-request-id': 'request-1',
      authorization: 'Bearer abc.def',
    });
    expect(request.headers).not.toHaveProperty('accept-encoding');
    const remainingMs = Number(request.headers['x-deadline-ms']);
    expect(remainingMs).toBeGreaterThan(1_000);
    expect(remainingMs).toBeLessThanOrEqual(10_000);
  });

  it('says nothing of a token where there is none', async () => {
    const { url, requests } = await serve(well);
    await fetch(reach(url).transport);
    expect(requests[0]?.request.headers).not.toHaveProperty('authorization');
  });

  it('goes over connections that are kept', async () => {
    const { url, requests } = await serve(well);
    const { transport } = reach(url);
    for (let count = 0; count < 10; count += 1) await fetch(transport);
    // Undici opens a second when the next request is there before it has closed its books on the last one.
    expect(new Set(requests.map(({ request }) => request.socket.remotePort)).size).toBeLessThanOrEqual(2);
  });
});

describe('packed answers', () => {
  const text = '{"data":{"who":"me"}}';
  it.each([
    ['gzip', gzipSync(text)],
    ['br', brotliCompressSync(text)],
  ])('are taken as %s', async (encoding, body) => {
    const { url, requests } = await serve(says(200, json, body, { 'content-encoding': encoding }));
    const { transport } = reach(url, { acceptsPacked: true });
    expect(await fetch(transport)).toEqual({ data: { who: 'me' } });
    expect(requests[0]?.request.headers['accept-encoding']).toBe('gzip, br');
  });

  it('are not unpacked to more than is taken', async () => {
    const bomb = gzipSync(`{"data":{"who":"${'x'.repeat(1_000_000)}"}}`);
    const { url } = await serve(says(200, json, bomb, { 'content-encoding': 'gzip' }));
    const { transport } = reach(url, { maxAnswerBytes: 100_000 });
    expect(codeOf(await fetch(transport))).toBe('SUBGRAPH_GARBAGE');
  });
});

describe('garbage', () => {
  it.each<[string, Answer]>([
    ['no JSON', says(200, json, 'Hello')],
    ['half an answer', says(200, json, '{"data":{"who":"m')],
    ['nothing', says(200, json, '')],
    ['a list', says(200, json, '[]')],
    ['neither data nor errors', says(200, json, '{}')],
    ['null without an error', says(200, json, '{"data":null}')],
    ['data that is no object', says(200, json, '{"data":"who"}')],
    ['errors that are no list', says(200, json, '{"data":{},"errors":"many"}')],
    ['errors that are no objects', says(200, json, '{"errors":["one"]}')],
    ['another content type', says(200, 'text/html', '{"data":{"who":"me"}}')],
    ['a page about a failure', says(500, 'text/html', '<h1>Internal Server Error</h1><pre>at main.ts</pre>')],
    ['the way to somewhere else', says(302, 'text/html', '', { location: 'http://127.0.0.1/' })],
    ['text that is not UTF-8', says(200, json, Buffer.from('{"data":{"who":"\xff"}}', 'latin1'))],
    ['a packing nobody knows', says(200, json, '{"data":{}}', { 'content-encoding': 'zip' })],
    ['a packing that is none', says(200, json, '{"data":{}}', { 'content-encoding': 'gzip' })],
    ['too much', says(200, json, `{"data":{"who":"${'x'.repeat(200_000)}"}}`)],
  ])('such as %s is no answer, and is not asked for again', async (_what, answer) => {
    const { url, requests } = await serve(answer);
    const { transport, lines } = reach(url, { maxAnswerBytes: 100_000 });
    expect(codeOf(await fetch(transport))).toBe('SUBGRAPH_GARBAGE');
    expect(requests).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level: 'warn', subgraph: 'boxes', requestId: 'request-1' });
  });

  it('is not an answer that a subgraph gives with a status of failure', async () => {
    const body = '{"errors":[{"message":"Sign in.","extensions":{"code":"UNAUTHENTICATED"}}]}';
    const { url } = await serve(says(401, json, body), says(500, 'application/json', body));
    const { transport } = reach(url);
    expect(await fetch(transport)).toEqual(JSON.parse(body));
    expect(await fetch(transport)).toEqual(JSON.parse(body));
  });
});

/** Where requests stop on their way: what of an answer is sent before nothing more comes. */
const hangs: Record<string, Answer> = {
  'hanging headers': (response) => response.socket?.write('HTTP/1.1 200 OK\r\ncontent-'),
  'a slow body': (response) => response.writeHead(200, { 'content-type': json }).write('{"data":'),
  'no answer at all': () => undefined,
};

describe('a subgraph that hangs', () => {
  it.each(Object.entries(hangs))('with %s is waited for as long as it has', async (_how, answer) => {
    const { url, requests } = await serve(answer);
    expect(codeOf(await fetch(reach(url, { timeoutMs: 50 }).transport))).toBe('SUBGRAPH_TIMEOUT');
    expect(requests).toHaveLength(1);
    const { transport } = reach(url);
    expect(codeOf(await fetch(transport, { deadlineAt: Date.now() + 50 }))).toBe('DEADLINE_EXCEEDED');
  });

  it('is left: its connection is closed, so that it can stop as well', async () => {
    const closed = createGate();
    const { url } = await serve((_response, request) => request.socket.once('close', closed.open));
    await fetch(reach(url, { timeoutMs: 50 }).transport);
    await closed.opened;
  });

  it('is waited for by a mutation for as long as its caller has', async () => {
    const { url } = await serve((response) => response.socket?.write('HTTP/1.1 '));
    const { transport } = reach(url, { timeoutMs: 1 });
    const answer = await fetch(transport, { deadlineAt: Date.now() + 100 }, 'mutation');
    expect(codeOf(answer)).toBe('DEADLINE_EXCEEDED');
    expect(answer.errors?.[0]?.message).toContain('idempotencyKey');
  });
});

const cuts: Record<string, Answer> = {
  'before the answer': (response) => response.socket?.destroy(),
  'in the middle of its head': (response) => response.socket?.end('HTTP/1.1 200 OK\r\ncontent-'),
  'in the middle of its body': (response) => {
    response.writeHead(200, { 'content-type': json, 'content-length': '21' });
    response.write('{"data":', () => response.socket?.destroy());
  },
  'after words that are not HTTP': (response) => response.socket?.end('Hello\r\n\r\n'),
};

describe('a query that fails on its way', () => {
  it.each(Object.entries(cuts))('cut %s is asked again', async (_where, cut) => {
    const { url, requests } = await serve(cut, cut, well);
    expect(await fetch(reach(url).transport)).toEqual({ data: { who: 'me' } });
    expect(requests).toHaveLength(3);
  });

  it.each([502, 503, 504])('with %i is asked again', async (status) => {
    const { url, requests } = await serve(says(status, 'text/html', '<h1>Bad</h1>'), well);
    expect(await fetch(reach(url).transport)).toEqual({ data: { who: 'me' } });
    expect(requests).toHaveLength(2);
  });

  it('is asked three times at most', async () => {
    const { url, requests } = await serve(says(503, 'text/html', ''));
    expect(codeOf(await fetch(reach(url).transport))).toBe('SUBGRAPH_UNREACHABLE');
    expect(requests).toHaveLength(3);
  });

  it('is not asked again when the time would be up by then', async () => {
    const { url, requests } = await serve(says(503, 'text/html', ''));
    const { transport } = reach(url, { retryDelayMs: () => 60_000 });
    expect(codeOf(await fetch(transport))).toBe('SUBGRAPH_UNREACHABLE');
    expect(requests).toHaveLength(1);
  });

  it('finds nobody there', async () => {
    const { url, stop } = await serve(well);
    await stop();
    const { transport, lines } = reach(url);
    expect(codeOf(await fetch(transport))).toBe('SUBGRAPH_UNREACHABLE');
    expect(lines[0]?.['reason']).toContain('ECONNREFUSED');
    await expect(transport.isReady()).rejects.toThrow('The subgraph boxes cannot be reached.');
  });
});

describe('a mutation', () => {
  it.each([...Object.entries(cuts), ['with 503', says(503, 'text/html', '')] as const])(
    'cut %s is never asked again, and its caller is told how to find out',
    async (_where, answer) => {
      const { url, requests } = await serve(answer, well);
      const failed = await fetch(reach(url).transport, {}, 'mutation');
      expect(codeOf(failed)).toBe('SUBGRAPH_UNREACHABLE');
      expect(failed.errors?.[0]?.message).toContain('idempotencyKey');
      expect(requests).toHaveLength(1);
    },
  );
});

describe('a closed way', () => {
  it('leads nowhere', async () => {
    const { url, requests } = await serve(well);
    const { transport } = reach(url);
    await transport.close();
    expect(codeOf(await fetch(transport))).toBe('SUBGRAPH_UNREACHABLE');
    expect(requests).toHaveLength(0);
  });
});

describe('the breaker', () => {
  const setUp = async (...answers: Answer[]) => {
    const clock = { now: 0 };
    const server = await serve(...answers);
    const breaker = { maxFailures: 3, openMs: 1_000 };
    return { ...server, ...reach(server.url, { breaker, now: () => clock.now }), clock };
  };
  const ill = says(500, 'text/html', 'no');

  it('opens after failures in a row, and then answers at once', async () => {
    const { transport, requests, lines } = await setUp(ill);
    for (let count = 0; count < 3; count += 1)
      expect(codeOf(await fetch(transport))).toBe('SUBGRAPH_GARBAGE');
    for (let count = 0; count < 5; count += 1) expect(codeOf(await fetch(transport))).toBe('SUBGRAPH_BROKEN');
    expect(requests).toHaveLength(3);
    expect(lines.filter(({ message }) => message === 'A subgraph is left alone.')).toHaveLength(1);
  });

  it('stays closed while some of them succeed', async () => {
    const { transport } = await setUp(ill, ill, well, ill, ill, well);
    for (let count = 0; count < 6; count += 1) await fetch(transport);
    expect(await fetch(transport)).toEqual({ data: { who: 'me' } });
  });

  it('lets one through when its time is over, and heals with its success', async () => {
    const held = createGate();
    const server = await setUp(ill);
    const { transport, clock, requests } = server;
    for (let count = 0; count < 3; count += 1) await fetch(transport);
    server.answerNext(
      (response) =>
        void held.opened.then(() =>
          response.writeHead(200, { 'content-type': json }).end('{"data":{"who":"me"}}'),
        ),
    );
    clock.now = 1_000;
    const probe = fetch(transport);
    expect(codeOf(await fetch(transport))).toBe('SUBGRAPH_BROKEN');
    held.open();
    expect(await probe).toEqual({ data: { who: 'me' } });
    expect(await fetch(transport)).toEqual({ data: { who: 'me' } });
    expect(requests).toHaveLength(5);
  });

  it('opens again when that one fails', async () => {
    const { transport, clock, requests } = await setUp(ill);
    for (let count = 0; count < 3; count += 1) await fetch(transport);
    clock.now = 1_000;
    expect(codeOf(await fetch(transport))).toBe('SUBGRAPH_GARBAGE');
    clock.now = 1_999;
    expect(codeOf(await fetch(transport))).toBe('SUBGRAPH_BROKEN');
    expect(requests).toHaveLength(4);
  });

  it('is not opened by callers whose own time is too short', async () => {
    const { transport, answerNext } = await setUp(() => undefined);
    for (let count = 0; count < 4; count += 1) {
      expect(codeOf(await fetch(transport, { deadlineAt: Date.now() + 20 }))).toBe('DEADLINE_EXCEEDED');
    }
    answerNext(well);
    expect(await fetch(transport)).toEqual({ data: { who: 'me' } });
  });
});
