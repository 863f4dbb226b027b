import { expect, test } from 'vitest';
import { type Answer, invariantsBroken, makeType, merchandiser, openCatalogue } from './product-fixture.ts';

const products = 25_000;
const sizes = [41, 42, 43, 44];
const partBytes = 1024 * 1024;

test('an import of 100,000 rows writes every product whole, in the memory of a few parts', async () => {
  const catalogue = await openCatalogue();
  const type = await makeType(catalogue, [{ code: 'heel', name: 'Heel', kind: 'INTEGER' }]);
  const rows = Array.from({ length: products }, (_, n) =>
    sizes.map(
      (size) =>
        `boot-${n},${type},PUBLISHED,Boot ${n},Stiefel ${n},${n % 90},${size},B-${n}-${size},${400 + size}`,
    ),
  );
  const header = 'product_slug,type,status,name_en,name_de,attr:heel,option:size,sku,weight_grams';
  const file = Buffer.from([header, ...rows.flat()].join('\n'));
  const parts = Math.ceil(file.length / partBytes);

  const { import: opened } = await catalogue.change('productImportCreate', {
    format: 'CSV',
    fileName: 'boots.csv',
  });
  for (let part = 1; part <= parts; part += 1) {
    const content = file.subarray((part - 1) * partBytes, part * partBytes).toString('base64');
    await catalogue.change('productImportAppend', { importId: opened.id, part, content });
  }
  await catalogue.change('productImportRun', { importId: opened.id, parts });
  const steps = await catalogue.subscribe(
    `subscription ($id: ID!) { productImportProgressed(id: $id) { import { status rowsRead productsWritten productsRefused } } }`,
    { id: opened.id },
    merchandiser,
  );
  let last: Answer;
  for await (const step of steps) last = step.data?.['productImportProgressed'];

  expect(last.import).toEqual({
    status: 'FINISHED',
    rowsRead: 100_000,
    productsWritten: products,
    productsRefused: 0,
  });
  const { products: found } = await catalogue.ask(`{ products { totalCount } }`);
  expect(found.totalCount).toBe(products);
  expect(await invariantsBroken(catalogue)).toEqual([]);
  await catalogue.stop();
}, 240_000);
