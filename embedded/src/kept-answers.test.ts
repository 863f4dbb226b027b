import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInProcessBus } from '@storegraph/events';
import { localTransport, type Router, startRouter, type Transport } from '@storegraph/router';
import { createKeys, createLog, mountSubgraph, type Role, schemaFolder, signToken } from '@storegraph/server';
import { key, testDatabase } from '@storegraph/testing';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createAsks, parts } from './subgraphs.ts';

/** What the router keeps of answers, over the real catalogue and the real stock. */

const customerId = '0199aaaa-0000-7000-8000-000000000001';

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
  tokenFor = (role) => signToken(keys, { subject: role === 'customer' ? customerId : 'tester', role });
  const mounted = [];
  const asks = createAsks();
  for (const part of parts) {
    const database = await testDatabase(`template_${part.name}`, async (postgresUrl) => {
      await (
        await part.open({ postgresUrl, bus: createInProcessBus(), ask: asks.of(part.name), keys })
      ).stop();
    });
    stops.push(database.drop);
    const opened = await part.open({ postgresUrl: database.url, bus, ask: asks.of(part.name), keys });
    const subgraph = mountSubgraph(opened, { keys });
    asks.answeredBy(subgraph);
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

const priced = `query ($currency: Currency!) { products { nodes { slug variants { id sku
  price(region: "DE", currency: $currency) { amount { amountMinor } listCode nextChangeAt } } } } }`;
type PricedVariant = { id: string; sku: string; price: { amount: { amountMinor: number } } | null };

/** What each variant costs, by its SKU. */
const amounts = async (role?: Role, currency = 'EUR'): Promise<Record<string, number | null>> => {
  const { products } = await ask(priced, { currency }, role);
  const variants: PricedVariant[] = products.nodes.flatMap(
    (node: { variants: PricedVariant[] }) => node.variants,
  );
  return Object.fromEntries(variants.map(({ sku, price }) => [sku, price?.amount.amountMinor ?? null]));
};

const listSaved = async (code: string, fields: object = {}) =>
  change('priceListSave', 'PriceListSaved', {
    code,
    name: code,
    currency: 'EUR',
    includesTax: true,
    ...fields,
  });

/** Pricing hears of new variants by facts. */
const pricesSet = (listCode: string, lines: object[]) =>
  vi.waitFor(() => change('pricesSet', 'PricesSet', { listCode, lines }));

/** Asks as a browser does, and answers for how long it may keep the answer. */
const maxAgeOf = async (query: string, variables: object): Promise<number> => {
  const parameters = new URLSearchParams({ query, variables: JSON.stringify(variables) });
  const headers = { 'apollo-require-preflight': 'yes' };
  const response = await fetch(`${router.url}?${parameters}`, { headers });
  expect(response.status).toBe(200);
  await response.text();
  return Number(/max-age=(\d+)/.exec(response.headers.get('cache-control') ?? '')?.[1]);
};

test('a change of a price is seen at once, in every currency, and asks for that variant alone', async () => {
  await listSaved('RETAIL');
  const skus = ['trail-boot-41', 'trail-boot-42', 'city-boot-41', 'city-boot-42'];
  await pricesSet(
    'RETAIL',
    skus.map((sku) => ({ sku, amountMinor: 1_000 })),
  );
  const validFrom = '2026-01-01T00:00:00Z';
  await change('exchangeRatesSet', 'ExchangeRatesSet', {
    validFrom,
    rates: [{ currency: 'USD', rate: '1.1' }],
  });
  await amounts();
  await amounts(undefined, 'USD');
  asked.splice(0);
  expect(await amounts()).toEqual(Object.fromEntries(skus.map((sku) => [sku, 1_000])));
  expect(asked).toEqual([]);

  await pricesSet('RETAIL', [{ sku: 'city-boot-42', amountMinor: 1_200 }]);
  asked.splice(0);
  expect(await amounts()).toMatchObject({ 'city-boot-42': 1_200, 'city-boot-41': 1_000 });
  expect(asked).toEqual([{ subgraph: 'pricing', entities: 1 }]);
  expect(await amounts(undefined, 'USD')).toMatchObject({ 'city-boot-42': 1_320, 'city-boot-41': 1_100 });
  expect(asked).toEqual(Array(2).fill({ subgraph: 'pricing', entities: 1 }));
});

test('a scheduled price starts and ends at its second, drops its own entries alone, and is kept no longer', async () => {
  const before = await amounts();
  const variantId = await variantOf('trail-boot');
  const startsAt = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 1_000);
  const endsAt = new Date(startsAt.getTime() + 2_000);
  const scheduled = { listCode: 'RETAIL', variantId, amountMinor: 700, startsAt, endsAt };
  await change('priceSchedule', 'PriceScheduled', scheduled);
  expect(await amounts()).toEqual(before);
  const leftMs = startsAt.getTime() - Date.now();
  expect(await maxAgeOf(priced, { currency: 'EUR' })).toBeLessThanOrEqual(Math.max(0, leftMs / 1_000));

  const changedTo = (amount: number) =>
    vi.waitFor(
      async () => {
        const now = await amounts();
        expect(now['trail-boot-41']).toBe(amount);
        return { now, at: Date.now() };
      },
      { timeout: 4_000, interval: 5 },
    );
  asked.splice(0);
  const started = await changedTo(700);
  expect(started.at).toBeGreaterThanOrEqual(startsAt.getTime());
  expect(started.now).toEqual({ ...before, 'trail-boot-41': 700 });
  const ended = await changedTo(before['trail-boot-41'] ?? 0);
  expect(ended.at).toBeGreaterThanOrEqual(endsAt.getTime());
  expect(ended.now).toEqual(before);
  // Whatever was asked while the clock went on: of all prices, only the one that changed.
  const questions = asked.filter(({ subgraph }) => subgraph === 'pricing');
  expect(questions.every(({ entities }) => entities === 1)).toBe(true);
  expect(await maxAgeOf(priced, { currency: 'EUR' })).toBeGreaterThan(10);
});

test('the price of a customer’s group is kept for nobody else', async () => {
  const forAll = await amounts();
  await change('customerGroupSave', 'CustomerGroupSaved', { code: 'TRADE', name: 'Trade' });
  await listSaved('TRADE', { customerGroup: 'TRADE' });
  await pricesSet('TRADE', [{ sku: 'trail-boot-42', amountMinor: 500 }]);
  expect(await amounts('customer')).toEqual(forAll);
  await change('customerGroupAssign', 'CustomerGroupAssigned', { customerId, group: 'TRADE' });
  const ofGroup = { ...forAll, 'trail-boot-42': 500 };
  expect(await amounts('customer')).toEqual(ofGroup);
  expect(await amounts()).toEqual(forAll);
  expect(await amounts('merchandiser')).toMatchObject(forAll);
  expect(await amounts('customer')).toEqual(ofGroup);
  expect(await amounts()).toEqual(forAll);
});
