import { signToken } from '@storegraph/server';
import { createClient } from 'graphql-ws';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { sessionsEnded } from '../front/ended-sessions-fixture.ts';
import type { SocketLimits } from './limits.ts';
import { startSockets } from './socket-client-fixture.ts';

type Started = Awaited<ReturnType<typeof startSockets>>;

const started: Started[] = [];

const start = async (limits: Partial<SocketLimits> = {}): Promise<Started> => {
  const one = await startSockets({ limits: { drainMs: 0, ...limits } });
  started.push(one);
  return one;
};

afterEach(async () => {
  for (const one of started.splice(0)) await one.stop();
});

const hello = '{ hello }';
const helloAnswer = { data: { hello: 'Hello you' } };

describe('greeting', () => {
  test('closes with 4408 when the client says nothing', async () => {
    const { connect } = await start({ initTimeoutMs: 20 });
    expect((await (await connect()).closed).code).toBe(4408);
  });

  test('closes with 4429 at the second greeting, also while the first is looked at', async () => {
    const { connect, greet } = await start();
    const hasty = await connect();
    hasty.say({ type: 'connection_init' });
    hasty.say({ type: 'connection_init' });
    expect((await hasty.closed).code).toBe(4429);
    const again = await greet();
    again.say({ type: 'connection_init' });
    expect((await again.closed).code).toBe(4429);
  });

  test('closes with 4401 when something is asked before', async () => {
    const { connect } = await start();
    const client = await connect();
    client.subscribe('1', hello);
    expect(await client.closed).toEqual({ code: 4401, reason: 'Unauthorized' });
  });

  test('closes with 4403 and the reason when the token is not ours', async () => {
    const { connect } = await start();
    const client = await connect();
    client.say({ type: 'connection_init', payload: { authorization: 'Bearer nonsense' } });
    expect(await client.closed).toMatchObject({ code: 4403, reason: expect.stringContaining('token') });
  });

  test('knows the viewer by the token in the payload, or in the head of the handshake', async () => {
    const { greet, connect, keys } = await start();
    const authorization = `Bearer ${await signToken(keys, { subject: 'ada', role: 'customer' })}`;
    const byPayload = await greet({ Authorization: authorization });
    byPayload.subscribe('1', '{ who }');
    expect((await byPayload.next()).payload).toEqual({ data: { who: 'customer:ada' } });
    const byHead = await connect(undefined, { headers: { authorization } });
    byHead.say({ type: 'connection_init' });
    await byHead.next();
    byHead.subscribe('1', '{ who }');
    expect((await byHead.next()).payload).toEqual({ data: { who: 'customer:ada' } });
  });

  test('closes with 4403 when the token expires', async () => {
    const { greet, keys } = await start();
    const token = await signToken(keys, { subject: 'ada', role: 'customer', lifetimeSeconds: 1 });
    const client = await greet({ authorization: `Bearer ${token}` });
    client.subscribe('1', 'subscription { ticks }');
    expect(await client.closed).toEqual({
      code: 4403,
      reason: 'The token has expired: connect again with a new one.',
    });
  });

  test('closes with 4403 as soon as the session ends, also one that is refused from then on; others go on', async () => {
    const { greet, connect, keys, ended, push, listeners } = await start();
    const sign = (sessionId: string) => signToken(keys, { subject: 'ada', role: 'customer', sessionId });
    const [authorization, others] = [`Bearer ${await sign('phone')}`, `Bearer ${await sign('desk')}`];
    const [phone, desk] = [await greet({ authorization }), await greet({ authorization: others })];
    for (const client of [phone, desk]) client.subscribe('1', 'subscription { ticks }');
    await listeners(2);
    const isOver = { code: 4403, reason: 'Your session has ended: sign in again.' };
    ended.hear([sessionsEnded('phone')]);
    push(1);
    expect(await phone.closed).toEqual(isOver);
    expect(await desk.next()).toMatchObject({ type: 'next', payload: { data: { ticks: 1 } } });
    const again = await connect();
    again.say({ type: 'connection_init', payload: { authorization } });
    expect(await again.closed).toEqual(isOver);
    await expect(connect(undefined, { headers: { authorization } })).rejects.toThrow('401');
    await listeners(1);
  });

  test('answers the change that ends its session, and nothing else, before it closes', async () => {
    const { greet, keys, ended, slowAdd, push, listeners } = await start();
    const sessionId = 'phone';
    const token = await signToken(keys, { subject: 'ada', role: 'customer', sessionId });
    const client = await greet({ authorization: `Bearer ${token}` });
    client.subscribe('reads', 'subscription { ticks }');
    client.subscribe('changes', 'mutation { addSlowly }');
    await Promise.all([listeners(1), slowAdd.entered.opened]);
    ended.hear([sessionsEnded(sessionId)]);
    await listeners(0);
    push(1);
    client.subscribe('late', hello);
    expect(await client.next()).toMatchObject({
      ...{ type: 'error', id: 'late', payload: [{ extensions: { code: 'UNAUTHENTICATED' } }] },
    });
    slowAdd.answer.open();
    expect(await client.next()).toMatchObject({ id: 'changes', payload: { data: { addSlowly: 1 } } });
    expect(await client.next()).toMatchObject({ type: 'complete', id: 'changes' });
    expect(await client.closed).toMatchObject({ code: 4403 });
  });

  test('closes with 4406 what speaks another protocol', async () => {
    const { connect, url } = await start();
    const bare = new WebSocket(url);
    const code = await new Promise((resolve) => bare.once('close', resolve));
    expect(code).toBe(4406);
    // `ws` itself gives up where its protocol is not chosen.
    await expect(connect('graphql-ws')).rejects.toThrow('subprotocol');
  });
});

describe('messages', () => {
  test.each([
    ['no JSON', 'x'],
    ['no object', '[]'],
    ['no type', '{}'],
    ['a type that servers send', '{"type":"next","id":"1","payload":{}}'],
    ['an inherited type', '{"type":"toString"}'],
    ['no id', '{"type":"subscribe","payload":{"query":"{ hello }"}}'],
    ['an id that is empty', '{"type":"complete","id":""}'],
    ['an id that is no string', '{"type":"subscribe","id":1,"payload":{"query":"{ hello }"}}'],
    ['an id that is endless', `{"type":"complete","id":"${'x'.repeat(200)}"}`],
    ['no payload', '{"type":"subscribe","id":"1"}'],
    ['no query', '{"type":"subscribe","id":"1","payload":{}}'],
    ['a query that is no text', '{"type":"subscribe","id":"1","payload":{"query":1}}'],
    [
      'variables that are a list',
      '{"type":"subscribe","id":"1","payload":{"query":"{ hello }","variables":[]}}',
    ],
    ['a ping whose payload is a text', '{"type":"ping","payload":"x"}'],
  ])('with %s close with 4400', async (_name, message) => {
    const { greet } = await start();
    const client = await greet();
    client.say(message);
    expect((await client.closed).code).toBe(4400);
  });

  test('in binary close with 4400', async () => {
    const { greet } = await start();
    const client = await greet();
    client.socket.send(Buffer.from('{"type":"ping"}'), { binary: true });
    expect((await client.closed).code).toBe(4400);
  });

  test('of 10 MB close with 1009', async () => {
    const { greet } = await start();
    const client = await greet();
    client.socket.on('error', () => undefined);
    client.subscribe('1', `{ hello(name: "${'x'.repeat(10_000_000)}") }`);
    expect((await client.closed).code).toBe(1009);
  });

  test('ping is answered with its payload, before the greeting too; pong is taken', async () => {
    const { connect } = await start();
    const client = await connect();
    client.say({ type: 'pong' });
    client.say({ type: 'ping', payload: { at: 1 } });
    expect(await client.next()).toEqual({ type: 'pong', payload: { at: 1 } });
    client.say({ type: 'ping' });
    expect(await client.next()).toEqual({ type: 'pong' });
  });
});

describe('operations', () => {
  test('queries and mutations are answered once and completed', async () => {
    const { greet } = await start();
    const client = await greet();
    client.subscribe('1', hello);
    expect(await client.next()).toEqual({ id: '1', type: 'next', payload: helloAnswer });
    expect(await client.next()).toEqual({ id: '1', type: 'complete' });
    client.subscribe('1', 'mutation { add(by: 2) }');
    expect(await client.next()).toEqual({ id: '1', type: 'next', payload: { data: { add: 2 } } });
  });

  test.each([
    ['that cannot be parsed', '{ hello', 'GRAPHQL_PARSE_FAILED'],
    ['that asks for what is not there', '{ helo }', 'GRAPHQL_VALIDATION_FAILED'],
    ['with a wrong variable', 'query ($n: String!) { hello(name: $n) }', 'BAD_USER_INPUT'],
  ])('one %s gets its error and leaves the socket open', async (_name, query, code) => {
    const { greet } = await start();
    const client = await greet();
    client.subscribe('ä"1', query);
    expect(await client.next()).toMatchObject({
      ...{ id: 'ä"1', type: 'error' },
      payload: [{ extensions: { code } }],
    });
    client.subscribe('ä"1', hello);
    expect(await client.next()).toMatchObject({ type: 'next', payload: helloAnswer });
  });

  test('a failure of ours is told without its cause, and logged', async () => {
    const { greet, logged } = await start();
    const client = await greet();
    client.subscribe('1', 'subscription { breaks }');
    const { type, payload } = await client.next();
    expect(type).toBe('error');
    expect(JSON.stringify(payload)).not.toContain('secrets');
    expect(JSON.stringify(logged)).toContain('secrets');
  });

  test('closes with 4409 when the id is taken, whatever takes it', async () => {
    const { greet } = await start();
    const client = await greet();
    client.subscribe('1', '{ slow }');
    client.subscribe('1', hello);
    expect(await client.closed).toEqual({ code: 4409, reason: 'Subscriber for 1 already exists' });
  });

  test('events come until the client completes, and none after; the id can be used again at once', async () => {
    const { greet, push, listeners } = await start();
    const client = await greet();
    client.subscribe('1', 'subscription { ticks }');
    await listeners(1);
    push(1);
    expect(await client.next()).toEqual({ id: '1', type: 'next', payload: { data: { ticks: 1 } } });
    client.say({ type: 'complete', id: '1' });
    client.subscribe('1', '{ slow }');
    client.subscribe('2', hello);
    await listeners(0);
    push(2);
    expect(await client.next()).toMatchObject({ id: '2', type: 'next' });
    expect(await client.next()).toEqual({ id: '2', type: 'complete' });
    client.say({ type: 'complete', id: 'never begun' });
    client.subscribe('1', hello);
    expect((await client.closed).code).toBe(4409);
  });

  test('the server completes when the source ends', async () => {
    const { greet } = await start();
    const client = await greet();
    client.subscribe('1', 'subscription { count(to: 2) }');
    const heard = [await client.next(), await client.next(), await client.next()];
    expect(heard.map(({ type }) => type)).toEqual(['next', 'next', 'complete']);
  });

  test('a query that was completed is not answered', async () => {
    const { greet, slow } = await start();
    const client = await greet();
    client.subscribe('1', '{ slow }');
    await slow.entered.opened;
    client.say({ type: 'complete', id: '1' });
    client.say({ type: 'ping' });
    await client.next();
    slow.answer.open();
    client.subscribe('2', hello);
    expect(await client.next()).toMatchObject({ id: '2' });
  });

  test('end with the socket', async () => {
    const { greet, listeners } = await start();
    const client = await greet();
    client.subscribe('1', 'subscription { ticks }');
    await listeners(1);
    client.socket.terminate();
    await listeners(0);
  });

  test('an answer longer than a frame of two bytes arrives whole', async () => {
    const { greet } = await start();
    const client = await greet();
    for (const bytes of [80, 100, 1_000, 65_480, 65_530, 300_000]) {
      client.subscribe('1', 'query ($bytes: Int!) { long(bytes: $bytes) }', { bytes });
      expect((await client.next()).payload).toEqual({ data: { long: 'x'.repeat(bytes) } });
      await client.next();
    }
  });
});

describe('the client of graphql-ws', () => {
  test('queries and subscribes', async () => {
    const { url, push, listeners } = await start();
    const client = createClient({ url, webSocketImpl: WebSocket, lazy: true });
    const answers = client.iterate({ query: hello });
    expect((await answers.next()).value).toEqual(helloAnswer);
    const ticks = client.iterate({ query: 'subscription { ticks }' });
    const first = ticks.next();
    await listeners(1);
    push(7);
    expect((await first).value).toEqual({ data: { ticks: 7 } });
    await ticks.return?.();
    await listeners(0);
    await client.dispose();
  });

  test('comes back by itself after a stop', async () => {
    const first = await start();
    const second = await start();
    let url = first.url;
    const client = createClient({
      url: () => url,
      webSocketImpl: WebSocket,
      retryWait: async () => undefined,
    });
    const ticks = client.iterate({ query: 'subscription { ticks }' });
    const next = ticks.next();
    await first.listeners(1);
    url = second.url;
    await first.stop();
    await second.listeners(1);
    second.push(3);
    expect((await next).value).toEqual({ data: { ticks: 3 } });
    await client.dispose();
  });
});
