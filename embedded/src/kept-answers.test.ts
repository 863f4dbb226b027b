import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInProcessBus } from '@storegraph/events';
import { localTransport, type Router, startRouter, type Transport } from '@storegraph/router';
import { createKeys, createLog, mountSubgraph, type Role, schemaFolder, signToken } from '@storegraph/server';
import { key, testDatabase } from '@storegraph/testing';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { parts } from './subgraphs.ts';

/** What the router keeps of answers, over the real catalogue and the real stock. */

type Asked = { readonly subgraph: string; readonly entities: number };
const asked: Asked[] = [];
const stops: (() => Promise<void>)[] = [];
let router: Router;
let tokenFor: (role: Role) => Promise<string>;

/** Notes what a subgraph is really asked. */
const noting = (transport: Transport): Transport => ({
  ...transport,
  fetch: (subquery, variables, call) => {
    const entities = subquery.entities ? variables[subquery.entities.variable] : [];
    asked.push({ subgraph: transport.name, entities: Array.isArray(entities) ? entities.length : 0 });
    return transport.fetch(subquery, variables, call);
  },
});

const ask = async (query: string, variables: object = {}, role?: Role) => {
  const authorization = role && { authorization: `Bearer ${await tokenFor(role)}` };
  const response = await fetch(router.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorization },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = JSON.parse(await response.text());
  expect(errors).toBeUndefined();
  return data;
};

/** Runs a mutation as admin and answers its outcome, which must be the one that is meant. */
const change = async (mutation: string, outcome: string, input: object, selection = '') => {
  const kind = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  const text = `mutation ($input: ${kind}!) { ${mutation}(input: $input) { __typename ... on UserError { message } ${selection} } }`;
  const { [mutation]: answer } = await ask(text, { input: { idempotencyKey: key(), ...input } }, 'admin');
  expect(answer).toMatchObject({ __typename: outcome });
  return answer;
};

const page = '{ products { nodes { slug name variants { id sku stock { available } } } } }';

const makeProduct = async (slug: string, isPublished: boolean): Promise<string> => {
  const variants = ['41', '42'].map((size) => ({
    sku: `${slug}-${size}`,
    options: [{ name: 'size', value: size }],
  }));
  const { product } = await change(
    'productCreate',
    'ProductCreated',
    { slug, typeCode: 'boot', texts: [{ locale: 'en', name: slug }], optionNames: ['size'], variants },
    '... on ProductCreated { product { id } }',
  );
  if (isPublished) await change('productPublish', 'ProductPublished', { productId: product.id });
  return product.id;
};

beforeAll(async () => {
  const bus = createInProcessBus();
  const keys = await createKeys();
  tokenFor = (role) => signToken(keys, { subject: 'tester', role });
  const mounted = [];
  for (const part of parts) {
    const database = await testDatabase(`template_${part.name}`, async (postgresUrl) => {
      await (await part.open({ postgresUrl, bus: createInProcessBus() })).stop();
    });
    stops.push(database.drop);
    const subgraph = mountSubgraph(await part.open({ postgresUrl: database.url, bus }), { keys });
    stops.push(subgraph.stop);
    mounted.push(subgraph);
  }
  await Promise.all(mounted.map((subgraph) => subgraph.start()));
  router = await startRouter({
    supergraphSdl: await readFile(join(schemaFolder, 'supergraph.graphql'), 'utf8'),
    transports: mounted.map((subgraph) => noting(localTransport(subgraph))),
    logs: await Promise.all(mounted.map(({ name }) => bus.log(name))),
    ...{ keys, port: 0, log: createLog(() => {}) },
  });
  stops.push(router.stop);
  await change('productTypeSave', 'ProductTypeSaved', { code: 'boot', name: 'Boot', attributes: [] });
  await makeProduct('trail-boot', true);
  await makeProduct('city-boot', true);
  await makeProduct('secret-boot', false);
});
afterAll(async () => {
  for (let stop = stops.pop(); stop; stop = stops.pop()) await stop();
});
beforeEach(async () => {
  await ask(page);
  asked.splice(0);
});

const variantOf = async (slug: string): Promise<string> => {
  const { products } = await ask(page);
  return products.nodes.find((node: { slug: string }) => node.slug === slug).variants[0].id;
};

test('what was asked before is answered without asking any subgraph', async () => {
  const { products } = await ask(page);
  expect(products.nodes.map(({ slug }: { slug: string }) => slug).sort()).toEqual([
    'city-boot',
    'trail-boot',
  ]);
  expect(asked).toEqual([]);
});

test('a change of stock is seen at once, and asks for that variant alone', async () => {
  const variantId = await variantOf('trail-boot');
  const { warehouse } = await change(
    'warehouseSave',
    'WarehouseSaved',
    { code: 'BER', name: 'Berlin', region: 'DE' },
    '... on WarehouseSaved { warehouse { id } }',
  );
  // Inventory hears of new variants by facts.
  await vi.waitFor(() =>
    change('stockAdjust', 'StockAdjusted', {
      variantId,
      warehouseId: warehouse.id,
      delta: 5,
      reason: 'RECEIVED',
    }),
  );
  await ask(page);
  asked.splice(0);
  await change('stockAdjust', 'StockAdjusted', {
    variantId,
    warehouseId: warehouse.id,
    delta: 2,
    reason: 'RECEIVED',
  });
  asked.splice(0);
  const { products } = await ask(page);
  const stocks = products.nodes.flatMap(
    (node: { variants: { id: string; stock: { available: number } }[] }) => node.variants,
  );
  expect(stocks.find(({ id }: { id: string }) => id === variantId).stock.available).toBe(7);
  expect(asked).toEqual([{ subgraph: 'inventory', entities: 1 }]);
});

test('a change of a name is seen at once, and nothing is asked of the stock', async () => {
  const { product } = await ask('{ product(slug: "city-boot") { id } }');
  asked.splice(0);
  const texts = { locale: 'en', name: 'City boot, new' };
  await change('productTranslationSave', 'ProductUpdated', { productId: product.id, texts });
  asked.splice(0);
  const { products } = await ask(page);
  expect(products.nodes.map(({ name }: { name: string }) => name)).toContain('City boot, new');
  expect(asked).toEqual([{ subgraph: 'product', entities: 0 }]);
});

test('what staff see is kept for nobody else, whoever asks first', async () => {
  const slugs = async (role?: Role) => {
    const { products } = await ask('{ products(sort: NAME) { nodes { slug } } }', {}, role);
    return products.nodes.map(({ slug }: { slug: string }) => slug).sort();
  };
  const forAll = ['city-boot', 'trail-boot'];
  const forStaff = ['city-boot', 'secret-boot', 'trail-boot'];
  expect(await slugs('merchandiser')).toEqual(forStaff);
  expect(await slugs()).toEqual(forAll);
  expect(await slugs('merchandiser')).toEqual(forStaff);
  expect(await slugs('customer')).toEqual(forAll);
  expect(await slugs()).toEqual(forAll);
});
