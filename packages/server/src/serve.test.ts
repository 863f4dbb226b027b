import { connect } from 'node:net';
import { createClient } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Front } from './front.ts';
import { createNotes } from './notes-for-tests.ts';
import { serveSubgraph } from './serve.ts';
import { createKeys, type Keys, signToken } from './tokens.ts';

let keys: Keys;
let notes: ReturnType<typeof createNotes>;
let server: Front;
const closers: (() => unknown)[] = [];

beforeEach(async () => {
  keys = await createKeys();
  notes = createNotes();
  server = await serveSubgraph(notes.subgraph, { port: 0, keys, log: notes.log });
});

afterEach(async () => {
  notes.slow.answer.open();
  for (const close of closers.splice(0)) await close();
  await server.stop();
});

const base = () => server.url.replace('/graphql', '');

const send = (body: unknown, headers: Record<string, string> = {}) =>
  fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

type Answer = {
  data: { deadlineAt: number };
  errors: readonly [{ message: string; extensions: { code: string } }];
};

/** What a GraphQL client takes an answer for. */
const read = async (answer: { json(): Promise<unknown> }) => (await answer.json()) as Answer;

const ask = async (query: string, headers: Record<string, string> = {}) =>
  read(await send({ query }, headers));

describe('over HTTP', () => {
  test('a query is answered by POST and by GET', async () => {
    expect(await ask('{ note(id: 1) { text } }')).toEqual({
      data: { note: { text: 'Note 1' } },
      extensions: { trace: { statements: 0 } },
    });
    const got = await fetch(`${server.url}?query={who}`, { headers: { 'apollo-require-preflight': 'yes' } });
    expect((await read(got)).data).toEqual({ who: 'anonymous' });
  });

  test('a page of another site cannot send one (CSRF)', async () => {
    const query = '{"query":"mutation { noteRepeat { note { id } } }"}';
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const answer = await send(query, { 'content-type': type });
      expect(answer.status).toBe(400);
      expect(JSON.stringify(await answer.json())).toContain('Cross-Site');
    }
    expect((await fetch(`${server.url}?query={who}`)).status).toBe(400);
    const get = await fetch(`${server.url}?query=mutation{noteRepeat{note{id}}}`, {
      headers: { 'apollo-require-preflight': 'yes' },
    });
    expect(get.status).toBe(405);
  });

  test('the token says who asks', async () => {
    const token = await signToken(keys, { subject: 'm-1', role: 'merchandiser' });
    expect((await ask('{ who }', { authorization: `Bearer ${token}` })).data).toEqual({ who: 'staff:m-1' });
  });

  test('a bad token is 401 with its reason, never an anonymous answer', async () => {
    const expired = await signToken(keys, { subject: 'm-1', role: 'admin', lifetimeSeconds: -60 });
    for (const [authorization, reason] of [
      [`Bearer ${expired}`, 'expired'],
      ['Bearer nonsense', 'not one of ours'],
      ['Basic YTpi', 'not one of ours'],
    ] as const) {
      const answer = await send({ query: '{ who }' }, { authorization });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
      expect(await read(answer)).toEqual({
        errors: [{ message: expect.stringContaining(reason), extensions: { code: 'UNAUTHENTICATED' } }],
      });
    }
  });

  test('a body over 1.5 MiB is 413 with a sentence, whether its length is announced or not', async () => {
    const large = JSON.stringify({ query: `{ who } # ${'x'.repeat(1.6 * 1024 * 1024)}` });
    const announced = await send(large);
    expect(announced.status).toBe(413);
    expect((await read(announced)).errors[0].message).toContain('1.5 MiB');
    const body = new Blob([large]).stream();
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body, duplex: 'half' };
    const streamed = await fetch(server.url, init as RequestInit); // duplex is not in the types of this Node
    expect(streamed.status).toBe(413);
  });

  test('a body of almost 1.5 MiB is taken', async () => {
    const answer = await send({ query: `{ who } # ${'x'.repeat(1.49 * 1024 * 1024)}` });
    expect(answer.status).toBe(200);
  });

  test.each([
    ['{ not json', 400],
    ['[]', 400],
    ['{}', 400],
    ['{"query":"{ nothing }"}', 400],
    ['{"query":"{ who","variables":{}}', 400],
  ])('what cannot be read is answered in JSON: %s', async (body, status) => {
    const answer = await send(body);
    expect(answer.status).toBe(status);
    expect((await read(answer)).errors[0].message).toEqual(expect.any(String));
  });

  test('the request id is taken and given back, unless it could forge a log line', async () => {
    const given = await send({ query: '{ fails(how: "bug") }' }, { 'x-request-id': 'client-77' });
    expect(given.headers.get('x-request-id')).toBe('client-77');
    expect((await read(given)).errors[0].message).toContain('client-77');
    expect(notes.logged.at(-1)).toMatchObject({ requestId: 'client-77', subgraph: 'notes' });
    const forged = await send({ query: '{ who }' }, { 'x-request-id': '"},{"level":"fake"' });
    expect(forged.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('the caller’s deadline ends the operation; without one it is ten seconds, and never over thirty', async () => {
    const late = await ask('{ slow }', { 'x-deadline-ms': '20' });
    expect(late.errors[0].extensions.code).toBe('DEADLINE_EXCEEDED');
    const left = async (headers = {}) => (await ask('{ deadlineAt }', headers)).data.deadlineAt - Date.now();
    expect(await left()).toBeLessThanOrEqual(10_000);
    expect(await left({ 'x-deadline-ms': '29000' })).toBeGreaterThan(20_000);
    expect(await left({ 'x-deadline-ms': '999999999' })).toBeLessThanOrEqual(30_000);
    expect(await left({ 'x-deadline-ms': 'soon' })).toBeLessThanOrEqual(10_000);
  });

  test('what is not there is 404 in JSON', async () => {
    const answer = await fetch(`${base()}/elsewhere`);
    expect(answer.status).toBe(404);
    expect((await read(answer)).errors[0].message).toContain('/graphql');
  });

  test('in production the schema cannot be read, nor guessed', async () => {
    const hidden = await serveSubgraph(notes.subgraph, { port: 0, keys, production: true });
    closers.push(hidden.stop);
    const post = (query: string) =>
      fetch(hidden.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      });
    expect((await post('{ __schema { types { name } } }')).status).toBe(400);
    expect(await (await post('{ notez { id } }')).text()).not.toContain('Did you mean');
    expect(await (await post('{ notes(fist: 1) { id } }')).text()).not.toContain('Did you mean');
  });
});

describe('health', () => {
  test('tells live from ready, and names what is not', async () => {
    expect((await fetch(`${base()}/health/ready`)).status).toBe(200);
    notes.ready.reason = 'Postgres does not answer.';
    const ready = await fetch(`${base()}/health/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({
      status: 'not ready',
      notReady: [{ name: 'notes', reason: 'Postgres does not answer.' }],
    });
    expect((await fetch(`${base()}/health/live`)).status).toBe(200);
  });
});

const socketUrl = () => server.url.replace('http', 'ws');

const client = (connectionParams: Record<string, unknown> = {}) => {
  const made = createClient({
    url: socketUrl(),
    webSocketImpl: WebSocket,
    connectionParams,
    retryAttempts: 0,
  });
  closers.push(() => made.dispose());
  return made;
};

describe('over WebSocket', () => {
  const query = 'subscription { noteAdded(after: 1) { id author } }';

  test('events arrive, and the token of connection_init says who reads them', async () => {
    const token = await signToken(keys, { subject: 'a', role: 'admin', scopes: ['notes:read'] });
    const events = client({ authorization: `Bearer ${token}` }).iterate({ query });
    expect((await events.next()).value).toMatchObject({ data: { noteAdded: { id: '2', author: 'Ada' } } });
    notes.add();
    expect((await events.next()).value).toMatchObject({ data: { noteAdded: { id: '3' } } });
    await events.return?.();
  });

  test('without a token one is anonymous', async () => {
    const { value } = await client().iterate({ query }).next();
    expect(value).toMatchObject({
      data: { noteAdded: { id: '2', author: null } },
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
  });

  test('a bad token closes the socket with the reason', async () => {
    const closed = await client({ authorization: 'Bearer nonsense' })
      .iterate({ query })
      .next()
      .catch((event) => event);
    expect(closed).toMatchObject({ code: 4403, reason: expect.stringContaining('not one of ours') });
  });

  test('the end of the token ends the socket', async () => {
    // Verification bears five seconds of difference between clocks; the socket does not.
    const token = await signToken(keys, { subject: 'a', role: 'admin', lifetimeSeconds: 0 });
    const closed = await client({ authorization: `Bearer ${token}` })
      .iterate({ query: 'subscription { noteAdded(after: 2) { id } }' })
      .next()
      .catch((event) => event);
    expect(closed).toMatchObject({ code: 4403, reason: expect.stringContaining('expired') });
  });

  test('a syntax error is told to its operation, and the socket stays open', async () => {
    const one = client();
    const failing = one.iterate({ query: 'subscription { noteAdded( { id }' });
    const errors = await failing.next().catch((error) => error);
    expect(errors[0].extensions.code).toBe('GRAPHQL_PARSE_FAILED');
    expect((await one.iterate({ query: '{ who }' }).next()).value).toMatchObject({
      data: { who: 'anonymous' },
    });
  });

  test('nothing arrives of a subscription after its reader has left', async () => {
    const socket = new WebSocket(socketUrl(), 'graphql-transport-ws');
    closers.push(() => socket.close());
    const messages: { type: string; id?: string }[] = [];
    const waiting: { type: string; done: () => void }[] = [];
    socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      messages.push(message);
      waiting.find(({ type }) => type === message.type)?.done();
    });
    const arrives = (type: string) => new Promise<void>((done) => waiting.push({ type, done }));
    const say = (message: object) => socket.send(JSON.stringify(message));
    await new Promise((opened) => socket.once('open', opened));
    say({ type: 'connection_init' });
    await arrives('connection_ack');
    say({ id: '1', type: 'subscribe', payload: { query } });
    await arrives('next');
    say({ id: '1', type: 'complete' });
    say({ type: 'ping' });
    await arrives('pong');
    const before = messages.length;
    notes.add();
    waiting.length = 0;
    say({ type: 'ping' });
    await arrives('pong');
    expect(messages.slice(before).map(({ type }) => type)).toEqual(['pong']);
    expect(notes.streams.signals.every(({ aborted }) => aborted)).toBe(true);
  });

  test('a socket carries at most a hundred operations at a time, and says so to the one too many', async () => {
    const one = client();
    const waiting = { query: 'subscription { noteAdded(after: 1) { id } }' };
    await Promise.all(Array.from({ length: 100 }, () => one.iterate(waiting).next()));
    const errors = await one
      .iterate(waiting)
      .next()
      .catch((error) => error);
    expect(errors).toMatchObject([{ extensions: { code: 'TOO_MANY_OPERATIONS' } }]);
  });

  test('in production the schema cannot be read either', async () => {
    const hidden = await serveSubgraph(notes.subgraph, { port: 0, keys, production: true });
    closers.push(hidden.stop);
    const reader = createClient({
      url: hidden.url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
    });
    closers.push(() => reader.dispose());
    const errors = await reader
      .iterate({ query: '{ __schema { types { name } } }' })
      .next()
      .catch((error) => error);
    expect(errors[0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  test('another path is not taken over', async () => {
    const socket = new WebSocket(`${socketUrl()}/elsewhere`, 'graphql-transport-ws');
    const error = await new Promise<Error>((failed) => socket.once('error', failed));
    expect(error.message).toContain('404');
  });
});

describe('a stop', () => {
  test('lets the request under way finish, takes no new one, and then stops the subgraph', async () => {
    const running = ask('{ slow }');
    await notes.slow.entered.opened;
    const stopping = server.stop();
    const { port } = server;
    const refused = await new Promise<NodeJS.ErrnoException>((failed) =>
      connect(port, '127.0.0.1').once('error', failed),
    );
    expect(refused.code).toBe('ECONNREFUSED');
    expect(notes.lifecycle).toEqual(['start']);
    notes.slow.answer.open();
    expect((await running).data).toEqual({ slow: 'at last' });
    await stopping;
    expect(notes.lifecycle).toEqual(['start', 'stop']);
  });

  test('closes sockets with 1001, so that clients connect again', async () => {
    let closed: (event: unknown) => void = () => undefined;
    const hasClosed = new Promise<unknown>((resolve) => {
      closed = resolve;
    });
    const one = createClient({
      url: socketUrl(),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      on: { closed: (event) => closed(event) },
    });
    const events = one.iterate({ query: 'subscription { noteAdded(after: 1) { id } }' });
    const first = await events.next();
    expect(first.done).toBe(false);
    const rest = events.next().catch(() => undefined);
    await server.stop();
    expect(await hasClosed).toMatchObject({ code: 1001 });
    await rest;
  });
});
