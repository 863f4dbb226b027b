import { createInProcessBus } from '@storegraph/events';
import { connect } from '@storegraph/postgres';
import { mountSubgraph } from '@storegraph/server';
import { anonymous, key } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { product } from './main.ts';
import {
  type Answer,
  type Catalogue,
  invariantsBroken,
  makeCategory,
  makeType,
  merchandiser,
  openCatalogue,
  word,
} from './product-fixture.ts';

let catalogue: Catalogue;
let type: string;
let category: string;
beforeAll(async () => {
  catalogue = await openCatalogue();
  type = await makeType(catalogue, [
    { code: 'heel', name: 'Heel', kind: 'INTEGER', min: 0, max: 200 },
    { code: 'colours', name: 'Colours', kind: 'CHOICES', choices: ['red', 'blue'] },
  ]);
  const id = await makeCategory(catalogue);
  category = (await catalogue.ask('query ($id: ID) { category(id: $id) { slug } }', { id })).category.slug;
});
afterAll(async () => {
  expect(await invariantsBroken(catalogue)).toEqual([]);
  await catalogue.stop();
});

const open = async (format: string): Promise<string> =>
  (await catalogue.change('productImportCreate', { format, fileName: 'file' })).import.id;
const send = (importId: string, part: number, bytes: string | Buffer) =>
  catalogue.change('productImportAppend', { importId, part, content: Buffer.from(bytes).toString('base64') });
const fields = 'id status rowsRead productsWritten productsRefused failure errors { row field message }';
const read = async (id: string): Promise<Answer> =>
  (await catalogue.ask(`query ($id: ID!) { productImport(id: $id) { ${fields} } }`, { id })).productImport;
const follow = (id: string, after?: string) =>
  catalogue.subscribe(
    `subscription ($id: ID!, $after: String) { productImportProgressed(id: $id, after: $after) { cursor import { ${fields} } } }`,
    { id, after },
    merchandiser,
  );
const ended = async (id: string): Promise<Answer> => {
  for await (const _step of await follow(id));
  return read(id);
};
/** Sends a file in parts of a size that cuts lines and letters in two, and waits for its end. */
const run = async (format: string, file: string | Buffer, partBytes = 997): Promise<Answer> => {
  const id = await open(format);
  const bytes = Buffer.from(file);
  const parts = Math.max(1, Math.ceil(bytes.length / partBytes));
  for (let part = parts; part > 0; part -= 1)
    await send(id, part, bytes.subarray((part - 1) * partBytes, part * partBytes));
  expect((await catalogue.change('productImportRun', { importId: id, parts })).__typename).toBe(
    'ProductImportStarted',
  );
  return ended(id);
};
const productNamed = async (slug: string): Promise<Answer> =>
  (
    await catalogue.ask(
      `query ($slug: String) { product(slug: $slug) { id status name german: name(locale: "de") version attributes { code value }
        categories { slug } media { url } variants { sku weightGrams options { name value } } } }`,
      { slug },
    )
  ).product;

const item = (slug: string, change: object = {}) => ({
  slug,
  typeCode: type,
  status: 'PUBLISHED',
  texts: [
    { locale: 'en', name: `Boot ${slug}` },
    { locale: 'de', name: `Stiefel ${slug} äöü` },
  ],
  attributes: { heel: 40, colours: ['red'] },
  optionNames: ['size'],
  variants: [41, 42].map((size) => ({
    sku: `${slug}-${size}`,
    options: { size: String(size) },
    weightGrams: 400,
  })),
  categories: [category],
  media: [{ kind: 'PICTURE', url: `/media/${slug}.svg`, alt: { en: slug } }],
  ...change,
});
const lines = (...items: readonly object[]) => items.map((each) => JSON.stringify(each)).join('\n');
const slugs = (count: number) =>
  Array.from({ length: count }, () => word('import').toLowerCase().replaceAll(' ', '-'));

describe('JSONL', () => {
  test('creates whole products, published where asked, and tells of them', async () => {
    const [slug = ''] = slugs(1);
    let result: Answer;
    const facts = await catalogue.factsOf(async () => {
      result = await run('JSONL', lines(item(slug)));
    });
    expect(result).toMatchObject({
      status: 'FINISHED',
      rowsRead: 1,
      productsWritten: 1,
      productsRefused: 0,
      errors: [],
    });
    expect(await productNamed(slug)).toMatchObject({
      status: 'PUBLISHED',
      german: `Stiefel ${slug} äöü`,
      attributes: [
        { code: 'heel', value: 40 },
        { code: 'colours', value: ['red'] },
      ],
      categories: [{ slug: category }],
      media: [{ url: `/media/${slug}.svg` }],
      variants: [{ sku: `${slug}-41`, options: [{ name: 'size', value: '41' }] }, { sku: `${slug}-42` }],
    });
    expect(facts.map((fact: Answer) => fact.type)).toEqual([
      'product.created',
      'product.variant_created',
      'product.variant_created',
      'product.published',
      'product.import_progressed',
      'product.import_progressed',
    ]);
  });

  test('changes a product that is there, matches variants by SKU and keeps those the file does not name', async () => {
    const [slug = ''] = slugs(1);
    await run('JSONL', lines(item(slug, { status: 'DRAFT' })));
    const before = await productNamed(slug);
    const variants = [
      { sku: `${slug}-42`.toUpperCase(), options: { size: '42' }, weightGrams: 450 },
      { sku: `${slug}-43`, options: { size: '43' } },
    ];
    const result = await run(
      'JSONL',
      lines(item(slug, { variants, attributes: { heel: 50 }, texts: [{ locale: 'en', name: 'New' }] })),
    );
    expect(result).toMatchObject({ productsWritten: 1, errors: [] });
    const after = await productNamed(slug);
    expect(after).toMatchObject({
      id: before.id,
      status: 'PUBLISHED',
      name: 'New',
      german: `Stiefel ${slug} äöü`,
    });
    expect(after.attributes).toEqual([
      { code: 'heel', value: 50 },
      { code: 'colours', value: ['red'] },
    ]);
    expect(after.variants.map(({ weightGrams }: Answer) => weightGrams)).toEqual([400, 450, null]);
  });

  test('refuses each bad product whole, row by row, and writes the others', async () => {
    const [good = '', taken = '', ...bad] = slugs(12);
    await run('JSONL', lines(item(taken)));
    const rows: (string | Buffer)[] = [
      lines(item(good)),
      '{ "slug": ',
      '[1]',
      Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
      lines(item(bad[0] ?? '', { typeCode: 'nothing' })),
      lines(item(bad[1] ?? '', { attributes: { heel: 'high' } })),
      lines(item(bad[2] ?? '', { variants: [{ sku: `${taken}-41`, options: { size: '1' } }] })),
      lines(item(bad[3] ?? '', { variants: [{ sku: 'x', options: { size: '1' }, weightGrams: -1 }] })),
      lines(item(bad[4] ?? '', { categories: ['nowhere'] })),
      lines(item(bad[5] ?? '', { texts: [{ locale: 'en', name: 'nul \0' }] })),
      lines(item(bad[6] ?? '', { variants: [] })),
      lines(item('Not A Slug')),
      lines(item(bad[7] ?? '', { surprise: true })),
      `"${'x'.repeat(300_000)}"`,
      lines(item(good)),
    ];
    const file = Buffer.concat(rows.flatMap((row) => [Buffer.from(row), Buffer.from('\n')]));
    const result = await run('JSONL', file, 200_000);
    expect(result).toMatchObject({
      status: 'FINISHED',
      rowsRead: 15,
      productsWritten: 1,
      productsRefused: 14,
    });
    const problems = result.errors.map(({ row, field, message }: Answer) => `${row} ${field} ${message}`);
    for (const expected of [
      /^2 null is not a JSON object/,
      /^3 null is not a JSON object/,
      /^4 null is not UTF-8/,
      /^5 typeCode there is no product type nothing/,
      /^6 attributes\.heel must be a whole number/,
      /^7 variants\.0\.sku .* is taken/,
      /^8 variants\.0\.weightGrams /,
      /^9 categories\.0 there is no category nowhere/,
      /^10 texts\.0\.name must not hold control characters/,
      /^11 status cannot be published without variants/,
      /^12 slug /,
      /^13 /,
      /^14 null is longer than 256 KiB/,
      /^15 slug .* more than once/,
    ]) {
      expect(problems).toContainEqual(expect.stringMatching(expected));
    }
    expect(await productNamed(good)).not.toBeNull();
    for (const slug of bad) expect(await productNamed(slug)).toBeNull();
  });

  test('fails as a whole when there is nothing in the file', async () => {
    expect(await run('JSONL', '\n \n')).toMatchObject({ status: 'FAILED', failure: 'The file has no rows.' });
  });

  test('does not write to an archived product', async () => {
    const [slug = ''] = slugs(1);
    await run('JSONL', lines(item(slug)));
    const { id } = await productNamed(slug);
    await catalogue.change('productArchive', { productId: id });
    const result = await run('JSONL', lines(item(slug, { attributes: { heel: 1 } })));
    expect(result.errors).toEqual([
      { row: 1, field: 'slug', message: `${slug} is archived and cannot be changed` },
    ]);
  });
});

describe('CSV', () => {
  const header =
    'product_slug,type,status,name_en,description_en,categories,attr:heel,attr:colours,option:size,sku,weight_grams';

  test('takes rows of one slug as one product: quotes, line breaks in cells, a byte order mark', async () => {
    const [slug = '', other = ''] = slugs(2);
    const rows = [
      `\ufeff${header}`,
      `${slug},${type},PUBLISHED,"Boot ""Trail"", high","two\nlines",${category},35,red|blue,41,${slug}-41,400`,
      `${slug},,,,,,,,42,${slug}-42,410`,
      `${other},${type},,Plain,,,,,one,${other}-1,`,
    ];
    const result = await run('CSV', rows.join('\r\n'), 61);
    expect(result).toMatchObject({ status: 'FINISHED', productsWritten: 2, errors: [] });
    expect(await productNamed(slug)).toMatchObject({
      name: 'Boot "Trail", high',
      attributes: [
        { code: 'heel', value: 35 },
        { code: 'colours', value: ['red', 'blue'] },
      ],
      variants: [
        { sku: `${slug}-41`, weightGrams: 400 },
        { sku: `${slug}-42`, weightGrams: 410 },
      ],
    });
    expect(await productNamed(other)).toMatchObject({ status: 'DRAFT', categories: [] });
  });

  test('names the row of the variant that is wrong, and refuses its product whole', async () => {
    const [slug = '', late = ''] = slugs(2);
    const rows = [
      header,
      `${slug},${type},,Boot,,,,,41,${slug}-41,400`,
      `${slug},,,,,,,,42,${slug}-42,minus`,
      `${late},${type},,Boot,,,,,41,${late}-41,400`,
      `${slug},${type},,Boot,,,,,43,${slug}-43,400`,
    ];
    const result = await run('CSV', rows.join('\n'));
    expect(result).toMatchObject({ rowsRead: 4, productsWritten: 1, productsRefused: 2 });
    expect(result.errors.map(({ row }: Answer) => row)).toEqual([3, 5]);
    expect(await productNamed(late)).not.toBeNull();
  });

  test('refuses both neighbours of a row that cannot be read; an empty row parts nothing', async () => {
    const [before = '', behind = '', far = ''] = slugs(3);
    const row = (slug: string, size: number) => `${slug},${type},,Boot,,,,,${size},${slug}-${size},400`;
    const broken = `${behind},${type},,"Bo"ot,,,,,41,${behind}-41,400`;
    const rows = [row(before, 41), broken, '', row(behind, 42), row(far, 41), ',,', row(far, 42)];
    const result = await run('CSV', [header, ...rows].join('\n'));
    expect(result.errors.map(({ row }: Answer) => row)).toEqual([3, 5]);
    expect([await productNamed(before), await productNamed(behind)]).toEqual([null, null]);
    expect((await productNamed(far)).variants).toHaveLength(2);
  });

  test.each([
    ['sku,name_en', 'The header lacks product_slug, type.'],
    ['product_slug,type,name_en,sku,price', 'The header has unknown columns: "price".'],
    ['', 'The header lacks product_slug, type, name_en, sku.'],
  ])('fails as a whole over the header "%s"', async (columns, failure) => {
    expect(await run('CSV', `${columns}\nx`)).toMatchObject({ status: 'FAILED', failure });
  });
});

describe('the calls', () => {
  test('store a part once, and refuse other bytes for it', async () => {
    const id = await open('JSONL');
    await send(id, 1, 'same');
    expect(await send(id, 1, 'same')).toMatchObject({ __typename: 'ProductImportAppended', partsStored: 1 });
    expect(await send(id, 1, 'other')).toMatchObject({ __typename: 'InvalidInput' });
  });

  test('name the parts that are missing, and take no part once it runs', async () => {
    const id = await open('JSONL');
    await send(id, 3, lines(item(slugs(1)[0] ?? '')));
    expect(await catalogue.change('productImportRun', { importId: id, parts: 3 })).toMatchObject({
      missingParts: [1, 2],
    });
    expect(await catalogue.change('productImportRun', { importId: id, parts: 2 })).toMatchObject({
      __typename: 'InvalidInput',
    });
    await send(id, 1, '\n');
    await send(id, 2, '\n');
    await catalogue.change('productImportRun', { importId: id, parts: 3 });
    expect(await ended(id)).toMatchObject({ productsWritten: 1 });
    expect(await send(id, 4, 'x')).toMatchObject({ __typename: 'ProductImportClosed', status: 'FINISHED' });
    expect(await catalogue.change('productImportRun', { importId: id, parts: 3 })).toMatchObject({
      __typename: 'ProductImportClosed',
    });
  });

  test('refuse bad input and unknown imports by name', async () => {
    const id = await open('CSV');
    expect(await send(id, 0, 'x')).toMatchObject({ __typename: 'InvalidInput' });
    expect(await send(id, 513, 'x')).toMatchObject({ __typename: 'InvalidInput' });
    expect(await send(id, 1, '')).toMatchObject({ __typename: 'InvalidInput' });
    expect(await send(id, 1, Buffer.alloc(1024 * 1024 + 1))).toMatchObject({ __typename: 'InvalidInput' });
    for (const nobody of ['018f0000-0000-7000-8000-000000000001', 'x']) {
      expect(await send(nobody, 1, 'x')).toMatchObject({ __typename: 'ProductImportNotFound' });
      expect(await catalogue.change('productImportRun', { importId: nobody, parts: 1 })).toMatchObject({
        __typename: 'ProductImportNotFound',
      });
      expect(await read(nobody)).toBeNull();
    }
    await expect(follow('018f0000-0000-7000-8000-000000000001')).rejects.toThrow('no such import');
    await expect(follow(id, 'yesterday')).rejects.toThrow('no cursor');
    await expect(follow(id, '99999999')).rejects.toThrow('no cursor');
  });

  test('start once however often they are repeated, and are for merchandisers', async () => {
    const id = await open('JSONL');
    await send(id, 1, lines(item(slugs(1)[0] ?? '')));
    const input = { importId: id, parts: 1, idempotencyKey: key() };
    const answers = await Promise.all([1, 2, 3].map(() => catalogue.change('productImportRun', input)));
    expect(answers.map(({ __typename }) => __typename)).toEqual(answers.map(() => 'ProductImportStarted'));
    expect(await ended(id)).toMatchObject({ productsWritten: 1 });
    const { errors } = await catalogue.execute(
      'query ($id: ID!) { productImport(id: $id) { id } }',
      { id },
      anonymous,
    );
    expect(errors?.[0].extensions.code).toBe('UNAUTHENTICATED');
  });
});

describe('a long import', () => {
  test('goes on where it was cut off, writes each product once, and its progress can be resumed', async () => {
    const names = slugs(900);
    const id = await open('JSONL');
    const bytes = Buffer.from(
      names.map((slug) => lines(item(slug, { categories: [], media: [] }))).join('\n'),
    );
    const partBytes = 200_000;
    const parts = Math.ceil(bytes.length / partBytes);
    for (let part = 1; part <= parts; part += 1)
      await send(id, part, bytes.subarray((part - 1) * partBytes, part * partBytes));
    const steps = await follow(id);
    await catalogue.change('productImportRun', { importId: id, parts });
    await steps.next();
    const first = (await steps.next()).value?.data?.['productImportProgressed'] as Answer;
    expect(first.import).toMatchObject({ status: 'RUNNING', rowsRead: 250 });

    // A process that died in the midst of it: its lease stands in the way until it has run out.
    const db = connect({ url: catalogue.url, schema: 'product', name: 'import.test' });
    await db.execute(
      sql`update imports set lease_owner = gen_random_uuid(), leased_until = now() + interval '1 second' where id = ${id}`,
    );
    const other = mountSubgraph(await product({ postgresUrl: catalogue.url, bus: createInProcessBus() }));
    await other.start();
    const rest: number[] = [];
    for await (const step of await follow(id, first.cursor)) {
      const { data }: Answer = step;
      rest.push(data.productImportProgressed.import.rowsRead);
    }
    await other.stop();
    await steps.return?.();

    expect(rest).toEqual([...rest].sort((a, b) => a - b));
    expect(rest.at(-1)).toBe(900);
    expect(await read(id)).toMatchObject({
      status: 'FINISHED',
      rowsRead: 900,
      productsWritten: 900,
      productsRefused: 0,
    });
    const [counted] = await db.execute(sql`
      select count(distinct product_id)::int as products, count(*)::int as variants from variants
      where sku = any(${sql.param(names.flatMap((slug) => [`${slug}-41`, `${slug}-42`]))}::text[])`);
    expect(counted).toEqual({ products: 900, variants: 1_800 });
    expect([...(await db.execute(sql`select 1 from import_parts where import_id = ${id}`))]).toEqual([]);
    await db.close();
  });
});
