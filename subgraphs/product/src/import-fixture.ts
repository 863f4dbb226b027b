import { createInProcessBus } from '@storegraph/events';
import { connect, type Database } from '@storegraph/postgres';
import { type MountedSubgraph, mountSubgraph } from '@storegraph/server';
import { key, mountForTest } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { invariants } from './invariants.ts';
import { product } from './main.ts';
import { type Answer, merchandiser } from './product-fixture.ts';

/** What the tests of imports in hard times share. */

/** A catalogue that leaves imports to other processes. */
const withoutImporting = {
  product: async (needs: Parameters<typeof product>[0]) => ({
    ...(await product(needs)),
    start: async () => {},
  }),
};

const fields = 'status rowsRead productsWritten productsRefused failure';
const errors = 'errors(first: 1000) { row field message }';

export const openImports = async (create: typeof product = withoutImporting.product) => {
  const mounted = await mountForTest(create);
  const db = connect({ url: mounted.url, schema: 'product', name: 'import-fixture' });
  const importers: MountedSubgraph[] = [];

  const change = async (mutation: string, input: object, answer = ''): Promise<Answer> => {
    const kind = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
    const { data, errors: failed } = await mounted.execute(
      `mutation ($input: ${kind}!) { ${mutation}(input: $input) { __typename ${answer} ... on UserError { message } } }`,
      { input: { idempotencyKey: key(), ...input } },
      merchandiser,
    );
    if (failed) throw new Error(JSON.stringify(failed));
    return data[mutation];
  };
  await change('productTypeSave', { code: 'boot', name: 'Boot', attributes: [] });

  /** Sends a file in parts that cut lines and letters in two, and starts its import; answers the id. */
  const send = async (file: string, format: 'CSV' | 'JSONL' = 'JSONL', partBytes = 100_003) => {
    const bytes = Buffer.from(file);
    const parts = Math.ceil(bytes.length / partBytes);
    const created = '... on ProductImportCreated { import { id } }';
    const importId: string = (await change('productImportCreate', { format, fileName: 'f' }, created)).import
      .id;
    for (let part = 1; part <= parts; part += 1) {
      const content = bytes.subarray((part - 1) * partBytes, part * partBytes).toString('base64');
      await change('productImportAppend', { importId, part, content });
    }
    await change('productImportRun', { importId, parts });
    return importId;
  };
  const ask = async (query: string, variables: object): Promise<Answer> =>
    (await mounted.execute(query, variables, merchandiser)).data;
  const read = async (id: string): Promise<Answer> => {
    const query = `query ($id: ID!) { productImport(id: $id) { ${fields} ${errors} } }`;
    return (await ask(query, { id })).productImport;
  };
  /** Each step of an import until its end. */
  async function* steps(id: string): AsyncGenerator<Answer> {
    const query = `subscription ($id: ID!) { productImportProgressed(id: $id) { import { ${fields} } } }`;
    for await (const { data } of await mounted.subscribe(query, { id }, merchandiser))
      yield (data as Answer).productImportProgressed.import;
  }
  const ended = async (id: string): Promise<Answer> => {
    for await (const _step of steps(id));
    return read(id);
  };
  /** How many of these slugs lead to a product. */
  const found = async (slugs: readonly string[]): Promise<number> => {
    const named = sql`select 1 from product_slugs where slug = any(${sql.param(slugs)}::text[])`;
    return (await db.execute(named)).length;
  };
  /** Another process, as far as imports go. */
  const importer = async (): Promise<MountedSubgraph> => {
    const other = mountSubgraph(await product({ postgresUrl: mounted.url, bus: createInProcessBus() }));
    importers.push(other);
    await other.start();
    return other;
  };
  const stop = async () => {
    await Promise.all(importers.map((other) => other.stop()));
    await db.close();
    await mounted.stop();
  };
  const { url, subscribe } = mounted;
  return { url, subscribe, db, send, ask, read, steps, ended, found, importer, stop };
};

export type OpenImports = Awaited<ReturnType<typeof openImports>>;

/** A line for a boot with two variants. */
export const boot = (slug: string, more: object = {}): string =>
  JSON.stringify({
    slug,
    typeCode: 'boot',
    texts: [{ locale: 'en', name: `Boot ${slug}` }],
    optionNames: ['size'],
    variants: [41, 42].map((size) => ({ sku: `${slug}-${size}`, options: { size: String(size) } })),
    ...more,
  });
export const boots = (count: number): string[] => Array.from({ length: count }, (_, n) => boot(`boot-${n}`));

/** What stands in the tables, and what was told of it; `repeated` counts what was written or told twice. */
export const writtenTo = async (db: Database): Promise<Answer> => {
  const [row] = await db.execute(sql`
    select (select count(*)::int from products) as products, (select count(*)::int from variants) as variants,
      (select count(*)::int from outbox where type = 'product.created') as "productsTold",
      (select count(*)::int from outbox where type = 'product.variant_created') as "variantsTold",
      (select count(*)::int from products where version <> 1) as repeated,
      (select count(*)::int from import_parts i join imports on id = import_id where status <> 'RUNNING')
        + (select count(*)::int from import_slugs i join imports on id = import_id where status <> 'RUNNING') as left`);
  for (const [name, query] of Object.entries(invariants))
    if ((await db.execute(sql.raw(query))).length > 0)
      throw new Error(`The invariant "${name}" does not hold.`);
  return row;
};

export const onceEach = (products: number) => ({
  products,
  variants: products * 2,
  productsTold: products,
  variantsTold: products * 2,
  repeated: 0,
  left: 0,
});
