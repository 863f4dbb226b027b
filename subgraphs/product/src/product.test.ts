import type { Viewer } from '@storegraph/server';
import { anonymous, key, staff } from '@storegraph/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Catalogue,
  makeCategory,
  makeProduct,
  makePublished,
  makeType,
  openCatalogue,
  texts,
  word,
} from './product-fixture.ts';

let catalogue: Catalogue;
let typeCode: string;
beforeAll(async () => {
  catalogue = await openCatalogue();
  typeCode = await makeType(catalogue, [
    { code: 'colour', name: 'Colour', kind: 'CHOICE', choices: ['red', 'blue'], isRequired: true },
    { code: 'height', name: 'Height', kind: 'INTEGER', min: 0, max: 9 },
  ]);
});
afterAll(() => catalogue.stop());

const red = [{ code: 'colour', value: 'red' }];
const nowhere = '018f0000-0000-7000-8000-000000000001';
const read = async (id: string, viewer?: Viewer) =>
  (
    await catalogue.ask(
      `query ($id: ID) { product(id: $id) { slug status version regions publishedAt attributes { code value } } }`,
      { id },
      viewer,
    )
  ).product;

describe('productCreate', () => {
  test('writes a whole draft and tells of it and its variants', async () => {
    const categoryId = await makeCategory(catalogue);
    const name = word('Crème Boot');
    let outcome: Awaited<ReturnType<Catalogue['change']>>;
    const facts = await catalogue.factsOf(async () => {
      outcome = await catalogue.change('productCreate', {
        typeCode,
        texts: [
          { locale: 'en', name, description: 'Warm\nand dry. 🥾' },
          { locale: 'de', name: 'Stiefel' },
        ],
        attributes: red,
        optionNames: ['size'],
        variants: [
          {
            sku: word('S'),
            options: [{ name: 'size', value: '41' }],
            barcode: '4006381333931',
            weightGrams: 900,
          },
          { sku: word('S'), options: [{ name: 'size', value: '42' }] },
        ],
        categoryIds: [categoryId],
        media: [
          {
            kind: 'PICTURE',
            url: '/media/boot.svg',
            alt: [{ locale: 'en', text: 'A boot' }],
            focalPoint: { x: 0.25, y: 1 },
          },
        ],
        regions: ['DE', 'AT'],
      });
    });
    expect(outcome).toMatchObject({ __typename: 'ProductCreated', product: { status: 'DRAFT', version: 1 } });
    const { product } = await catalogue.ask(
      `query ($id: ID) { product(id: $id) {
        id slug name(locale: "de-CH") description(locale: "de") locales publishedAt regions at: isAvailableIn(region: "AT") fr: isAvailableIn(region: "FR")
        seo { title description } type { code } attributes { code name kind value } options { name values }
        variants { id name(locale: "de") position barcode weightGrams options { name value } product { id } }
        media { kind url alt(locale: "de") focalPoint { x y } } categories { id }
      } }`,
      { id: outcome.product.id },
    );
    expect(product).toEqual({
      id: outcome.product.id,
      slug: name.toLowerCase().replace('è', 'e').replaceAll(' ', '-'),
      name: 'Stiefel',
      description: 'Warm\nand dry. 🥾',
      locales: ['en', 'de'],
      publishedAt: null,
      regions: ['AT', 'DE'],
      at: true,
      fr: false,
      seo: { title: name, description: null },
      type: { code: typeCode },
      attributes: [{ code: 'colour', name: 'Colour', kind: 'CHOICE', value: 'red' }],
      options: [{ name: 'size', values: ['41', '42'] }],
      variants: [
        {
          id: expect.any(String),
          name: 'Stiefel, 41',
          position: 0,
          barcode: '4006381333931',
          weightGrams: 900,
          options: [{ name: 'size', value: '41' }],
          product: { id: outcome.product.id },
        },
        expect.objectContaining({ name: 'Stiefel, 42', position: 1, barcode: null, weightGrams: null }),
      ],
      media: [{ kind: 'PICTURE', url: '/media/boot.svg', alt: 'A boot', focalPoint: { x: 0.25, y: 1 } }],
      categories: [{ id: categoryId }],
    });
    expect(facts).toMatchObject([
      {
        ...{ type: 'product.created', aggregateId: product.id },
        data: { productId: product.id, version: 1, categoryIds: [categoryId] },
      },
      {
        type: 'product.variant_created',
        aggregateId: product.variants[0].id,
        data: { productId: product.id },
      },
      { type: 'product.variant_created', aggregateId: product.variants[1].id },
    ]);
  });

  test('makes a slug of the English name, with a number where it is taken', async () => {
    const name = word('Twin');
    const first = await makeProduct(catalogue, { typeCode, texts: texts(name) });
    const second = await makeProduct(catalogue, { typeCode, texts: texts(name) });
    expect([first.slug, second.slug]).toEqual([name.toLowerCase(), `${name.toLowerCase()}-2`]);
    expect((await makeProduct(catalogue, { typeCode, texts: texts('登山靴 🥾') })).slug).toMatch(
      /^product(-\d+)?$/,
    );
  });

  test('refuses what is not there or already there, and writes nothing', async () => {
    const sku = word('TAKEN');
    const { slug } = await makeProduct(catalogue, { typeCode, variants: [{ sku }] });
    const input = { typeCode, texts: texts(word('Refused')) };
    const create = (rest: object) => catalogue.change('productCreate', { ...input, ...rest });
    const facts = await catalogue.factsOf(async () => {
      expect(await create({ typeCode: 'nothing' })).toMatchObject({
        __typename: 'ProductTypeNotFound',
        typeCode: 'nothing',
      });
      expect(await create({ categoryIds: [nowhere] })).toMatchObject({
        __typename: 'CategoryNotFound',
        categoryId: nowhere,
      });
      expect(await create({ categoryIds: ['nonsense'] })).toMatchObject({ __typename: 'CategoryNotFound' });
      expect(await create({ slug })).toMatchObject({ __typename: 'SlugTaken', slug });
      expect(await create({ variants: [{ sku: sku.toLowerCase() }] })).toMatchObject({
        __typename: 'SkuTaken',
        sku: sku.toLowerCase(),
      });
      expect(
        await create({
          attributes: [
            { code: 'colour', value: 7 },
            { code: 'size', value: 'x' },
          ],
        }),
      ).toMatchObject({
        __typename: 'AttributesInvalid',
        problems: [{ code: 'colour' }, { code: 'size' }],
      });
    });
    expect(facts).toEqual([]);
  });

  test.each<[string, object, string]>([
    ['no English', { texts: [{ locale: 'de', name: 'Stiefel' }] }, 'texts'],
    ['a language twice', { texts: [...texts('a'), ...texts('b')] }, 'texts'],
    ['an empty name', { texts: texts('  ') }, 'texts.0.name'],
    ['a huge name', { texts: texts('x'.repeat(201)) }, 'texts.0.name'],
    [
      'a huge description',
      { texts: [{ locale: 'en', name: 'a', description: 'x'.repeat(20_001) }] },
      'texts.0.description',
    ],
    ['NUL in a name', { texts: texts('a\u0000b') }, 'texts.0.name'],
    [
      'NUL in a description',
      { texts: [{ locale: 'en', name: 'a', description: 'a\u0000' }] },
      'texts.0.description',
    ],
    ['half a character', { texts: texts('a\ud83e') }, 'texts.0.name'],
    ['NUL in a SKU', { variants: [{ sku: 'a\u0000' }] }, 'variants.0.sku'],
    ['NUL in a type', { typeCode: 'a\u0000' }, 'typeCode'],
    ['NUL in an id', { categoryIds: ['\u0000'] }, 'categoryIds.0'],
    ['a slug with spaces', { slug: 'a b' }, 'slug'],
    ['a wrong check digit', { variants: [{ sku: 'a', barcode: '4006381333932' }] }, 'variants.0.barcode'],
    ['a weight below zero', { variants: [{ sku: 'a', weightGrams: -1 }] }, 'variants.0.weightGrams'],
    ['two variants without options', { variants: [{ sku: word('a') }, { sku: word('b') }] }, 'variants.1'],
    ['101 variants', { variants: Array.from({ length: 101 }, () => ({ sku: word('many') })) }, 'variants'],
    [
      'a picture from anywhere',
      { media: [{ kind: 'PICTURE', url: 'javascript:alert(1)', alt: [{ locale: 'en', text: 'a' }] }] },
      'media.0.url',
    ],
    [
      'a picture from another host',
      { media: [{ kind: 'PICTURE', url: '//evil.example/a', alt: [{ locale: 'en', text: 'a' }] }] },
      'media.0.url',
    ],
    ['a picture without words', { media: [{ kind: 'PICTURE', url: '/a', alt: [] }] }, 'media.0.alt'],
    [
      'a point outside',
      {
        media: [
          { kind: 'PICTURE', url: '/a', alt: [{ locale: 'en', text: 'a' }], focalPoint: { x: 1.1, y: 0 } },
        ],
      },
      'media.0.focalPoint.x',
    ],
    ['no regions at all', { regions: [] }, 'regions'],
    ['a key that is too short', { idempotencyKey: 'short' }, 'idempotencyKey'],
  ])('finds %s', async (_case, rest, place) => {
    const outcome = await catalogue.change('productCreate', { typeCode, texts: texts('Fine'), ...rest });
    expect(outcome.__typename).toBe('InvalidInput');
    expect(outcome.problems.map(({ path }: { path: string[] }) => path.join('.'))).toContain(place);
  });

  test('is for merchandisers', async () => {
    const input = { idempotencyKey: key(), typeCode, texts: texts('Mine') };
    for (const viewer of [anonymous, staff('stock:write')]) {
      const { errors } = await catalogue.execute(
        'mutation ($input: ProductCreateInput!) { productCreate(input: $input) { __typename } }',
        { input },
        viewer,
      );
      expect(errors?.[0]?.extensions?.['code']).toMatch(/UNAUTHENTICATED|FORBIDDEN|UNAUTHORIZED/);
    }
  });
});

describe('productUpdate', () => {
  test('changes what is given, in one version and one fact', async () => {
    const { id, slug } = await makeProduct(catalogue, { typeCode, attributes: red, regions: ['DE'] });
    const facts = await catalogue.factsOf(async () => {
      const outcome = await catalogue.change('productUpdate', {
        productId: id,
        expectedVersion: 1,
        slug: `${slug}-new`,
        attributes: [
          { code: 'height', value: 3 },
          { code: 'colour', value: null },
        ],
      });
      expect(outcome).toMatchObject({
        __typename: 'ProductUpdated',
        product: { slug: `${slug}-new`, version: 2 },
      });
    });
    expect(facts).toMatchObject([
      { type: 'product.updated', data: { version: 2, changed: ['slug', 'attributes'] } },
    ]);
    expect(await read(id)).toMatchObject({ regions: ['DE'], attributes: [{ code: 'height', value: 3 }] });
    await catalogue.change('productUpdate', { productId: id, everywhere: true });
    expect(await read(id)).toMatchObject({ regions: null, version: 3 });
  });
  test('that changes nothing is no change', async () => {
    const { id, slug } = await makeProduct(catalogue, { typeCode, attributes: red });
    const facts = await catalogue.factsOf(() =>
      catalogue.change('productUpdate', { productId: id, slug, attributes: red }),
    );
    expect(facts).toEqual([]);
  });
  test('an old slug finds the product, is kept from others, and may be taken back', async () => {
    const { id, slug } = await makeProduct(catalogue, { typeCode });
    await catalogue.change('productUpdate', { productId: id, slug: `${slug}-now` });
    const { product } = await catalogue.ask('query ($slug: String) { product(slug: $slug) { id slug } }', {
      slug,
    });
    expect(product).toEqual({ id, slug: `${slug}-now` });
    const other = await makeProduct(catalogue, { typeCode });
    expect(await catalogue.change('productUpdate', { productId: other.id, slug })).toMatchObject({
      __typename: 'SlugTaken',
    });
    expect(await catalogue.change('productUpdate', { productId: id, slug })).toMatchObject({
      product: { slug },
    });
  });
  test('refuses, and leaves the product alone', async () => {
    const { id } = await makePublished(catalogue, { typeCode, attributes: red });
    const update = (rest: object) => catalogue.change('productUpdate', { productId: id, ...rest });
    expect(await update({ productId: nowhere })).toMatchObject({ __typename: 'ProductNotFound' });
    expect(await update({ productId: 'nonsense' })).toMatchObject({ __typename: 'ProductNotFound' });
    expect(await update({ expectedVersion: 1 })).toMatchObject({
      __typename: 'VersionConflict',
      expected: 1,
      actual: 2,
    });
    expect(await update({ slug: word('free'), attributes: [{ code: 'height', value: 10 }] })).toMatchObject({
      __typename: 'AttributesInvalid',
    });
    expect(await update({ attributes: [{ code: 'colour', value: null }] })).toMatchObject({
      __typename: 'AttributesInvalid',
    });
    expect(await update({ everywhere: true, regions: ['DE'] })).toMatchObject({ __typename: 'InvalidInput' });
    expect(await read(id)).toMatchObject({ version: 2, attributes: [{ code: 'colour', value: 'red' }] });
  });
  test('of many who expect one version, one wins', async () => {
    const { id } = await makeProduct(catalogue, { typeCode });
    const outcomes = await Promise.all(
      ['AT', 'DE', 'FR', 'IT', 'ES', 'PL'].map((region) =>
        catalogue.change('productUpdate', { productId: id, expectedVersion: 1, regions: [region] }),
      ),
    );
    expect(outcomes.map(({ __typename }) => __typename).sort()).toEqual([
      'ProductUpdated',
      ...Array(5).fill('VersionConflict'),
    ]);
  });
});

describe('publishing', () => {
  test('needs a variant and the required attributes', async () => {
    const { id } = await makeProduct(catalogue, { typeCode, variants: [] });
    expect(await catalogue.change('productPublish', { productId: id })).toMatchObject({
      __typename: 'ProductIncomplete',
      missing: ['variants', 'attributes.colour'],
    });
  });
  test('shows the product, once, and takes it back', async () => {
    const { id } = await makeProduct(catalogue, { typeCode, attributes: red });
    expect(await read(id, anonymous)).toBeNull();
    const facts = await catalogue.factsOf(async () => {
      await catalogue.change('productPublish', { productId: id });
      await catalogue.change('productPublish', { productId: id });
      expect(await read(id, anonymous)).toMatchObject({ status: 'PUBLISHED' });
      await catalogue.change('productUnpublish', { productId: id });
      await catalogue.change('productUnpublish', { productId: id });
    });
    expect(facts).toMatchObject([
      { type: 'product.published', data: { version: 2, publishedAt: expect.any(String) } },
      { type: 'product.unpublished', data: { version: 3 } },
    ]);
    expect(await read(id, anonymous)).toBeNull();
    expect(await read(id)).toMatchObject({ status: 'DRAFT', publishedAt: null });
  });
  test('at a date waits for it by the database’s clock', async () => {
    const { id } = await makeProduct(catalogue, { typeCode, attributes: red });
    await catalogue.change('productPublish', { productId: id, publishAt: '2090-01-01T00:00:00Z' });
    expect(await read(id)).toMatchObject({ status: 'PUBLISHED', publishedAt: '2090-01-01T00:00:00.000Z' });
    expect(await read(id, anonymous)).toBeNull();
    await catalogue.change('productPublish', { productId: id, publishAt: '2020-01-01T00:00:00Z' });
    expect(await read(id, anonymous)).toMatchObject({ publishedAt: '2020-01-01T00:00:00.000Z' });
    expect(
      await catalogue.change('productPublish', { productId: id, publishAt: '1999-01-01T00:00:00Z' }),
    ).toMatchObject({ __typename: 'InvalidInput' });
  });
});

test('an archived product is final, but for being read and archived again', async () => {
  const { id } = await makePublished(catalogue, { typeCode, attributes: red });
  const facts = await catalogue.factsOf(async () => {
    expect(await catalogue.change('productArchive', { productId: id })).toMatchObject({
      product: { status: 'ARCHIVED' },
    });
    expect(await catalogue.change('productArchive', { productId: id })).toMatchObject({
      __typename: 'ProductArchived',
    });
  });
  expect(facts).toMatchObject([{ type: 'product.archived', data: { version: 3 } }]);
  expect(await read(id, anonymous)).toBeNull();
  for (const mutation of ['productUpdate', 'productPublish', 'productUnpublish']) {
    expect(await catalogue.change(mutation, { productId: id })).toMatchObject({
      __typename: 'ProductArchivedAlready',
    });
  }
  for (const mutation of ['productArchive', 'productPublish', 'productUnpublish']) {
    expect(await catalogue.change(mutation, { productId: nowhere })).toMatchObject({
      __typename: 'ProductNotFound',
    });
  }
});
