import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectTo } from '../stream/socket-client-fixture.ts';
import { type Attacked, many, startAttacked } from './attack-fixture.ts';

let it: Attacked;
const sockets: Socket[] = [];

beforeEach(async () => {
  it = await startAttacked();
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await it.stop();
});

/** A connection on which bytes are said; `heard` is all of its answer. */
const dial = async () => {
  const socket = connect(it.router.port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    text += chunk;
  });
  const heard = new Promise<string>((resolve) => void socket.once('close', () => resolve(text)));
  await new Promise((resolve) => void socket.once('connect', resolve));
  return { socket, heard };
};

const head = (...more: readonly string[]): string =>
  ['POST /graphql HTTP/1.1', 'host: shop', 'content-type: application/json', ...more, '', ''].join('\r\n');

const query = '{ total }';
const json = JSON.stringify({ query });

describe('by HTTP', () => {
  test.each([
    ['a header that is too long', [`x-long: ${'x'.repeat(20_000)}`]],
    ['too many headers', [many(5_000, (index) => `x-${index}: 1`, '\r\n')]],
    ['cookies that are too many', [`cookie: ${many(3_000, (index) => `c${index}=1`, ';')}`]],
  ])('%s: 431, and nothing of it is read', async (_what, headers) => {
    const { socket, heard } = await dial();
    socket.write(head(...headers, `content-length: ${json.length}`) + json);
    expect(await heard).toMatch(/^HTTP\/1\.1 431 /);
    await it.expectUnharmed();
  });

  test('bodies that never come to their end hold nobody up', async () => {
    const dialled = await Promise.all(Array.from({ length: 200 }, dial));
    for (const { socket } of dialled) socket.write(`${head('content-length: 100000')}{"query":"{ tot`);
    await it.expectUnharmed();
  });

  test('two lengths, or a length and pieces, are no request: nothing is smuggled behind it', async () => {
    const lengths = [
      ['content-length: 4', `content-length: ${json.length}`],
      ['transfer-encoding: chunked', 'content-length: 4'],
    ];
    for (const more of lengths) {
      const { socket, heard } = await dial();
      socket.write(`${head(...more)}0\r\n\r\n${head(`content-length: ${json.length}`)}${json}`);
      expect(await heard).toMatch(/^HTTP\/1\.1 400 /);
    }
    await it.expectUnharmed();
  });

  const csrf = { code: 'BAD_REQUEST' };
  test.each([
    [
      'a form',
      'application/x-www-form-urlencoded',
      `query=${encodeURIComponent('mutation{itemRepeat{item{id}}}')}`,
    ],
    ['a form with a file', 'multipart/form-data; boundary=x', `--x\r\n\r\n${json}\r\n--x--`],
    ['a text', 'text/plain;charset=UTF-8', json],
  ])('%s of another site: 400', async (_what, type, body) => {
    const answer = await it.send(body, { 'content-type': type, origin: 'https://evil.example' });
    expect(await it.toldBy(answer)).toMatchObject({ status: 400, extensions: csrf });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    await it.expectUnharmed();
  });

  test.each([
    ['a mutation', 'mutation { itemRepeat { item { id } } }'],
    [
      'a mutation beside a query',
      'query Q { total } mutation M { itemRepeat { item { id } } }&operationName=M',
    ],
  ])('%s by GET: 405', async (_what, asked) => {
    const search = asked.split('&').map((part, index) => (index === 0 ? encodeURIComponent(part) : part));
    const answer = await fetch(`${it.router.url}?query=${search.join('&')}`, {
      headers: { 'apollo-require-preflight': 'yes' },
    });
    expect(await it.toldBy(answer)).toMatchObject({ status: 405, extensions: { code: 'BAD_REQUEST' } });
    await it.expectUnharmed();
  });

  test.each([
    ['a zero byte', '\u0000'],
    ['what ends lines', '\r\n\u2028\u2029\u0085'],
    ['what ends JSON', '"}],"errors":[{"message":"\\'],
    ['half a character', '\ud800'],
    ['text that turns round', '\u202e\u200b\ufeff'],
    ['characters of four bytes', '👩🏽‍🚀𝕊'],
    ['the name of a prototype', '__proto__'],
  ])('%s in a value is data: it comes back as it was', async (_what, id) => {
    const asked = 'query ($id: ID!) { item(id: $id) { id __proto__: name } }';
    const answer = await it.send({ query: asked, variables: { id } });
    const item = { id, ['__proto__']: `Item ${id}` };
    expect(await answer.text()).toBe(`${JSON.stringify({ data: { item } })}\n`);
  });
});

describe('by WebSocket', () => {
  const greet = async () => {
    const client = await connectTo(it.router.url.replace('http', 'ws'));
    client.socket.on('error', () => undefined);
    client.say({ type: 'connection_init' });
    expect(await client.next()).toEqual({ type: 'connection_ack' });
    return client;
  };

  test('more operations at a time than there may be are refused, and more messages end the socket', async () => {
    const client = await greet();
    const subscription = 'subscription { stockChanged { cursor } }';
    for (let id = 1; id <= 101; id += 1) client.subscribe(String(id), subscription);
    let refused = await client.next();
    while (refused.type !== 'error') refused = await client.next();
    const limit = { code: 'LIMIT_EXCEEDED', limit: 'operationsPerSocket', allowed: 100, asked: 101 };
    expect(refused).toMatchObject({ id: '101', payload: [{ extensions: limit }] });
    // All of them follow one stream of one subgraph.
    expect(it.asked()).toBeLessThanOrEqual(100);
    for (let id = 102; id <= 500; id += 1) client.subscribe(String(id), subscription);
    expect((await client.closed).code).toBe(4291);
    const other = await greet();
    other.subscribe('1', query);
    expect(await other.next()).toEqual({ type: 'next', id: '1', payload: { data: { total: 42 } } });
  });

  test.each([
    ['a frame of 10 MB', `"${'x'.repeat(10 * 1024 * 1024)}"`, 1009],
    ['levels without end', '{"a":'.repeat(100_000), 4400],
    ['no JSON', '\u0000', 4400],
  ])('%s ends the socket', async (_what, message, code) => {
    const client = await greet();
    client.say(message);
    expect((await client.closed).code).toBe(code);
    await it.expectUnharmed();
  });

  test('what asks before it greets is closed, and so is an id that is in use', async () => {
    const silent = await connectTo(it.router.url.replace('http', 'ws'));
    silent.subscribe('1', query);
    expect((await silent.closed).code).toBe(4401);
    await it.expectUnharmed();
    const client = await greet();
    for (let time = 0; time < 2; time += 1) client.subscribe('1', 'subscription { stockChanged { cursor } }');
    expect(await client.closed).toEqual({ code: 4409, reason: 'Subscriber for 1 already exists' });
  });

  test('an operation over a limit is told as over HTTP, and the socket goes on', async () => {
    const client = await greet();
    client.subscribe('1', `{ ${'total '.repeat(10_000)} }`);
    const limit = { code: 'LIMIT_EXCEEDED', limit: 'tokens', allowed: 5_000, asked: 5_001 };
    expect(await client.next()).toMatchObject({ id: '1', type: 'error', payload: [{ extensions: limit }] });
    const levels = JSON.parse(`${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`);
    client.subscribe('2', 'query ($id: ID!) { item(id: $id) { id } }', levels);
    const depth = { code: 'LIMIT_EXCEEDED', limit: 'jsonDepth', allowed: 32 };
    expect(await client.next()).toMatchObject({ id: '2', type: 'error', payload: [{ extensions: depth }] });
    expect(it.asked()).toBe(0);
    client.subscribe('3', query);
    expect(await client.next()).toMatchObject({ id: '3', type: 'next' });
  });
});
