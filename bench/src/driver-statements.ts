import { randomBytes } from 'node:crypto';
import { createInProcessBus } from '@storegraph/events';
import { connect, type Database, newId, type Transaction } from '@storegraph/postgres';
import { product, seedCatalogue } from '@storegraph/product';
import { anonymous, type MountedSubgraph, mountSubgraph } from '@storegraph/server';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/pg-proxy';
import { type ReserveRequest, reserveStock } from '../../subgraphs/inventory/src/reserve-repository.ts';
import { createLoaders } from '../../subgraphs/product/src/loaders.ts';
import { lockProduct, productsByReferences, saveProduct } from '../../subgraphs/product/src/repository.ts';
import type { Asked, Connection } from './driver-connections.ts';
import { prepare } from './reservations-ways.ts';

/** How many products the catalogue has: those that transactions write are as many. */
const products = 1_000;

const pageOf24 = `query { products(first: 24) {
  nodes { id slug name(locale: "de") media { url alt } variants { sku options { name value } } categories { path { name } } }
  pageInfo { hasNextPage endCursor } } }`;

/** What the shop sends to the catalogue's database, as it was heard. */
export type CatalogueStatements = {
  readonly page: readonly Asked[];
  readonly reads: readonly Asked[];
  readonly changes: readonly { readonly lock: Asked; readonly save: Asked; readonly facts: Asked }[];
  /** Asks for the whole page through GraphQL, over connections of the shop's own. */
  readonly wholePage: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** A database for drizzle, whose statements are kept and answered by `answer`. */
const listener = (answer: Connection['ask']) => {
  const heard: Asked[] = [];
  const db = drizzle(async (text, parameters, method) => {
    const statement = { text, parameters, asArrays: method === 'all' };
    heard.push(statement);
    return { rows: [...(await answer(statement))] };
  });
  // Repositories ask it as they ask any other; it opens no transaction.
  return { heard, db: db as unknown as Database & Transaction };
};

/** Seeds a catalogue, and listens to what its page, its loader of one product and a change of one send. */
export const listenToCatalogue = async (
  url: string,
  connection: Connection,
): Promise<CatalogueStatements> => {
  const subgraph = await product({ postgresUrl: url, bus: createInProcessBus() });
  const seeding = connect({ url, schema: 'product', name: 'bench' });
  await seedCatalogue(seeding, { products });
  await seeding.execute(sql`vacuum analyze`);
  const rows = await seeding.execute<{ id: string }>(sql`select id from products order by id`);
  await seeding.close();

  const page = listener(connection.ask);
  const listening = mountSubgraph({
    ...subgraph,
    context: (request) => ({ ...subgraph.context(request), loaders: createLoaders(page.db, request.viewer) }),
  });
  await askPage(listening);
  const reads = listener(connection.ask);
  for (const { id } of rows) await productsByReferences(reads.db, anonymous, { ids: [id], slugs: [] });
  const changes = [];
  for (const { id } of rows) changes.push(await listenToChange(id, connection));
  const mounted = mountSubgraph(subgraph);
  return {
    page: page.heard,
    reads: reads.heard,
    changes,
    wholePage: () => askPage(mounted),
    stop: () => mounted.stop(),
  };
};

const askPage = async (mounted: MountedSubgraph) => {
  const { data, errors } = await mounted.execute({ query: pageOf24, variables: {}, viewer: anonymous });
  if (errors || !data) throw new Error(errors?.map(({ message }) => message).join(' '));
};

const listenToChange = async (id: string, connection: Connection) => {
  const { heard, db } = listener(connection.ask);
  const locked = await lockProduct(db, id);
  if (locked) await saveProduct(db, locked.product);
  const [lock, save] = heard;
  if (!lock || !save) throw new Error(`Product ${id} was not locked and saved.`);
  const data = JSON.stringify({ productId: id, version: locked?.product.version, changed: ['texts'] });
  const facts = {
    text: 'select append_facts($1::text[], $2::integer[], $3::text[], $4::text[]::jsonb[])',
    parameters: [['product.updated'], [1], [id], [data]],
    asArrays: false,
  };
  return { lock, save, facts };
};

/** Prepares stock. Answers what makes the statement of a batch: so many new reservations of one variant. */
export const listenToStock = async (url: string): Promise<(reservations: number) => Promise<Asked>> => {
  const [variantId = ''] = await prepare(url, 1);
  const db = connect({ url, schema: 'inventory', name: 'bench', statementConnections: 1 });
  const [warehouse] = await db.execute<{ id: string }>(sql`select warehouse_id as id from stock`);
  await db.close();
  const route = [warehouse?.id ?? ''];
  const request = (): ReserveRequest => ({
    reservationId: newId(),
    fingerprint: randomBytes(32).toString('hex'),
    lines: [{ variantId, quantity: 1 }],
    region: null,
    holdSeconds: 900,
    route,
    isRenewal: false,
  });
  return async (reservations) => {
    const { heard, db: stock } = listener(async () => [{ notes: [] }]);
    await reserveStock(stock, Array.from({ length: reservations }, request));
    const [batch] = heard;
    if (!batch) throw new Error('A batch of reserves sent nothing.');
    return batch;
  };
};
