import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PublishedFacts } from './facts.ts';
import type { Front } from './front.ts';
import { createNotes } from './notes-for-tests.ts';
import { serveSubgraph } from './serve.ts';
import { createKeys, type Keys, signToken } from './tokens.ts';
import type { Role } from './viewer.ts';

/** Facts as other processes of the shop read them: three of them, of which the first is deleted. */

class TooOld extends Error {
  readonly code = 'CURSOR_TOO_OLD';
  readonly oldestKept = 2;
}

const occurredAt = new Date('2026-01-02T03:04:05.678Z');
const kept = [2, 3].map((sequence) => ({ sequence, type: 'notes.saved', occurredAt, data: {} }));
const places = new Map<string, number>();
const facts: PublishedFacts = {
  head: async () => 3,
  read: async (after, limit) => {
    if (after < 1) throw new TooOld('The first is deleted.');
    return kept.filter(({ sequence }) => sequence > after).slice(0, limit);
  },
  keepFor: async (consumer, after) => void places.set(consumer, after),
};

let keys: Keys;
let notes: ReturnType<typeof createNotes>;
let front: Front;

beforeEach(async () => {
  places.clear();
  keys = await createKeys();
  notes = createNotes();
  front = await serveSubgraph({ ...notes.subgraph, facts }, { port: 0, keys, log: notes.log });
});
afterEach(() => front.stop());

const tokenOf = (role: Role, scopes?: readonly string[]) =>
  signToken(keys, { subject: 'inventory', role, ...(scopes && { scopes }) });

const ask = async (path: string, init: RequestInit = {}, token?: string) => {
  const authorization = `Bearer ${token ?? (await tokenOf('service'))}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const response = await fetch(new URL(path, front.url), { headers, ...init });
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : JSON.parse(text) };
};

const put = (path: string, body: string) => ask(path, { method: 'PUT', body });

test('a service reads facts from any point, with the head', async () => {
  const [second, third] = JSON.parse(JSON.stringify(kept));
  expect(await ask('/facts?after=1&limit=1000')).toEqual({
    status: 200,
    body: { head: 3, facts: [second, third] },
  });
  expect(second.occurredAt).toBe('2026-01-02T03:04:05.678Z');
  expect((await ask('/facts?after=1&limit=1')).body).toEqual({ head: 3, facts: [second] });
  expect((await ask('/facts?after=9007199254740991')).body).toEqual({ head: 3, facts: [] });
});

test('it may ask for the head alone, wherever it is itself', async () => {
  expect((await ask('/facts?limit=0')).body).toEqual({ head: 3, facts: [] });
});

test('facts that are deleted are 410, with the oldest there is', async () => {
  expect(await ask('/facts?after=0&limit=10')).toEqual({
    status: 410,
    body: { error: { code: 'CURSOR_TOO_OLD', message: 'The first is deleted.' }, oldestKept: 2 },
  });
});

test('a consumer says how far it has got', async () => {
  expect(await put('/facts/places/inventory', '{"after":12}')).toEqual({ status: 204, body: null });
  expect(places).toEqual(new Map([['inventory', 12]]));
});

test.each([
  '/facts?after=-1',
  '/facts?after=1.5',
  '/facts?after=',
  '/facts?after=9007199254740992',
  '/facts?after=all',
  '/facts?after=1&limit=1001',
  '/facts?after=1&limit=-1',
])('%s is 400, in a sentence', async (path) => {
  const { status, body } = await ask(path);
  expect(status).toBe(400);
  expect(body.errors[0]).toMatchObject({
    message: expect.stringMatching(/^`(after|limit)` must be a whole number from 0 to \d+\.$/),
    extensions: { code: 'BAD_REQUEST' },
  });
});

test.each([
  ['/facts/places/inventory', '{"after":"12"}'],
  ['/facts/places/inventory', '{"after":-1}'],
  ['/facts/places/inventory', '{"after":9007199254740992}'],
  ['/facts/places/inventory', '{}'],
  ['/facts/places/inventory', 'null'],
  ['/facts/places/inventory', '{'],
  ['/facts/places/', '{"after":1}'],
  ['/facts/places/two/names', '{"after":1}'],
  ['/facts/places/%E0%A4%A', '{"after":1}'],
  [`/facts/places/${'a'.repeat(101)}`, '{"after":1}'],
])('a place at %s that is %s is 400, and nothing is kept', async (path, body) => {
  const answer = await put(path, body);
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ message: expect.any(String) }] } });
  expect(places.size).toBe(0);
});

test('nobody but a service is told anything', async () => {
  for (const path of ['/facts?after=1', '/facts/places/inventory']) {
    const method = path.includes('places') ? 'PUT' : 'GET';
    const anonymous = await fetch(new URL(path, front.url), { method });
    expect(anonymous.status).toBe(401);
    expect(anonymous.headers.get('www-authenticate')).toBe('Bearer');
    expect(await ask(path, { method }, 'nonsense')).toMatchObject({ status: 401 });
    const forged = await signToken(await createKeys(), { subject: 'x', role: 'service' });
    expect(await ask(path, { method }, forged)).toMatchObject({ status: 401 });
    for (const role of ['guest', 'customer', 'support', 'merchandiser', 'admin'] as const) {
      const answer = await ask(path, { method }, await tokenOf(role));
      expect(answer).toMatchObject({
        status: 403,
        body: { errors: [{ extensions: { code: 'FORBIDDEN' } }] },
      });
    }
  }
  expect(places.size).toBe(0);
});

test('a service whose token was given other scopes is told which one it lacks', async () => {
  const { status, body } = await ask('/facts', {}, await tokenOf('service', ['stock:read']));
  expect({ status, message: body.errors[0].message }).toEqual({
    status: 403,
    message: 'Facts need the scope facts:read, which services have.',
  });
});

test('other methods are 405, and say which is right', async () => {
  expect((await ask('/facts', { method: 'DELETE' })).status).toBe(405);
  expect((await ask('/facts/places/inventory')).status).toBe(405);
});

test('a log that does not answer is an error of ours, told by its id alone', async () => {
  const broken = await serveSubgraph(
    { ...notes.subgraph, facts: { ...facts, head: () => Promise.reject(new Error('secret')) } },
    { port: 0, keys, log: notes.log },
  );
  const response = await fetch(new URL('/facts?after=1', broken.url), {
    headers: { authorization: `Bearer ${await tokenOf('service')}` },
  });
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('secret');
  await broken.stop();
});

test('a subgraph that publishes nothing says so', async () => {
  const silent = await serveSubgraph(notes.subgraph, { port: 0, keys, log: notes.log });
  const response = await fetch(new URL('/facts?after=0', silent.url));
  expect({ status: response.status, text: await response.text() }).toEqual({
    status: 404,
    text: expect.stringContaining('notes publishes no facts.'),
  });
  await silent.stop();
});
