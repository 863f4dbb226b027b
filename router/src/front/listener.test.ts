import { connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { startFixtureFront } from './front-fixture.ts';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const start = async (options: Parameters<typeof startFixtureFront>[0]) => {
  const it = await startFixtureFront(options);
  closers.push(() => it.front.stop());
  return it;
};

const session = (url: string) => {
  const made = connectHttp2(url, { rejectUnauthorized: false });
  made.on('error', () => undefined);
  closers.push(() => made.destroy());
  return made;
};

const ask = (
  over: ReturnType<typeof session>,
  body: string,
  headers: Record<string, string> = {},
): Promise<{ status: unknown; headers: Record<string, unknown>; text: string }> =>
  new Promise((resolve, reject) => {
    const stream = over.request({
      ':method': 'POST',
      ':path': '/graphql',
      'content-type': 'application/json',
      ...headers,
    });
    let text = '';
    let head: Record<string, unknown> = {};
    stream.setEncoding('utf8');
    stream.on('response', (given) => {
      head = given;
    });
    stream.on('data', (chunk) => {
      text += chunk;
    });
    stream.on('end', () => resolve({ status: head[':status'], headers: head, text }));
    stream.on('error', reject);
    stream.end(body);
  });

const hello = JSON.stringify({ query: '{ hello }' });
const greeted = '{"data":{"hello":"Hello you"}}\n';

describe('a port in the clear', () => {
  test('speaks HTTP/1.1 and HTTP/2 alike', async () => {
    const it = await start({ http2: 'cleartext' });
    expect(await (await it.post(hello)).text()).toBe(greeted);
    const over = session(it.base);
    const [one, other] = await Promise.all([ask(over, hello), ask(over, hello)]);
    expect([one.status, one.text, other.text]).toEqual([200, greeted, greeted]);
    expect(one.headers['x-request-id']).toMatch(/^[\w-]{36}$/);
  });

  test('refuses, streams and packs over HTTP/2 as over HTTP/1.1', async () => {
    const it = await start({ http2: 'cleartext' });
    const over = session(it.base);
    const tooLarge = await ask(over, JSON.stringify({ query: 'x'.repeat(1.6 * 1024 * 1024) }));
    expect([tooLarge.status, JSON.parse(tooLarge.text).errors[0].extensions.limit]).toEqual([
      413,
      'bodyBytes',
    ]);
    const query = JSON.stringify({ query: 'subscription { count(to: 2) }' });
    const events = await ask(over, query, { accept: 'text/event-stream' });
    expect(events.text).toContain('{"count":2}');
    const packed = await ask(over, JSON.stringify({ query: '{ long(bytes: 5000) }' }), {
      'accept-encoding': 'gzip',
    });
    expect(packed.headers['content-encoding']).toBe('gzip');
  });

  test('ends what says nothing, and requests that do not come to their end', async () => {
    const it = await start({ http2: 'cleartext', limits: { requestTimeoutMs: 200 } });
    const heard = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(it.front.port, '127.0.0.1', () => socket.write('POST /graphql HTTP/1.1\r\n'));
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('close', () => resolve(text));
    });
    expect(heard).toContain('408 Request Timeout');
  });

  test('finishes what is under way over HTTP/2 when it stops', async () => {
    const it = await start({ http2: 'cleartext' });
    const over = session(it.base);
    const running = ask(over, JSON.stringify({ query: '{ slow }' }));
    await it.slow.entered.opened;
    const ended = new Promise((resolve) => over.once('close', resolve));
    const stopping = it.front.stop();
    it.slow.answer.open();
    expect((await running).text).toBe('{"data":{"slow":"at last"}}\n');
    await Promise.all([stopping, ended]);
  });
});

/** Signed by itself for `localhost`, good for a hundred years, and of no use to anybody. */
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgikJKAwlwmh0lfBu/
AQKnvCSdqTkOyj7a99+cyIjncYmhRANCAASwa1p060vNrN6HH5sxpRXKR+o+NnlQ
7gJs3KfNMZRngeu1IezftNtlbScnIjrMP0Nc6t5dTzXMsPrFK09l7sjK
-----END PRIVATE KEY-----`;
const cert = `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUdeB9f6QIu68wmnIcuco7aq/psz8wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTExMDIxNFoYDzIxMjYxMDI4
MTEwMjE0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASwa1p060vNrN6HH5sxpRXKR+o+NnlQ7gJs3KfNMZRngeu1IezftNtl
bScnIjrMP0Nc6t5dTzXMsPrFK09l7sjKo1MwUTAdBgNVHQ4EFgQUGDEuByAaEYUh
XgdwGnGNSQI1lVswHwYDVR0jBBgwFoAUGDEuByAaEYUhXgdwGnGNSQI1lVswDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiAbg/59HXjNH25pX1A7pFhs
Bm5cpVb0TsmUX9To2r5oAgIhAK94iWcI14zyGv3NDUQnnWXNEGQfvTzmFjWKGeJA
Jol0
-----END CERTIFICATE-----`;

test('a port with a certificate speaks HTTP/2, and HTTP/1.1 to who knows no better', async () => {
  const it = await start({ http2: { key, cert } });
  expect(it.base).toMatch(/^https:/);
  expect((await ask(session(it.base), hello)).text).toBe(greeted);
  const heard = await new Promise<string>((resolve, reject) => {
    const asked = request(
      it.front.url,
      { method: 'POST', rejectUnauthorized: false, headers: { 'content-type': 'application/json' } },
      (answer) => answer.setEncoding('utf8').on('data', resolve),
    );
    asked.on('error', reject);
    asked.end(hello);
  });
  expect(heard).toBe(greeted);
});

test('a stop does not wait for a connection that has said nothing', async () => {
  const it = await startFixtureFront({ limits: { drainMs: 2 ** 31 - 1 } });
  const socket = connect(it.front.port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  // Its answer shows that the server has seen the connection before it.
  expect(await (await it.post(hello)).text()).toBe(greeted);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await Promise.all([it.front.stop(), closed]);
});

test('a body over HTTP/2 comes in time as well', async () => {
  const it = await start({ http2: 'cleartext', limits: { requestTimeoutMs: 100 } });
  const stream = session(it.base).request({
    ':method': 'POST',
    ':path': '/graphql',
    'content-type': 'application/json',
  });
  stream.write('{"query":');
  const head = await new Promise<Record<string, unknown>>((resolve) => stream.once('response', resolve));
  expect(head[':status']).toBe(408);
});
