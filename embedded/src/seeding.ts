import { setTimeout as pause } from 'node:timers/promises';
import { type Bus, createInProcessBus } from '@storegraph/events';
import { connect, type Database, migrate } from '@storegraph/postgres';
import { type Log, type MountedSubgraph, mountSubgraph } from '@storegraph/server';
import { ask } from './service-call.ts';
import {
  beginSeeding,
  consumptionIn,
  dropSchemas,
  finishSeeding,
  type Seeding,
  seedingOf,
  shopMigrations,
  whileOnlyOne,
} from './shop-repository.ts';
import { createAsks, parts } from './subgraphs.ts';

/** How often a start asks whether another process has finished filling the shop. */
const waitMs = 200;
/** How often is asked whether a subgraph has heard of every new variant. */
const drainPollMs = 25;

/** Nobody sends a token while a shop is filled. */
const nobodys = { keys: [] };

type Needs = {
  readonly url: string;
  /** How many products the shop begins with. */
  readonly products: number;
  readonly log: Log;
  /** Hears, in words for a person, what is being done. */
  readonly tell: (line: string) => void;
  /** Gives up between two steps. */
  readonly signal?: AbortSignal | undefined;
};

/**
 * Fills a shop that is new, once: true when it was done now. A filling cut short is started over, which loses
 * nothing: no shop opens before its filling has ended.
 */
export const fillOnce = async (needs: Needs): Promise<boolean> => {
  const { url } = needs;
  await migrate({ url, schema: 'shop', folders: [shopMigrations] });
  const db = connect({
    url,
    schema: 'shop',
    name: 'shop',
    statementConnections: 1,
    transactionConnections: 1,
  });
  try {
    for (;;) {
      if ((await seedingOf(db)) === 'finished') return false;
      const isFilled = await whileOnlyOne(db, async (tx) => {
        const seeding = await seedingOf(db);
        const isNew = seeding !== 'finished' && (await fill(db, seeding, needs));
        await finishSeeding(tx);
        return isNew;
      });
      if (isFilled !== null) return isFilled;
      await pause(waitMs, undefined, { signal: needs.signal });
    }
  } finally {
    await db.close();
  }
};

/** False when somebody has put products here before any shop was started: they are not to be mixed with ours. */
const fill = async (db: Database, seeding: Seeding, needs: Needs): Promise<boolean> => {
  if (seeding === 'begun') {
    await dropSchemas(
      db,
      parts.map(({ name }) => name),
    );
  }
  return withSubgraphs(needs, async (shop) => {
    if (await hasProducts(shop)) return false;
    await beginSeeding(db);
    needs.tell(`Filling the shop with ${needs.products.toLocaleString('en')} products, once …`);
    await addProducts(shop, needs);
    return true;
  });
};

/** Adds so many generated products, with stock, to a shop. */
export const seedMore = (needs: Needs): Promise<void> =>
  withSubgraphs(needs, (shop) => addProducts(shop, needs));

type Parts = { readonly of: (name: string) => MountedSubgraph; readonly bus: Bus };

/** Subgraphs of one's own over the shop's database, for a while. */
const withSubgraphs = async <T>({ url, log }: Needs, work: (shop: Parts) => Promise<T>): Promise<T> => {
  const bus = createInProcessBus();
  const asks = createAsks();
  const mounted = new Map<string, MountedSubgraph>();
  try {
    for (const { name, open } of parts) {
      const part = await open({ postgresUrl: url, bus, ask: asks.of(name), keys: nobodys });
      const subgraph = mountSubgraph(part, { log });
      asks.answeredBy(subgraph);
      mounted.set(name, subgraph);
    }
    for (const subgraph of mounted.values()) await subgraph.start();
    const of = (name: string) => {
      const found = mounted.get(name);
      if (!found) throw new Error(`There is no subgraph ${name}.`);
      return found;
    };
    return await work({ of, bus });
  } finally {
    for (const subgraph of [...mounted.values()].reverse()) await subgraph.stop();
  }
};

const hasProducts = async ({ of }: Parts): Promise<boolean> => {
  const { products } = await ask<{ products: { nodes: readonly unknown[] } }>(
    of('product'),
    '{ products(first: 1, filter: { statuses: [DRAFT, PUBLISHED, ARCHIVED] }) { nodes { id } } }',
  );
  return products.nodes.length > 0;
};

const addProducts = async ({ bus }: Parts, { url, products, tell, signal }: Needs): Promise<void> => {
  const [{ seedCatalogue }, { seedStock }, { seedPrices }] = await Promise.all([
    import('@storegraph/product/seed'),
    import('@storegraph/inventory/seed'),
    import('@storegraph/pricing/seed'),
  ]);
  const written = await over(url, 'product', (db) => seedCatalogue(db, { products, signal }));
  tell(
    `${written.products.toLocaleString('en')} products with ${written.variants.toLocaleString('en')} variants written.`,
  );
  signal?.throwIfAborted();
  await untilKnown(url, 'inventory', bus, signal);
  const pieces = await over(url, 'inventory', (db) => seedStock(db, { signal }));
  tell(`${pieces.toLocaleString('en')} pieces put into the warehouses.`);
  await untilKnown(url, 'pricing', bus, signal);
  const priced = await over(url, 'pricing', (db) => seedPrices(db, { signal }));
  tell(`${priced.toLocaleString('en')} variants priced.`);
};

const over = async <T>(url: string, schema: string, work: (db: Database) => Promise<T>): Promise<T> => {
  const db = connect({ url, schema, name: 'seed', transactionConnections: 1 });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
};

const untilKnown = async (
  url: string,
  subgraph: string,
  bus: Bus,
  signal: AbortSignal | undefined,
): Promise<void> => {
  const head = await (await bus.log('product')).head();
  await over(url, subgraph, async (db) => {
    const isBehind = async () => {
      const positions = (await consumptionIn(db)).filter(({ publisher }) => publisher === 'product');
      return positions.length === 0 || positions.some(({ sequence }) => sequence < head);
    };
    while (await isBehind()) await pause(drainPollMs, undefined, { signal });
  });
};
