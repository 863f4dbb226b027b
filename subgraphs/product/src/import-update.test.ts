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
  ...(await catalogue.db.execute(sql`select count(*) from outbox where type <> 'product.import_progressed'`)),
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
