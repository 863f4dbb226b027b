import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeys, type Keys, publishedKeys, signToken, verifyToken } from '@storegraph/server';
import { type TestDatabase, testDatabase } from '@storegraph/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { askGraph, createLauncher } from './process-fixture.ts';

/** Each subgraph in a process of its own, as in a cluster: its settings, its endpoint, its health, its end. */

const launcher = createLauncher();
const stops: (() => Promise<unknown>)[] = [];
let database: TestDatabase;
let keys: Keys;
beforeAll(async () => {
  database = await testDatabase('empty', async () => {});
  keys = await createKeys();
});
afterEach(async () => {
  await launcher.killAll();
  for (const stop of stops.splice(0)) await stop();
});
// Fails when a process left a connection open.
afterAll(() => database.drop());

const launch = (subgraph: string, settings: Readonly<Record<string, string>>) =>
  launcher.launch(`subgraphs/${subgraph}/src/main.ts`, settings);

const ask = (url: string, query: string, token?: string) => askGraph(url, query, { token });

/** Something of its own that a subgraph answers to the router: how it is made, and how it is asked for. */
const entities: Readonly<Record<string, (url: string) => Promise<void>>> = {
  product: async (url) => {
    const token = await signToken(keys, { subject: 'eva', role: 'merchandiser' });
    const create = `mutation { categoryCreate(input: {
      idempotencyKey: "own-process-category", names: [{ locale: "en", text: "Gifts" }]
    }) { ... on CategoryCreated { category { id } } } }`;
    const { id } = (await ask(url, create, token)).data.categoryCreate.category;
    const { data } = await ask(
      url,
      `{ _entities(representations: [{ __typename: "Category", id: "${id}" }]) { ... on Category { name } } }`,
    );
    expect(data).toEqual({ _entities: [{ name: 'Gifts' }] });
  },
  inventory: async (url) => {
    const { data } = await ask(
      url,
      `{ _entities(representations: [{ __typename: "ProductVariant", id: "${crypto.randomUUID()}" }]) {
        ... on ProductVariant { stock { status available } }
      } }`,
    );
    expect(data).toEqual({ _entities: [{ stock: { status: 'OUT_OF_STOCK', available: 0 } }] });
  },
};

describe.each(Object.keys(entities))('%s in a process of its own', (subgraph) => {
  it('answers the router, says that it is ready, and ends in order when it is told to', async () => {
    const { url, ended, stop } = launch(subgraph, {
      POSTGRES_URL: database.url,
      PORT: '0',
      PUBLIC_KEYS: JSON.stringify({ keys: keys.keys }),
    });
    const graph = await url;
    expect((await ask(graph, '{ _service { sdl } }')).data._service.sdl).toContain('@key');
    await entities[subgraph]?.(graph);
    const ready = await fetch(new URL('/health/ready', graph));
    expect({ status: ready.status, body: await ready.json() }).toMatchObject({ status: 200 });
    stop();
    expect(await ended).toMatchObject({ code: 0 });
  });

  it('names every setting that is missing or wrong, and ends with 1', async () => {
    const { code, output } = await launch(subgraph, { PORT: 'four' }).ended;
    expect(code).toBe(1);
    expect(output).toContain('- POSTGRES_URL is missing.');
    expect(output).toContain('- PUBLIC_KEYS_URL is missing, or PUBLIC_KEYS.');
    expect(output).toContain('- PORT is wrong');
  });
});

describe('facts', () => {
  it('are told to services', async () => {
    const { url, ended, stop } = launch('product', {
      POSTGRES_URL: database.url,
      PORT: '0',
      PUBLIC_KEYS: JSON.stringify({ keys: keys.keys }),
    });
    const graph = await url;
    await entities['product']?.(graph);
    const token = await signToken(keys, { subject: 'cart', role: 'service' });
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const { head, facts } = JSON.parse(await (await fetch(new URL('/facts', graph), { headers })).text());
    expect(facts.at(-1)).toMatchObject({ publisher: 'product', sequence: head });
    expect(new Date(facts.at(-1).occurredAt).toJSON()).toBe(facts.at(-1).occurredAt);
    const place = { method: 'PUT', headers, body: JSON.stringify({ after: head }) };
    expect((await fetch(new URL('/facts/places/cart', graph), place)).status).toBe(204);
    stop();
    const { code, output } = await ended;
    expect(code).toBe(0);
    expect(output).not.toContain('does not hear');
  });

  it.each<[string, Readonly<Record<string, string>>, string, readonly string[]]>([
    ['inventory', {}, 'set SUBGRAPH_URLS and SERVICE_TOKEN', ['product']],
    [
      'cart',
      { SERVICE_TOKEN: 'x', SUBGRAPH_URLS: 'product=http://127.0.0.1:9/graphql' },
      'name them in SUBGRAPH_URLS',
      ['account'],
    ],
  ])(
    'that nothing leads to are told of at the start, once: %s, %j',
    async (subgraph, settings, how, subgraphs) => {
      const { url, ended, stop } = launch(subgraph, {
        ...{ POSTGRES_URL: database.url, PORT: '0', PUBLIC_KEYS: JSON.stringify({ keys: keys.keys }) },
        ...settings,
      });
      await url;
      stop();
      const { code, output } = await ended;
      expect(code).toBe(0);
      const warnings = output.split('\n').filter((line) => line.includes('does not hear'));
      expect(warnings.map((line) => JSON.parse(line))).toMatchObject([
        { level: 'warn', message: `It does not hear the facts of other subgraphs: ${how}.`, subgraphs },
      ]);
    },
  );
});

describe('keys of callers', () => {
  it('are taken from where they are published, also when they are replaced while it runs', async () => {
    let published = keys;
    const server = createServer((_request, response) =>
      response.end(JSON.stringify(publishedKeys(published))),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stops.push(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as AddressInfo; // a server on a port has one
    const { url, ended, stop } = launch('inventory', {
      POSTGRES_URL: database.url,
      PORT: '0',
      PUBLIC_KEYS_URL: `http://127.0.0.1:${port}/.well-known/jwks.json`,
    });
    const graph = await url;
    const warehouses = async (by: Keys) =>
      ask(graph, '{ warehouses { id } }', await signToken(by, { subject: 'w', role: 'warehouse' }));
    expect((await warehouses(keys)).errors).toBeUndefined();
    const next = await createKeys();
    published = { ...next, keys: [...keys.keys, ...next.keys] };
    expect((await warehouses(next)).errors).toBeUndefined();
    expect((await warehouses(await createKeys())).errors[0].extensions.code).toBe('UNAUTHENTICATED');
    stop();
    expect(await ended).toMatchObject({ code: 0 });
  });

  it('must be there at the start', async () => {
    const { code, output } = await launch('product', {
      POSTGRES_URL: database.url,
      PUBLIC_KEYS_URL: 'http://127.0.0.1:9/',
    }).ended;
    expect(code).toBe(1);
    expect(output).toContain('- PUBLIC_KEYS_URL cannot be used: there are no keys at http://127.0.0.1:9/');
  });
});

describe('account in a process of its own', () => {
  it('takes several secrets, signs by its file of keys and publishes what verifies', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'account-'));
    stops.push(() => rm(folder, { recursive: true }));
    const file = join(folder, 'keys.json');
    await writeFile(file, JSON.stringify(keys));
    const secret = () => randomBytes(32).toString('base64url');
    const { url, ended, stop } = launch('account', {
      POSTGRES_URL: database.url,
      PORT: '0',
      KEYS_FILE: file,
      ACCOUNT_SECRET: `${secret()}, ${secret()}`,
    });
    const graph = await url;
    const create = `mutation { guestCreate(input: { idempotencyKey: "own-process-guest" }) { ... on GuestCreated { token } } }`;
    const { token } = (await ask(graph, create)).data.guestCreate;
    const published: Keys = JSON.parse(await (await fetch(new URL('/.well-known/jwks.json', graph))).text());
    expect((await verifyToken(published, token)).viewer).toMatchObject({ kind: 'guest' });
    expect(JSON.stringify(published)).not.toContain('"d"');
    stop();
    expect(await ended).toMatchObject({ code: 0 });
  });

  it('names a secret that is too short, and what is missing', async () => {
    const { code, output } = await launch('account', { ACCOUNT_SECRET: 'short' }).ended;
    expect(code).toBe(1);
    expect(output).toContain('- KEYS_FILE is missing.');
    expect(output).toContain('- ACCOUNT_SECRET is wrong: must be 32 bytes or more as Base64url each.');
  });
});
