import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { boot, type OpenImports, openImports } from './import-fixture.ts';
import { product } from './main.ts';

let catalogue: OpenImports;
beforeAll(async () => {
  catalogue = await openImports(product);
});
afterAll(() => catalogue.stop());

const run = async (file: string, format: 'CSV' | 'JSONL' = 'JSONL') => {
  const result = await catalogue.ended(await catalogue.send(file, format));
  expect(result).toMatchObject({ status: 'FINISHED', productsWritten: 1, errors: [] });
};
const productNamed = (slug: string) =>
  catalogue.ask(
    `query ($slug: String) { product(slug: $slug) {
      version name description seo { title } variants { sku barcode weightGrams } } }`,
    { slug },
  );
const factsTold = async () => [
  ...(await catalogue.db.execute(sql`select count(*) from outbox
    where type not in ('product.import_progressed', 'product.staff_acted')`)),
];
const text = { locale: 'en', name: 'Boot', description: 'Stout.', seoTitle: 'Boots!' };
const variant = (slug: string, more: object) => ({ sku: `${slug}-41`, options: { size: '41' }, ...more });
const barcode = '4006381333931';

test('what a line leaves out of a text or a variant stays as it was, and null takes it away', async () => {
  const slug = 'left-out';
  await run(boot(slug, { texts: [text], variants: [variant(slug, { barcode, weightGrams: 400 })] }));
  await run(boot(slug, { texts: [{ locale: 'en', name: 'Shoe' }], variants: [variant(slug, {})] }));
  expect((await productNamed(slug)).product).toMatchObject({
    name: 'Shoe',
    description: 'Stout.',
    seo: { title: 'Boots!' },
    variants: [{ barcode, weightGrams: 400 }],
  });
  const gone = { texts: [{ ...text, description: null }], variants: [variant(slug, { weightGrams: null })] };
  await run(boot(slug, gone));
  expect((await productNamed(slug)).product).toMatchObject({
    name: 'Boot',
    description: null,
    variants: [{ barcode, weightGrams: null }],
  });
});

test('an empty cell changes nothing', async () => {
  const slug = 'empty-cell';
  const header = 'product_slug,type,name_en,description_en,option:size,sku,barcode,weight_grams';
  await run(`${header}\n${slug},boot,Boot,Stout.,41,${slug}-41,${barcode},400`, 'CSV');
  const before = await productNamed(slug);
  expect(before.product).toMatchObject({ description: 'Stout.', variants: [{ barcode, weightGrams: 400 }] });
  await run(`${header}\n${slug},boot,Boot,,41,${slug}-41,,`, 'CSV');
  expect(await productNamed(slug)).toEqual(before);
});

test('a file that is sent again is no new version and no fact', async () => {
  const picture = { kind: 'PICTURE', url: '/same.svg', alt: { en: 'A' }, focalPoint: { x: 0.5, y: 0.5 } };
  const line = boot('again', {
    status: 'PUBLISHED',
    texts: [text, { locale: 'de', name: 'Stiefel' }],
    variants: [variant('again', { weightGrams: 400 })],
    categories: [],
    media: [picture, picture],
    regions: ['DE', 'AT'],
  });
  await run(line);
  const [before, told] = [await productNamed('again'), await factsTold()];
  await run(line);
  expect(await productNamed('again')).toEqual(before);
  expect(await factsTold()).toEqual(told);
});

test('a product that a file places elsewhere is told of with where it stands now', async () => {
  const [last] = await catalogue.db.execute<{ at: number }>(sql`select max(sequence) as at from outbox`);
  await catalogue.db.execute(sql`insert into categories (id, slug, names, path, position)
    select id, slug, '{"en": "Shelf"}', array[id], place from unnest(
      array['01890000-0000-7000-8000-00000000000a', '01890000-0000-7000-8000-00000000000b']::uuid[],
      array['one', 'other'], array[0, 1]) as category (id, slug, place)`);
  await run(boot('placed', { categories: ['one'] }));
  await run(boot('placed', { categories: ['other', 'one'] }));
  await run(boot('placed', { texts: [text] }));
  const told = await catalogue.db.execute<{ ids: string[] | null }>(sql`
    select data->'categoryIds' as ids from outbox
    where sequence > ${last?.at ?? 0} and type in ('product.created', 'product.updated') order by sequence`);
  expect([...told].map(({ ids }) => ids?.map((id) => id.at(-1)) ?? null)).toEqual([['a'], ['b', 'a'], null]);
});
