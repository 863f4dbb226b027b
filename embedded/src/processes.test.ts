import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Role, schemaFolder, signToken } from '@storegraph/server';
import { type TestDatabase, testDatabase } from '@storegraph/testing';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openCompose, readServices, secretsIn } from './compose-fixture.ts';
import { readKeys } from './keys.ts';
import { askGraph, createLauncher, type Launched } from './process-fixture.ts';

/** The shop of docker-compose.yml: every subgraph and two routers in processes of their own, which hear each other. */

const redisUrl = process.env['REDIS_URL'];
/** Apart from what other tests keep there. */
const ownRedis = redisUrl === undefined ? null : new URL('/9', redisUrl).href;
const patience = { timeout: 20_000, interval: 50 };
const slow = 60_000;

/** Those that wait for account, which publishes the keys. */
const subgraphs = ['product', 'inventory', 'pricing', 'cart'];

const launcher = createLauncher();
let folder = '';
let database: TestDatabase;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'storegraph-processes-'));
  database = await testDatabase('empty', async () => {});
  const { start } = await openCompose(launcher, { folder, postgresUrl: database.url, redisUrl: null });
  const setup = await start('setup', { PRODUCTS: '12' }).ended;
  expect(setup.code, setup.output).toBe(0);
}, slow);
afterAll(async () => {
  await launcher.killAll();
  await rm(folder, { recursive: true, force: true });
  // Fails when a process left a connection open.
  await database.drop();
});

const tokenOf = async (role: Role, subject: string = role): Promise<string> => {
  const keys = await readKeys(secretsIn(folder));
  if (!keys) throw new Error('The setup made no keys.');
  return signToken(keys, { subject, role });
};

test('services are where the supergraph and each other say that they are', async () => {
  const services = await readServices();
  const supergraph = await readFile(join(schemaFolder, 'supergraph.graphql'), 'utf8');
  const places = [...supergraph.matchAll(/@join__graph\(name: "(\w+)", url: "([^"]+)"\)/g)];
  const urls = places.map(([, name = '', url = '']) => ({ name, url }));
  expect(urls.map(({ name }) => name).sort()).toEqual(['account', ...subgraphs].sort());
  for (const { name, url } of urls) {
    expect(url).toBe(`http://${name}:${services[name]?.environment['PORT']}/graphql`);
    const named = services[name]?.environment['SUBGRAPH_URLS']?.split(',').sort();
    expect(named).toEqual(urls.map((each) => `${each.name}=${each.url}`).sort());
  }
});

// biome-ignore lint/suspicious/noExplicitAny: an answer has the shape of its operation, which is text.
type Answer = any;

const shops = [
  ['without Redis', null],
  // Where there is one: `REDIS_URL=redis://127.0.0.1 npm test`.
  ...(ownRedis === null ? [] : [['over Redis', ownRedis] as const]),
] as const;

describe.each(shops)('processes %s', (_how, redis) => {
  const running = new Map<string, Launched>();
  let start: (name: string) => Launched;
  let routers: readonly [string, string] = ['', ''];

  beforeAll(async () => {
    const compose = await openCompose(launcher, { folder, postgresUrl: database.url, redisUrl: redis });
    start = (name) => {
      const launched = compose.start(name);
      running.set(name, launched);
      return launched;
    };
    await start('account').url;
    const [one, other] = await Promise.all(
      ['router', 'router-2', ...subgraphs].map((name) => start(name).url),
    );
    routers = [one ?? '', other ?? ''];
  }, slow);

  const ask = (query: string, token?: string, variables: object = {}, at = routers[0]): Promise<Answer> =>
    askGraph(at, query, { token, variables });

  const change = async (name: string, input: object, token: string, fields = ''): Promise<Answer> => {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
    const query = `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ${fields} } }`;
    const answer = await ask(query, token, { input: { idempotencyKey: randomUUID(), ...input } });
    return answer.data?.[name] ?? answer;
  };

  const outcomes = '... on UserError { message }';

  /** A product on sale, with one variant. */
  const newProduct = async (): Promise<{ id: string; variantId: string }> => {
    const token = await tokenOf('merchandiser');
    const texts = [{ locale: 'en', name: 'Bag' }];
    const variants = [{ sku: randomUUID() }];
    const { product, message } = await change(
      'productCreate',
      { slug: `bag-${randomUUID()}`, typeCode: 'backpack', optionNames: [], texts, variants },
      token,
      `... on ProductCreated { product { id variants { id } } } ${outcomes}`,
    );
    if (!product) throw new Error(message);
    const published = await change('productPublish', { productId: product.id }, token, outcomes);
    expect(published).toEqual({ __typename: 'ProductPublished' });
    return { id: product.id, variantId: product.variants[0].id };
  };

  const addToCart = async (variantId: string): Promise<string> => {
    const guest = await tokenOf('guest', randomUUID());
    return (await change('cartLineAdd', { variantId, quantity: 1 }, guest)).__typename;
  };

  /** Facts of product have come as far as this variant, at both who need it. */
  const isKnownEverywhere = async (variantId: string): Promise<void> => {
    const warehouse = await tokenOf('warehouse');
    const [{ id: warehouseId }] = (await ask('{ warehouses { id } }', warehouse)).data.warehouses;
    const input = { variantId, warehouseId, delta: 5, reason: 'FOUND' };
    await vi.waitFor(async () => {
      const adjusted = await change('stockAdjust', input, warehouse, outcomes);
      expect(adjusted).toEqual({ __typename: 'StockAdjusted' });
      expect(await addToCart(variantId)).toBe('CartChanged');
    }, patience);
  };

  test('what is changed by one router is dropped at the other, and nothing else', async () => {
    const { nodes } = (await ask('{ products(first: 1) { nodes { id } } }')).data.products;
    const { id } = nodes[0];
    const name = `Renamed ${randomUUID()}`;
    const query = `{ product(id: "${id}") { name variants { id stock { available } } } }`;
    const atOther = (): Promise<Answer> => ask(query, undefined, {}, routers[1]);
    // An answer that is kept is given again to the letter, with the times it took when it was made.
    await vi.waitFor(async () => expect(await atOther()).toEqual(await atOther()), patience);

    const texts = { locale: 'en', name };
    const token = await tokenOf('merchandiser');
    const saved = await change('productTranslationSave', { productId: id, texts }, token, outcomes);
    expect(saved).toEqual({ __typename: 'ProductUpdated' });
    // Who changed it reads it at once where it was changed.
    expect((await ask(query)).data.product.name).toBe(name);
    const answer = await vi.waitFor(async () => {
      const found = await atOther();
      expect(found.data.product.name).toBe(name);
      return found;
    }, patience);
    // Who is really asked says how many statements that took.
    const fetches: readonly { subgraph: string }[] = answer.extensions.trace.fetches;
    const asked = fetches.filter((each) => 'statements' in each).map(({ subgraph }) => subgraph);
    expect([...new Set(asked)]).toEqual(['product']);
  });

  test('a variant that is new is known to stock and to carts', async () => {
    const { variantId } = await newProduct();
    await isKnownEverywhere(variantId);
  });

  test('what staff did in one process stands in the audit log of another', async () => {
    const staff = `staff-${randomUUID()}`;
    const { id } = await newProduct();
    await change('productArchive', { productId: id }, await tokenOf('merchandiser', staff));
    const auditor = await tokenOf('admin');
    const entries = `{ auditEntries(actor: "staff:${staff}") { nodes { action details } } }`;
    const [entry] = await vi.waitFor(async () => {
      const { nodes } = (await ask(entries, auditor)).data.auditEntries;
      expect(nodes).toHaveLength(1);
      return nodes;
    }, patience);
    expect(entry.action).toBe('acted');
    expect(JSON.parse(entry.details)).toMatchObject({ subgraph: 'product', operation: 'productArchive' });
  });

  test('a publisher that is killed in the midst loses no fact', async () => {
    const made: string[] = [];
    const makeUntilItEnds = async (): Promise<void> => {
      for (;;) made.push((await newProduct()).variantId);
    };
    const making = Promise.allSettled([makeUntilItEnds(), makeUntilItEnds()]);
    await vi.waitFor(() => expect(made.length).toBeGreaterThan(3), patience);
    await running.get('product')?.kill();
    await making;
    await start('product').url;
    // The router leaves a subgraph alone for a while that has failed.
    const last = await vi.waitFor(() => newProduct(), patience);
    for (const variantId of [...made, last.variantId]) await isKnownEverywhere(variantId);
  });

  test('each process ends in order when it is told to', async () => {
    for (const process of running.values()) process.stop();
    const ends = [...running].map(async ([name, { ended }]) => [name, (await ended).code]);
    const all = ['account', 'router', 'router-2', ...subgraphs];
    expect(Object.fromEntries(await Promise.all(ends))).toEqual(
      Object.fromEntries(all.map((name) => [name, 0])),
    );
  });
});
