import { connect, type Database } from '@storegraph/postgres';
import { anonymous } from '@storegraph/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, type Catalogue, invariantsBroken, openCatalogue } from './product-fixture.ts';
import { seedCatalogue } from './seed.ts';

let catalogue: Catalogue;
let db: Database;
const products = 1_200;
beforeAll(async () => {
  catalogue = await openCatalogue();
  db = connect({ url: catalogue.url, schema: 'product', name: 'seed' });
  await seedCatalogue(db, { products });
});
afterAll(async () => {
  await db.close();
  await catalogue.stop();
});

test('the seeded shop keeps every rule of the catalogue', async () => {
  expect(await invariantsBroken(catalogue)).toEqual([]);
});

test('tells of every product and variant it wrote', async () => {
  const types = new Map<string, number>();
  let last = 0;
  for (
    let page = await catalogue.log.read(last, 1_000);
    page.length > 0;
    page = await catalogue.log.read(last, 1_000)
  ) {
    for (const { type, sequence } of page) {
      types.set(type, (types.get(type) ?? 0) + 1);
      last = sequence;
    }
  }
  expect(types.get('product.created')).toBe(products);
  expect(types.get('product.variant_created')).toBe(products * 3);
  expect(types.get('product.type_saved')).toBe(12);
  expect(last).toBe(await catalogue.log.head());
});

test('holds what a shop holds: four levels, drafts, regions, pictures, two languages, relations', async () => {
  const { data } = await catalogue.execute(`{
    drafts: products(filter: { statuses: [DRAFT] }) { totalCount }
    shown: products { totalCount nodes {
      slug name de: name(locale: "de") description(locale: "de") regions
      media { url alt } variants { sku barcode } categories { path { depth } } relations { kind }
    } }
    categories { name descendants { depth } }
  }`);
  expect(data.drafts.totalCount).toBe(0);
  expect(data.shown.totalCount).toBe(products - products / 25 - products / 100);
  expect(data.categories.map(({ name }: Answer) => name)).toEqual([
    'Clothing',
    'Footwear',
    'Camping',
    'Packs',
    'Cycling',
  ]);
  expect(
    Math.max(
      ...data.categories.flatMap((root: Answer) => root.descendants.map((below: Answer) => below.depth)),
    ),
  ).toBe(4);
  for (const product of data.shown.nodes) {
    expect(product.de.split(' ')[0]).toBe(product.name.split(' ')[0]);
    expect(product.description).toContain(product.de.split(' ').at(-1));
    expect(product.variants).toHaveLength(3);
    expect(product.media[0].url).toBe(`/media/${product.slug}.svg`);
    expect(product.relations.length).toBeGreaterThan(0);
  }
});

test('is written like any other product: what was seeded can be changed', async () => {
  const {
    products: {
      nodes: [first],
    },
  } = await catalogue.ask('{ products(first: 1) { nodes { id version variants { id } } } }', {}, anonymous);
  expect(first.version).toBe(2);
  const outcome = await catalogue.change('productUpdate', {
    productId: first.id,
    expectedVersion: 2,
    regions: ['FR'],
  });
  expect(outcome).toMatchObject({ __typename: 'ProductUpdated', product: { version: 3 } });
  expect(
    await catalogue.change('variantUpdate', { variantId: first.variants[0].id, barcode: '96385074' }),
  ).toMatchObject({ __typename: 'VariantUpdated' });
  expect(await invariantsBroken(catalogue)).toEqual([]);
});
