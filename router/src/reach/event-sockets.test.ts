import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { isStream } from '@storegraph/server';
import { afterEach, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { createEventSockets } from './event-sockets.ts';
import { ask, createLines, nobody } from './reach-fixture.ts';
import type { SubgraphEvents } from './transport.ts';

type Message = { readonly type: string; readonly id?: string; readonly payload?: Record<string, unknown> };
type Says = (socket: WebSocket, message: Message) => void;

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const send = (socket: WebSocket, message: Message) => socket.send(JSON.stringify(message));

const acknowledge: Says = (socket, { type }) => {
  if (type === 'connection_init') send(socket, { type: 'connection_ack' });
};

/** A subgraph's end of the line, which does as the test says, and the router's. */
const setUp = async (says: Says = acknowledge) => {
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    handleProtocols: () => 'graphql-transport-ws',
  });
  await once(server, 'listening');
  const messages: Message[] = [];
  const sockets: WebSocket[] = [];
  server.on('connection', (socket) => {
    sockets.push(socket);
    socket.on('message', (text) => {
      const message: Message = JSON.parse(String(text));
      messages.push(message);
      says(socket, message);
    });
  });
  const { port } = server.address() as AddressInfo;
  const { log, lines } = createLines();
  const url = new URL(`http://127.0.0.1:${port}/graphql`);
  const ways = createEventSockets({ name: 'boxes', url, maxAnswerBytes: 10_000, log });
  const subscribe = (more = {}) =>
    ways.subscribe(ask('subscription { whoChanged }', 'subscription'), { a: 1 }, nobody(more));
  const follow = async (more = {}): Promise<SubgraphEvents> => {
    const events = await subscribe(more);
    if (isStream(events)) return events;
    throw new Error(JSON.stringify(events));
  };
  stops.push(() => {
    ways.close();
    for (const socket of sockets) socket.terminate();
    server.close();
  });
  return {
    server,
    messages,
    sockets,
    lines,
    ways,
    subscribe,
    follow,
    of: (type: string) => messages.filter((one) => one.type === type),
  };
};

const events =
  (...payloads: unknown[]): Says =>
  (socket, message) => {
    acknowledge(socket, message);
    if (message.type !== 'subscribe' || message.id === undefined) return;
    for (const payload of payloads) socket.send(JSON.stringify({ type: 'next', id: message.id, payload }));
  };

const codeOf = ({ value }: IteratorResult<{ errors?: unknown }>) =>
  (value as { errors?: { extensions?: { code?: string } }[] } | undefined)?.errors?.[0]?.extensions?.code;

it('shares one socket among the streams of a caller, and closes it with the last', async () => {
  const { follow, sockets, of } = await setUp();
  const [one, other, foreign] = await Promise.all([
    follow({ token: 'a' }),
    follow({ token: 'a' }),
    follow({ token: 'b' }),
  ]);
  expect(sockets).toHaveLength(2);
  expect(
    of('connection_init')
      .map(({ payload }) => payload?.['authorization'])
      .sort(),
  ).toEqual(['Bearer a', 'Bearer b']);
  await expect.poll(() => of('subscribe')).toHaveLength(3);
  expect(of('subscribe')[0]?.payload).toMatchObject({
    query: 'subscription { whoChanged }',
    variables: { a: 1 },
  });
  const open = () => sockets.filter(({ readyState, OPEN }) => readyState === OPEN).length;
  await one?.return();
  await expect.poll(() => of('complete').length).toBe(1);
  expect(open()).toBe(2);
  await other?.return();
  await expect.poll(open).toBe(1);
  await foreign?.return();
  await expect.poll(open).toBe(0);
});

it('takes another socket for more streams than a subgraph takes on one', async () => {
  const { follow, sockets } = await setUp();
  const all = await Promise.all(Array.from({ length: 101 }, () => follow()));
  expect(sockets).toHaveLength(2);
  await Promise.all(all.map((stream) => stream.return()));
});

it('hands on all that came before the end', async () => {
  const { follow } = await setUp((socket, message) => {
    events({ data: { n: 1 } }, { data: { n: 2 } })(socket, message);
    if (message.type === 'subscribe') send(socket, { type: 'complete', id: String(message.id) });
  });
  const seen: unknown[] = [];
  for await (const event of await follow()) seen.push(event);
  expect(seen).toEqual([{ data: { n: 1 } }, { data: { n: 2 } }]);
});

it.each([
  ['cut', (socket: WebSocket) => socket.terminate(), 'SUBGRAPH_UNREACHABLE'],
  ['closed for a restart', (socket: WebSocket) => socket.close(1001), 'SUBGRAPH_UNREACHABLE'],
  ['closed as if all were well', (socket: WebSocket) => socket.close(1000), 'SUBGRAPH_UNREACHABLE'],
  ['closed at the end of the token', (socket: WebSocket) => socket.close(4403), 'UNAUTHENTICATED'],
  ['no longer speaking the protocol', (socket: WebSocket) => socket.send('Hello'), 'SUBGRAPH_UNREACHABLE'],
  ['flooded', (socket: WebSocket) => socket.send('x'.repeat(20_000)), 'SUBGRAPH_UNREACHABLE'],
])(
  'ends a stream whose line is %s with an error, and does not open it again by itself',
  async (_how, end, code) => {
    const { follow, sockets, of, lines } = await setUp(events({ data: { n: 1 } }));
    const stream = await follow();
    expect((await stream.next()).value).toEqual({ data: { n: 1 } });
    for (const socket of sockets) end(socket);
    expect(codeOf(await stream.next())).toBe(code);
    expect((await stream.next()).done).toBe(true);
    expect(lines.map(({ message }) => message)).toEqual(['The line to a subgraph broke.']);
    const next = await follow();
    expect((await next.next()).value).toEqual({ data: { n: 1 } });
    expect(of('subscribe')).toHaveLength(2);
    await next.return();
  },
);

it('ends a stream of garbage with an error', async () => {
  const { follow, sockets } = await setUp(events({ data: 'no object' }, { data: { n: 2 } }));
  const stream = await follow();
  expect(codeOf(await stream.next())).toBe('SUBGRAPH_GARBAGE');
  expect((await stream.next()).done).toBe(true);
  // With its only stream the line closes.
  await expect.poll(() => sockets[0]?.readyState).toBe(3);
});

it('gives up a stream that nobody reads, and says so where reading goes on', async () => {
  const { follow, sockets } = await setUp(
    events(...Array.from({ length: 1_001 }, (_, n) => ({ data: { n } }))),
  );
  const stream = await follow();
  await expect.poll(() => sockets[0]?.readyState).toBe(3);
  expect(codeOf(await stream.next())).toBe('SUBGRAPH_UNREACHABLE');
  expect((await stream.next()).done).toBe(true);
});

it.each<[string, Says, string]>([
  ['refuses the token', (socket) => socket.close(4403, 'secret reason'), 'UNAUTHENTICATED'],
  ['hangs up', (socket) => socket.terminate(), 'SUBGRAPH_UNREACHABLE'],
  ['never answers', () => undefined, 'DEADLINE_EXCEEDED'],
])('answers why a stream does not open where the subgraph %s', async (_what, says, code) => {
  const { subscribe } = await setUp(says);
  const answer = await subscribe({ deadlineAt: Date.now() + (code === 'DEADLINE_EXCEEDED' ? 200 : 10_000) });
  if (isStream(answer)) throw new Error('It opened.');
  expect(answer.errors?.[0]?.extensions?.['code']).toBe(code);
  expect(answer.errors?.[0]?.message).not.toContain('secret');
});

it('answers that nobody is there, and is there again when somebody is', async () => {
  const { subscribe, server, sockets } = await setUp();
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const answer = await subscribe();
  expect(isStream(answer) ? null : answer.errors?.[0]?.extensions?.['code']).toBe('SUBGRAPH_UNREACHABLE');
  const again = new WebSocketServer({
    port,
    host: '127.0.0.1',
    handleProtocols: () => 'graphql-transport-ws',
  });
  stops.push(() => again.close());
  again.on('connection', (socket) => {
    sockets.push(socket);
    socket.on('message', (text) => acknowledge(socket, JSON.parse(String(text))));
  });
  await once(again, 'listening');
  expect(isStream(await subscribe())).toBe(true);
});

it('ends every stream when it is closed, and opens no more', async () => {
  const { ways, follow, subscribe, sockets } = await setUp();
  const waiting = (await follow()).next();
  ways.close();
  expect(codeOf(await waiting)).toBe('SUBGRAPH_UNREACHABLE');
  expect(isStream(await subscribe())).toBe(false);
  await expect.poll(() => sockets[0]?.readyState).toBe(3);
});
