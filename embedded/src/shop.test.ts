import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, type Role, signToken } from '@storegraph/server';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { checkInvariants } from './invariants.ts';
import { readKeys } from './keys.ts';
import { type Shop, startShop } from './shop.ts';

/** The whole shop in this process, through its one endpoint. */

let folder = '';
let shop: Shop;
const open = () => startShop({ folder, port: 0, products: 50, log: createLog(() => {}) });

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'storegraph-shop-')), 'home');
  shop = await open();
});
afterAll(async () => {
  await shop.stop();
  await rm(join(folder, '..'), { recursive: true, force: true });
});

const tokenFor = async (role: Role) => {
  const keys = await readKeys(folder);
  if (!keys) throw new Error('The shop has no keys.');
  return signToken(keys, { subject: 'test', role });
};

type Answer<Data> = { data: Data; errors?: { message: string; extensions: { code: string } }[] };

/** Each test says the shape of what it asks for. */
const ask = async <Data>(query: string, variables: object = {}, token?: string): Promise<Answer<Data>> => {
  const response = await fetch(`${shop.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Answer<Data>;
};

type Stock = { status: string; available: number };
type Variant = { id: string; stock: Stock };
type Products = {
  products: {
    totalCount: number;
    nodes: {
      name: string;
      categories: { path: { slug: string }[] }[];
      media: { url: string }[];
      variants: Variant[];
    }[];
  };
};
type Reserved = { stockReserve: { __typename: string; reservation: { id: string; status: string } } };

const key = () => `key-${crypto.randomUUID()}`;

const inStock = async (atLeast: number): Promise<{ id: string; available: number }> => {
  const { data } = await ask<Products>(
    '{ products(first: 50) { nodes { variants { id stock { available } } } } }',
  );
  const variants = data.products.nodes.flatMap((product) => product.variants);
  const found = variants.find(({ stock }) => stock.available >= atLeast);
  if (!found) throw new Error('Nothing is in stock.');
  return { id: found.id, available: found.stock.available };
};

const reserve = `mutation ($key: ID!, $id: ID!, $quantity: Int!) {
  stockReserve(input: { idempotencyKey: $key, lines: [{ variantId: $id, quantity: $quantity }] }) {
    __typename
    ... on StockReserved { reservation { id status } }
  }
}`;

describe('the shop', () => {
  it('shows everybody products with their stock, in English and in German', async () => {
    const query = `query ($locale: Locale!) {
      products(first: 50) {
        totalCount
        nodes { name(locale: $locale) categories { path { slug } } media { url } variants { id stock { status available } } }
      }
    }`;
    const { data, errors } = await ask<Products>(query, { locale: 'en' });
    expect(errors).toBeUndefined();
    const { nodes, totalCount } = data.products;
    expect(totalCount).toBeGreaterThan(40);
    expect(nodes).toHaveLength(totalCount);
    const statuses = new Set(nodes.flatMap((node) => node.variants.map(({ stock }) => stock.status)));
    expect([...statuses].sort()).toEqual(['BACKORDER', 'IN_STOCK', 'LOW', 'OUT_OF_STOCK', 'PREORDER']);
    expect(Math.max(...nodes.flatMap(({ categories }) => categories.map(({ path }) => path.length)))).toBe(4);
    const german = await ask<Products>(query, { locale: 'de' });
    expect(german.data.products.nodes[0]?.name).not.toBe(nodes[0]?.name);
  });

  it('tells what everything costs, in euros, in dollars and in a currency nobody wrote a price in', async () => {
    type Price = { listCode: string; amount: { currency: string }; conversion: object | null };
    type Priced = { products: { nodes: { variants: Record<'eur' | 'usd' | 'gbp', Price | null>[] }[] } };
    const price = '{ listCode amount { currency } conversion { rate } }';
    const { data, errors } = await ask<Priced>(`{ products(first: 50) { nodes { variants {
      eur: price(region: "DE", currency: "EUR") ${price}
      usd: price(region: "US", currency: "USD") ${price}
      gbp: price(region: "GB", currency: "GBP") ${price}
    } } } }`);
    expect(errors).toBeUndefined();
    for (const { eur, usd, gbp } of data.products.nodes.flatMap(({ variants }) => variants)) {
      expect(eur).toEqual({ listCode: 'RETAIL', amount: { currency: 'EUR' }, conversion: null });
      expect(usd).toEqual({ listCode: 'US', amount: { currency: 'USD' }, conversion: null });
      expect(gbp).toMatchObject({ listCode: 'RETAIL', conversion: { rate: '0.87' } });
    }
  });

  it('lets each role do what it may and nobody else', async () => {
    const warehouses = '{ warehouses { code servesRegions } }';
    const { id } = await inStock(1);
    const hold = (token?: string) => ask<Reserved>(reserve, { key: key(), id, quantity: 1 }, token);
    expect((await hold()).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect((await hold(await tokenFor('merchandiser'))).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect((await ask(warehouses)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    const { data } = await ask<{ warehouses: { code: string }[] }>(warehouses, {}, await tokenFor('support'));
    expect(data.warehouses.map(({ code }) => code)).toEqual(['BER1', 'AMS1', 'NYC1']);
    const category = `mutation ($key: ID!) {
      categoryCreate(input: { idempotencyKey: $key, names: [{ locale: "en", text: "Gifts" }] }) { __typename }
    }`;
    const created = await ask<{ categoryCreate: { __typename: string } }>(
      category,
      { key: key() },
      await tokenFor('merchandiser'),
    );
    expect(created.data.categoryCreate.__typename).toBe('CategoryCreated');
    expect((await ask('{ __typename }', {}, 'nonsense')).errors?.[0]?.extensions.code).toBe(
      'UNAUTHENTICATED',
    );
  });

  it('tells a subscriber of stock that a warehouse holds and gives back', async () => {
    const { id, available } = await inStock(5);
    const client = createClient({
      url: `${shop.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
    });
    const changes = client.iterate<{ stockChanged: { stock: { available: number } } }>({
      query: 'subscription ($ids: [ID!]!) { stockChanged(variantIds: $ids) { stock { available } } }',
      variables: { ids: [id] },
    });
    const next = async () => (await changes.next()).value?.data?.stockChanged.stock.available;
    expect(await next()).toBe(available);

    const token = await tokenFor('warehouse');
    const { data } = await ask<Reserved>(reserve, { key: key(), id, quantity: 5 }, token);
    expect(data.stockReserve).toMatchObject({ __typename: 'StockReserved', reservation: { status: 'HELD' } });
    expect(await next()).toBe(available - 5);
    expect(
      (await ask('query ($ids: [ID!]) { variants(ids: $ids) { stock { available } } }', { ids: [id] })).data,
    ).toEqual({
      variants: [{ stock: { available: available - 5 } }],
    });

    const release = `mutation ($key: ID!, $id: ID!) {
      reservationRelease(input: { idempotencyKey: $key, reservationId: $id }) { __typename }
    }`;
    await ask(release, { key: key(), id: data.stockReserve.reservation.id }, token);
    expect(await next()).toBe(available);
    await changes.return?.();
    await client.dispose();
  });

  it('keeps every invariant', async () => {
    const findings = await checkInvariants(shop.postgresUrl);
    expect(findings.length).toBeGreaterThan(10);
    expect(findings.filter(({ rows }) => rows.length > 0)).toEqual([]);
  });

  it('keeps its data and its keys when it is opened again, and its keys to itself', async () => {
    const { id, available } = await inStock(3);
    const token = await tokenFor('warehouse');
    await ask(reserve, { key: key(), id, quantity: 3 }, token);
    await shop.stop();
    shop = await open();
    expect(shop.isNew).toBe(false);
    const { data } = await ask<{ variants: Variant[] }>(
      'query ($ids: [ID!]) { variants(ids: $ids) { stock { available byWarehouse { reserved } } } }',
      { ids: [id] },
      token,
    );
    expect(data.variants[0]?.stock).toMatchObject({ available: available - 3 });
    expect((await stat(join(folder, 'keys.json'))).mode & 0o777).toBe(0o600);
  });
});

describe('the pages', () => {
  it('begin with one that needs nothing from elsewhere and may run its own script only', async () => {
    const response = await fetch(`${shop.url}/`);
    const page = await response.text();
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(page).not.toMatch(/(?:src|href|url\()\s*=?\s*["']?(?:https?:)?\/\//);
    expect(response.headers.get('content-security-policy')).toMatch(
      /default-src 'none'; script-src 'sha256-[^']+';/,
    );
    expect(response.headers.get('content-security-policy')).not.toMatch(/script-src[^;]*unsafe/);
  });

  it('have a picture for every product, the same for ever', async () => {
    const { data } = await ask<Products>('{ products(first: 50) { nodes { media { url } } } }');
    const urls = data.products.nodes.flatMap(({ media }) => media.map(({ url }) => url));
    const pictures = await Promise.all(urls.map((url) => fetch(shop.url + url)));
    expect(new Set(pictures.map(({ status }) => status))).toEqual(new Set([200]));
    const [first] = pictures;
    expect(first?.headers.get('content-type')).toContain('image/svg+xml');
    expect(first?.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const etag = first?.headers.get('etag') ?? '';
    const again = await fetch(`${shop.url}${urls[0]}`, { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
    const head = await fetch(`${shop.url}${urls[0]}`, { method: 'HEAD' });
    expect({ status: head.status, body: await head.text() }).toEqual({ status: 200, body: '' });
  });

  it.each([
    '/media/..%2fkeys.json.svg',
    '/media/%3Cscript%3E.svg',
    `/media/${'a'.repeat(200)}.svg`,
    '/media/.svg',
    '/keys.json',
  ])('have nothing at %s', async (path) => {
    const response = await fetch(shop.url + path);
    expect(response.status).toBe(404);
    expect(await response.text()).not.toContain(
      (await readFile(join(folder, 'keys.json'), 'utf8')).slice(0, 40),
    );
  });
});
