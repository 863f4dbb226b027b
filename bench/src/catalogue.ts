import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInProcessBus } from '@storegraph/events';
import { connect, type EmbeddedPostgres, migrate, startEmbeddedPostgres } from '@storegraph/postgres';
import { migrations, product, seedCatalogue } from '@storegraph/product';
import { anonymous, type MountedSubgraph, mountSubgraph } from '@storegraph/server';
import { sql } from 'drizzle-orm';
import { distinctScans, isWholeTable, planReader } from './catalogue-plans.ts';
import { type BenchResult, percentile, type Ratio } from './result.ts';

/**
 * What a page costs in a catalogue of 10,000 variants and in one of 1,000,000: through GraphQL and every loader,
 * in this process. The two are asked in turn, so that whatever else the machine does, it does to both.
 */

const variantsEach = 3;
const sizes = { small: 10_000, big: 1_000_000 };
const samples = 300;
const warmUp = 30;
/** How deep the deep page lies. */
const deepProducts = 10_000;

type Side = keyof typeof sizes;
type Case = { name: string; query: string; variables: (shop: Shop, turn: number) => object };
type Shop = {
  side: Side;
  mounted: MountedSubgraph;
  loadSeconds: number;
  megabytes: number;
  categoryIds: string[];
  /** Cursors behind so many products, and a page before the end. */
  deepCursor: string;
  endCursor: string;
  references: object[];
};

export const run = async (): Promise<BenchResult> => {
  const folder = await mkdtemp(join(tmpdir(), 'storegraph-bench-catalogue-'));
  const plans = planReader();
  const postgres = await startEmbeddedPostgres({
    folder: join(folder, 'postgres'),
    log: plans.hear,
    settings: {
      shared_buffers: '512MB',
      max_wal_size: '8GB',
      // Only reads are measured: the catalogue is written without waiting for the disk.
      fsync: 'off',
      synchronous_commit: 'off',
      shared_preload_libraries: 'auto_explain',
    },
  });
  try {
    const shops = { small: await openShop(postgres, 'small'), big: await openShop(postgres, 'big') };
    const timings = await measure(shops);
    const explained = await plansOf(postgres, shops.big, plans);
    await Promise.all([shops.small.mounted.stop(), shops.big.mounted.stop()]);
    return resultOf(shops, timings, explained);
  } finally {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
};

const openShop = async (postgres: EmbeddedPostgres, side: Side): Promise<Shop> => {
  await postgres.createDatabase(side);
  const postgresUrl = postgres.url(side);
  await migrate({ url: postgresUrl, schema: 'product', folders: migrations });
  const db = connect({ url: postgresUrl, schema: 'product', name: 'bench' });
  const started = performance.now();
  await seedCatalogue(db, { products: Math.ceil(sizes[side] / variantsEach) });
  const loadSeconds = (performance.now() - started) / 1000;
  await db.execute(sql`vacuum analyze`);
  const [size] = await db.execute<{ megabytes: number }>(
    sql`select (pg_database_size(current_database()) / 1000000)::integer as megabytes`,
  );
  await db.close();
  console.log(`${sizes[side]} variants written in ${loadSeconds.toFixed(0)} s.`);
  const mounted = mountSubgraph(await product({ postgresUrl, bus: createInProcessBus() }));
  return {
    side,
    mounted,
    loadSeconds,
    megabytes: size?.megabytes ?? 0,
    categoryIds: await categoryIdsOf(mounted),
    ...(await walk(mounted)),
    references: await referencesOf(mounted),
  };
};

const ask = async <Data>(mounted: MountedSubgraph, query: string, variables: object = {}): Promise<Data> => {
  const { data, errors } = await mounted.execute({ query, variables: { ...variables }, viewer: anonymous });
  if (errors) throw new Error(errors.map(({ message }) => message).join(' '));
  return data as Data; // each query is asked with the type of its answer
};

type Edges = {
  products: { edges: { cursor: string; node: { id: string } }[]; pageInfo: { hasNextPage: boolean } };
};

/** Walks the whole catalogue: no product may come twice, none be missed. Keeps the cursors of deep pages. */
const walk = async (mounted: MountedSubgraph): Promise<Pick<Shop, 'deepCursor' | 'endCursor'>> => {
  const query = `query ($after: String) { products(first: 100, after: $after) {
    edges { cursor node { id } } pageInfo { hasNextPage } } }`;
  const { products } = await ask<{ products: { totalCount: number } }>(
    mounted,
    '{ products { totalCount } }',
  );
  const cursors: string[] = [];
  const ids = new Set<string>();
  for (let hasNextPage = true; hasNextPage; ) {
    const page: Edges = await ask(mounted, query, { after: cursors.at(-1) ?? null });
    for (const { cursor, node } of page.products.edges) {
      cursors.push(cursor);
      ids.add(node.id);
    }
    hasNextPage = page.products.pageInfo.hasNextPage;
  }
  if (cursors.length !== products.totalCount || ids.size !== products.totalCount) {
    throw new Error(
      `Walking met ${ids.size} products in ${cursors.length} places, of ${products.totalCount}.`,
    );
  }
  const endCursor = cursors.at(-26) ?? '';
  return { deepCursor: cursors[deepProducts] ?? endCursor, endCursor };
};

const categoryIdsOf = async (mounted: MountedSubgraph): Promise<string[]> => {
  type Tree = { categories: { id: string; descendants: { id: string }[] }[] };
  const { categories } = await ask<Tree>(mounted, '{ categories { id descendants { id } } }');
  return categories.flatMap(({ id, descendants }) => [id, ...descendants.map((below) => below.id)]);
};

/** 500 references as the router sends them: products by id and slug, variants by id and SKU, categories. */
const referencesOf = async (mounted: MountedSubgraph): Promise<object[]> => {
  type Nodes = {
    id: string;
    slug: string;
    variants: { id: string; sku: string }[];
    categories: { id: string }[];
  }[];
  const query =
    '{ products(first: 100, sort: NAME) { nodes { id slug variants { id sku } categories { id } } } }';
  const { products } = await ask<{ products: { nodes: Nodes } }>(mounted, query);
  return products.nodes.flatMap(({ id, slug, variants, categories }) => [
    { __typename: 'Product', id },
    { __typename: 'Product', slug },
    { __typename: 'ProductVariant', id: variants[0]?.id },
    { __typename: 'ProductVariant', sku: variants[1]?.sku },
    { __typename: 'Category', id: categories[0]?.id },
  ]);
};

const page = (args: string, declared: string) => `query (${declared}) { products(first: 24, ${args}) {
  nodes { id slug name(locale: "de") media { url alt } variants { sku options { name value } } categories { path { name } } }
  pageInfo { hasNextPage endCursor } } }`;
const filtered = page('filter: $filter', '$filter: ProductFilter');
const behind = page('after: $after', '$after: String');
const colours = ['black', 'blue', 'green', 'grey', 'orange', 'red', 'sand', 'yellow'];

const cases: readonly Case[] = [
  { name: 'first page', query: behind, variables: () => ({}) },
  {
    name: `page behind ${deepProducts} products`,
    query: behind,
    variables: ({ deepCursor }) => ({ after: deepCursor }),
  },
  { name: 'last page', query: behind, variables: ({ endCursor }) => ({ after: endCursor }) },
  {
    name: 'category page',
    query: filtered,
    variables: ({ categoryIds }, turn) => ({
      filter: { categoryId: categoryIds[turn % categoryIds.length] },
    }),
  },
  {
    name: 'page of one colour',
    query: filtered,
    variables: (_shop, turn) => ({
      filter: {
        typeCode: 'jacket',
        attributes: [{ code: 'colour', equals: colours[turn % colours.length] }],
      },
    }),
  },
  {
    name: 'page of a colour and a range',
    query: filtered,
    variables: (_shop, turn) => ({
      filter: {
        typeCode: 'jacket',
        attributes: [
          { code: 'colour', equals: colours[turn % colours.length] },
          { code: 'waterColumnMm', between: { min: 5_000, max: 20_000 } },
        ],
      },
    }),
  },
  {
    name: '500 entities',
    query: `query ($references: [_Any!]!) { _entities(representations: $references) {
      ... on Product { id name } ... on ProductVariant { id sku } ... on Category { id name } } }`,
    variables: ({ references }) => ({ references }),
  },
];

/** The scans by which the statements of each case find their rows. */
const plansOf = async (
  postgres: EmbeddedPostgres,
  shop: Shop,
  plans: ReturnType<typeof planReader>,
): Promise<Map<string, readonly string[]>> => {
  const db = connect({ url: postgres.url(shop.side), schema: 'product', name: 'bench' });
  const explained = new Map<string, readonly string[]>();
  await plans.begin(db);
  for (const { name, query, variables } of cases) {
    explained.set(name, await plans.scansOf(db, () => ask(shop.mounted, query, variables(shop, 5))));
  }
  await db.close();
  return explained;
};

type Timings = Record<Side, Map<string, number[]>>;

const measure = async (shops: Record<Side, Shop>): Promise<Timings> => {
  const timings: Timings = { small: new Map(), big: new Map() };
  for (let turn = -warmUp; turn < samples; turn += 1) {
    for (const { name, query, variables } of cases) {
      for (const side of turn % 2 === 0 ? (['small', 'big'] as const) : (['big', 'small'] as const)) {
        const started = performance.now();
        await ask(shops[side].mounted, query, variables(shops[side], turn + warmUp));
        if (turn >= 0)
          timings[side].set(name, [...(timings[side].get(name) ?? []), performance.now() - started]);
      }
    }
  }
  return timings;
};

const resultOf = (
  shops: Record<Side, Shop>,
  timings: Timings,
  explained: ReadonlyMap<string, readonly string[]>,
): BenchResult => {
  const at = (side: Side, name: string, share: number) => percentile(timings[side].get(name) ?? [], share);
  const atMost = (name: string, value: number, bound: number): Ratio => ({
    name,
    value,
    bound,
    atLeast: false,
  });
  const [first, deep, last] = cases.slice(0, 3).map(({ name }) => name) as [string, string, string];
  const scans = [...explained.values()].flat();
  return {
    name: `The catalogue at ${sizes.big} variants against ${sizes.small}`,
    rows: cases.map(({ name }) => ({
      page: name,
      'small p50 ms': round(at('small', name, 0.5)),
      'small p95 ms': round(at('small', name, 0.95)),
      'big p50 ms': round(at('big', name, 0.5)),
      'big p95 ms': round(at('big', name, 0.95)),
    })),
    ratios: [
      ...cases.map(({ name }) =>
        atMost(`${name}: p95 big / small`, at('big', name, 0.95) / at('small', name, 0.95), 2),
      ),
      atMost('deep / first page, p95 big', at('big', deep, 0.95) / at('big', first, 0.95), 2),
      atMost('last / first page, p95 big', at('big', last, 0.95) / at('big', first, 0.95), 2),
      atMost('sequential scans of products, variants or listings', scans.filter(isWholeTable).length, 0),
    ],
    notes: [
      ...Object.values(shops).map(
        ({ side, loadSeconds, megabytes }) =>
          `${sizes[side]} variants: written in ${loadSeconds.toFixed(0)} s with all facts and listings, ${megabytes} MB; walked whole, each product once.`,
      ),
      ...[...explained].map(([name, lines]) => `Plans of the ${name}:\n${distinctScans(lines).join('\n')}`),
    ],
  };
};

const round = (ms: number): number => Math.round(ms * 10) / 10;
