import { get } from 'node:http';
import { signToken } from '@storegraph/server';
import { afterEach, expect, test } from 'vitest';
import type { SocketLimits } from './limits.ts';
import { startSockets } from './socket-client-fixture.ts';

type Started = Awaited<ReturnType<typeof startSockets>>;

const started: Started[] = [];

const start = async (limits: Partial<SocketLimits> = {}): Promise<Started> => {
  const one = await startSockets({ limits: { drainMs: 0, closeTimeoutMs: 100, ...limits } });
  started.push(one);
  return one;
};

afterEach(async () => {
  for (const one of started.splice(0)) await one.stop();
});

test('one operation too many is refused by itself, with what was asked and allowed', async () => {
  const { greet, listeners } = await start({ maxOperations: 2 });
  const client = await greet();
  for (const id of ['1', '2', '3']) client.subscribe(id, 'subscription { ticks }');
  expect(await client.next()).toMatchObject({
    ...{ id: '3', type: 'error' },
    payload: [{ extensions: { code: 'LIMIT_EXCEEDED', limit: 'operationsPerSocket', allowed: 2, asked: 3 } }],
  });
  await listeners(2);
  client.say({ type: 'complete', id: '1' });
  client.subscribe('3', '{ hello }');
  expect(await client.next()).toMatchObject({ id: '3', type: 'next' });
});

test('an address has so many sockets, and gets one back when one closes', async () => {
  const { greet, connect, listeners } = await start({ maxSocketsPerAddress: 2 });
  const one = await greet();
  await greet();
  await expect(connect()).rejects.toThrow('429');
  one.subscribe('1', 'subscription { ticks }');
  await listeners(1);
  one.socket.close();
  await listeners(0);
  await greet();
});

test('all together have so many sockets', async () => {
  const { greet, connect } = await start({ maxSockets: 1 });
  await greet();
  await expect(connect()).rejects.toThrow('503');
});

test('a handshake that fails takes no place', async () => {
  const { url, greet } = await start({ maxSocketsPerAddress: 1 });
  const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': 'no key' };
  const status = await new Promise((resolve) => {
    get(url.replace('ws', 'http'), { headers }, (answer) => resolve(answer.resume().statusCode));
  });
  expect(status).toBe(400);
  await greet();
});

test('an account has so many sockets, whatever addresses they come from', async () => {
  const { greet, connect, keys, listeners } = await start({ maxSocketsPerViewer: 1 });
  const tokenOf = async (subject: string) => `Bearer ${await signToken(keys, { subject, role: 'customer' })}`;
  const one = await greet({ authorization: await tokenOf('ada') });
  const other = await connect();
  other.say({ type: 'connection_init', payload: { authorization: await tokenOf('ada') } });
  expect((await other.closed).code).toBe(4292);
  await greet({ authorization: await tokenOf('bob') });
  one.subscribe('1', 'subscription { ticks }');
  await listeners(1);
  one.socket.close();
  await listeners(0);
  await greet({ authorization: await tokenOf('ada') });
});

test('who floods is cut with 4291: by messages, and by pings and pongs of the protocol below', async () => {
  const { greet } = await start({ maxMessageBurst: 10, messagesPerSecond: 1 });
  const flood = async (say: (client: Awaited<ReturnType<typeof greet>>) => void) => {
    const client = await greet();
    client.socket.on('error', () => undefined);
    for (let count = 0; count < 11; count += 1) say(client);
    return (await client.closed).code;
  };
  expect(await flood(({ say }) => say({ type: 'ping' }))).toBe(4291);
  expect(await flood(({ socket }) => socket.ping())).toBe(4291);
  expect(await flood(({ socket }) => socket.pong())).toBe(4291);
});

test('who reads nothing is cut with 4290 and costs the others nothing', async () => {
  const { greet, push, listeners } = await start({ maxUnsentBytes: 64 * 1024, closeTimeoutMs: 60_000 });
  const slow = await greet();
  const quick = await greet();
  slow.subscribe('1', 'subscription { flood(bytes: 100000) }');
  quick.subscribe('1', 'subscription { flood(bytes: 100000) }');
  await listeners(2);
  slow.socket.pause();
  const event = 'x'.repeat(100_000);
  // The system's own buffers take megabytes before anything waits in ours.
  let isCut = false;
  void listeners(1).then(() => {
    isCut = true;
  });
  while (!isCut) {
    push(event);
    expect((await quick.next()).payload).toEqual({ data: { flood: event } });
  }
  slow.socket.resume();
  expect(await slow.closed).toEqual({
    code: 4290,
    reason: 'Too slow: connect again and subscribe with after.',
  });
  push('still here');
  expect((await quick.next()).payload).toEqual({ data: { flood: 'still here' } });
});

test('large answers wait for their reader instead of piling up', async () => {
  const { greet } = await start({ maxUnsentBytes: 64 * 1024 });
  const client = await greet();
  client.socket.pause();
  for (let id = 1; id <= 50; id += 1) client.subscribe(String(id), '{ long(bytes: 500000) }');
  client.socket.resume();
  let answered = 0;
  for (let heard = 0; heard < 100; heard += 1) if ((await client.next()).type === 'next') answered += 1;
  expect(answered).toBe(50);
});

test('a peer that does not answer pings is gone', async () => {
  const { greet, listeners } = await start({ heartbeatMs: 50 });
  const client = await greet();
  client.subscribe('1', 'subscription { ticks }');
  await listeners(1);
  client.socket.pause();
  await listeners(0);
});

test('a stop closes all with 1001, and ends who does not answer', async () => {
  const one = await start();
  const clients = await Promise.all(Array.from({ length: 20 }, () => one.greet()));
  const deaf = await one.greet();
  deaf.socket.pause();
  await one.stop();
  const codes = await Promise.all(clients.map(async ({ closed }) => (await closed).code));
  expect(new Set(codes)).toEqual(new Set([1001]));
});
