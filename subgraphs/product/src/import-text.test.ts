import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { boot, type OpenImports, openImports } from './import-fixture.ts';
import { product } from './main.ts';

let catalogue: OpenImports;
beforeAll(async () => {
  catalogue = await openImports(product);
});
afterAll(() => catalogue.stop());

const run = async (file: string, format: 'CSV' | 'JSONL' = 'JSONL') =>
  catalogue.ended(await catalogue.send(file, format, 997));

let files = 0;
/** Good products around what a test makes up, so that it is seen that they are written. */
const between = async (rows: readonly string[]) => {
  files += 1;
  const result = await run([boot(`before-${files}`), ...rows, boot(`behind-${files}`)].join('\n'));
  const found = await catalogue.found([`before-${files}`, `behind-${files}`]);
  return { ...result, found };
};

const nul = '\0';
const half = '\ud800';
test.each([
  ['a category', { categories: [nul] }],
  ['half a letter in a category', { categories: [half] }],
  ['a type', { typeCode: nul }],
  ['an attribute', { attributes: { [nul]: 1 } }],
  ['a value', { attributes: { heel: half } }],
  ['the name of an option', { optionNames: [nul] }],
  ['an option', { variants: [{ sku: 'a', options: { [nul]: half } }] }],
  ['an SKU', { variants: [{ sku: `a${half}`, options: {} }] }],
  ['a slug', { slug: nul }],
  ['a name', { texts: [{ locale: 'en', name: half }] }],
  ['a language', { texts: [{ locale: nul, name: 'Boot' }] }],
  ['an address', { media: [{ kind: 'PICTURE', url: `/${nul}`, alt: { en: half } }] }],
  ['a field nobody knows', { [nul]: half, [half]: nul }],
  ['a field with the longest of names', { ['x'.repeat(5_000)]: 1 }],
  ['a region', { regions: [nul] }],
  ['a status', { status: nul }],
])('what Postgres cannot hold in %s refuses that product alone', async (_where, more) => {
  files += 1;
  const result = await between([boot(`bad-${files}`, more)]);
  expect(result).toMatchObject({ status: 'FINISHED', productsWritten: 2, productsRefused: 1, failure: null });
  expect(result.errors.length).toBeGreaterThan(0);
});

test('a header that Postgres cannot hold fails with a sentence', async () => {
  expect(await run(`product_slug,type,name_en,sku,${nul}\n`, 'CSV')).toMatchObject({
    status: 'FAILED',
    failure: 'The header has unknown columns: "\ufffd".',
  });
});

/** Text of anything a file can hold, what Postgres cannot hold more often than chance would have it. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.constantFrom(nul, half, '\udfff', '\u0080', '"', '\n', 'a', '41'))
    .map((letters) => letters.join('')),
);
const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4 }),
  ),
})).value;
const strange = <Value>(value: fc.Arbitrary<Value>) => fc.oneof(value, anything);
const row = fc.record(
  {
    slug: strange(text),
    typeCode: strange(text),
    texts: strange(fc.array(fc.record({ locale: fc.constantFrom('en', 'de'), name: strange(text) }))),
    attributes: strange(fc.dictionary(text, anything)),
    optionNames: strange(fc.array(text, { maxLength: 3 })),
    variants: strange(fc.array(fc.record({ sku: text, options: strange(fc.dictionary(text, text)) }))),
    categories: strange(fc.array(text)),
    media: strange(
      fc.array(fc.record({ kind: fc.constant('PICTURE'), url: text, alt: fc.dictionary(text, text) })),
    ),
    regions: strange(fc.array(text)),
    status: text,
    [nul]: anything,
  },
  { requiredKeys: [] },
);

test('whatever the lines hold, an import ends, and writes the products among them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(row, anything), { minLength: 1, maxLength: 30 }), async (rows) => {
      const lines = rows.map((made, n) =>
        n % 2 === 0 ? JSON.stringify(made) : boot(`made-${files}-${n}`, { ...(made as object) }),
      );
      const result = await between(lines);
      expect(result).toMatchObject({ status: 'FINISHED', rowsRead: lines.length + 2, found: 2 });
      expect(result.productsWritten + result.productsRefused).toBe(lines.length + 2);
    }),
    { numRuns: 25 },
  );
});

test('whatever the cells hold, an import ends, and writes the products among them', async () => {
  const cells = fc.array(text, { minLength: 5, maxLength: 5 });
  const quoted = (made: readonly string[]) => made.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',');
  await fc.assert(
    fc.asyncProperty(fc.array(cells, { minLength: 1, maxLength: 30 }), async (rows) => {
      files += 1;
      const good = [`before-${files}`, `behind-${files}`];
      const [before, behind] = good.map((slug) => quoted([slug, 'boot', 'Boot', slug, '']));
      const header = `product_slug,type,name_en,sku,attr:${nul}`;
      const result = await run([header, before, ...rows.map(quoted), behind].join('\n'), 'CSV');
      expect(result).toMatchObject({ status: 'FINISHED', rowsRead: rows.length + 2 });
      expect(await catalogue.found(good)).toBe(2);
    }),
    { numRuns: 25 },
  );
});
