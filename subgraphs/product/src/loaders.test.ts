import { randomUUID } from 'node:crypto';
import { connect, type Database } from '@storegraph/postgres';
import { anonymous } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLoaders, type Loaders } from './loaders.ts';
import { type Catalogue, openCatalogue } from './product-fixture.ts';

let catalogue: Catalogue;
let db: Database;
beforeAll(async () => {
  catalogue = await openCatalogue();
  db = connect({ url: catalogue.url, schema: 'product', name: 'loaders', statementConnections: 1 });
});
afterAll(async () => {
  await db.close();
  await catalogue.stop();
});

/** What a connection keeps prepared, which it does for as long as it lives. */
const prepared = async (): Promise<number> => {
  const [row] = await db.execute<{ count: number }>(sql`select count(*)::int from pg_prepared_statements`);
  return row?.count ?? 0;
};

const loads: Record<string, (loaders: Loaders, ids: string[]) => Promise<unknown>> = {
  product: ({ product }, ids) => product.loadMany(ids.map((id) => ({ id }))),
  variant: ({ variant }, ids) => variant.loadMany(ids.map((id) => ({ id }))),
  category: ({ category }, ids) => category.loadMany(ids.map((id) => ({ id }))),
  variantsOf: ({ variantsOf }, ids) => variantsOf.loadMany(ids),
  relationsOf: ({ relationsOf }, ids) => relationsOf.loadMany(ids),
  categoriesOf: ({ categoriesOf }, ids) => categoriesOf.loadMany(ids),
  childrenOf: ({ childrenOf }, ids) => childrenOf.loadMany(ids),
  descendantsOf: ({ descendantsOf }, ids) => descendantsOf.loadMany(ids),
  typeById: ({ typeById }, ids) => typeById.loadMany(ids),
  typeByCode: ({ typeByCode }, ids) => typeByCode.loadMany(ids),
};

it.each(Object.keys(loads))('%s has one statement, however many are asked for', async (name) => {
  const before = await prepared();
  for (let count = 1; count <= 50; count += 1) {
    const ids = Array.from({ length: count }, () => randomUUID());
    await loads[name]?.(createLoaders(db, anonymous), ids);
  }
  expect((await prepared()) - before).toBe(1);
});
