import { anonymous } from '@storegraph/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Catalogue,
  makeCategory,
  makeProduct,
  makePublished,
  makeType,
  openCatalogue,
  word,
} from './product-fixture.ts';

let catalogue: Catalogue;
let typeCode: string;
beforeAll(async () => {
  catalogue = await openCatalogue();
  typeCode = await makeType(catalogue);
});
afterAll(() => catalogue.stop());

const nowhere = '018f0000-0000-7000-8000-000000000001';
const read = async (id: string, selection: string, viewer?: typeof anonymous) =>
  (await catalogue.ask(`query ($id: ID) { product(id: $id) { ${selection} } }`, { id }, viewer)).product;
const picture = (url: string, alt = 'A picture') => ({
  kind: 'PICTURE',
  url,
  alt: [{ locale: 'en', text: alt }],
});

describe('productTranslationSave', () => {
  const save = (productId: string, texts: object) =>
    catalogue.change('productTranslationSave', { productId, texts });

  test('writes one language whole and leaves the others', async () => {
    const { id } = await makeProduct(catalogue, {
      typeCode,
      texts: [{ locale: 'en', name: 'Boot', description: 'Warm.' }],
    });
    const facts = await catalogue.factsOf(async () => {
      await save(id, { locale: 'de', name: 'Stiefel', description: 'Warm.', seoTitle: 'Stiefel kaufen' });
      await save(id, { locale: 'de', name: 'Stiefel', description: '  ' });
    });
    expect(facts).toMatchObject([
      { type: 'product.updated', data: { version: 2, changed: ['texts.de'] } },
      { data: { version: 3 } },
    ]);
    expect(
      await read(
        id,
        'locales de: name(locale: "de-AT") description(locale: "de") fr: name(locale: "fr") seo(locale: "de") { title }',
      ),
    ).toEqual({
      locales: ['en', 'de'],
      de: 'Stiefel',
      description: 'Warm.',
      fr: 'Boot',
      seo: { title: 'Stiefel' },
    });
  });
  test('a new English name moves the product in lists by name', async () => {
    const { id } = await makePublished(catalogue, { typeCode });
    await save(id, { locale: 'en', name: 'Ærø' });
    const { products } = await catalogue.ask(
      'query ($f: ProductFilter) { products(filter: $f, sort: NAME, first: 1) { nodes { id } } }',
      { f: { typeCode } },
    );
    expect(products.nodes).toEqual([{ id }]);
  });
  test.each([
    ['NUL', { locale: 'de', name: 'a\u0000' }],
    ['no name', { locale: 'de', name: '' }],
    ['a huge SEO title', { locale: 'de', name: 'a', seoTitle: 'x'.repeat(201) }],
  ])('refuses %s', async (_case, texts) => {
    const { id } = await makeProduct(catalogue, { typeCode });
    expect(await save(id, texts)).toMatchObject({ __typename: 'InvalidInput' });
  });
  test('refuses a language there is not, before anything runs', async () => {
    const { id } = await makeProduct(catalogue, { typeCode });
    await expect(save(id, { locale: 'not a language', name: 'a' })).rejects.toThrow('Locale');
  });
});

describe('productMediaReplace', () => {
  const replace = (productId: string, media: object[]) =>
    catalogue.change('productMediaReplace', { productId, media });

  test('keeps the order given, and the id of what stays', async () => {
    const { id } = await makeProduct(catalogue, { typeCode, media: [picture('/a.svg'), picture('/b.svg')] });
    const before = await read(id, 'media { id url }');
    const facts = await catalogue.factsOf(() =>
      replace(id, [
        { ...picture('https://cdn.example/c.mp4'), kind: 'VIDEO' },
        { ...picture('/a.svg', 'New words'), width: 10, height: 20 },
      ]),
    );
    expect(facts).toMatchObject([{ type: 'product.updated', data: { changed: ['media'] } }]);
    const { media } = await read(id, 'media { id kind url alt width height focalPoint { x } }');
    expect(media).toMatchObject([
      { kind: 'VIDEO' },
      { id: before.media[0].id, alt: 'New words', width: 10, height: 20, focalPoint: null },
    ]);
    expect(await replace(id, [])).toMatchObject({ __typename: 'ProductUpdated' });
    expect(await read(id, 'media { id }')).toEqual({ media: [] });
  });
  test('a picture shown twice is two', async () => {
    const { id } = await makeProduct(catalogue, { typeCode, media: [picture('/a.svg')] });
    await replace(id, [picture('/a.svg'), picture('/a.svg')]);
    const { media } = await read(id, 'media { id }');
    expect(new Set(media.map((each: { id: string }) => each.id)).size).toBe(2);
  });
  test('takes at most 50', async () => {
    const { id } = await makeProduct(catalogue, { typeCode });
    expect(
      await replace(
        id,
        Array.from({ length: 51 }, () => picture('/a.svg')),
      ),
    ).toMatchObject({ __typename: 'InvalidInput' });
  });
});

describe('productRelationsReplace', () => {
  const replace = (productId: string, kind: string, ...targets: object[]) =>
    catalogue.change('productRelationsReplace', { productId, kind, targets });

  test('points to products in order, one kind at a time', async () => {
    const [a, b, c] = [
      await makePublished(catalogue, { typeCode }),
      await makePublished(catalogue, { typeCode }),
      await makePublished(catalogue, { typeCode }),
    ];
    await replace(a.id, 'ACCESSORY', { productId: c.id }, { productId: b.id });
    const facts = await catalogue.factsOf(() =>
      replace(a.id, 'BUNDLE_PART', { productId: b.id, quantity: 3 }),
    );
    expect(facts).toMatchObject([{ data: { changed: ['relations.BUNDLE_PART'] } }]);
    expect(
      await read(
        a.id,
        'relations { kind quantity product { id } } parts: relations(kind: BUNDLE_PART) { quantity }',
      ),
    ).toEqual({
      relations: [
        { kind: 'ACCESSORY', quantity: 1, product: { id: c.id } },
        { kind: 'ACCESSORY', quantity: 1, product: { id: b.id } },
        { kind: 'BUNDLE_PART', quantity: 3, product: { id: b.id } },
      ],
      parts: [{ quantity: 3 }],
    });
    await replace(a.id, 'ACCESSORY');
    expect(await read(a.id, 'relations(kind: ACCESSORY) { quantity }')).toEqual({ relations: [] });
  });
  test('shows nobody what they may not see', async () => {
    const [a, draft] = [
      await makePublished(catalogue, { typeCode }),
      await makeProduct(catalogue, { typeCode }),
    ];
    await replace(a.id, 'UP_SELL', { productId: draft.id });
    expect((await read(a.id, 'relations { product { id } }')).relations).toHaveLength(1);
    expect((await read(a.id, 'relations { product { id } }', anonymous)).relations).toEqual([]);
  });
  test('refuses a product that points to itself, twice to one, or to nothing', async () => {
    const [a, b] = [await makeProduct(catalogue, { typeCode }), await makeProduct(catalogue, { typeCode })];
    await replace(a.id, 'UP_SELL', { productId: b.id });
    expect(await replace(a.id, 'UP_SELL', { productId: a.id })).toMatchObject({
      __typename: 'InvalidInput',
      problems: [{ path: ['targets', '0', 'productId'] }],
    });
    expect(await replace(a.id, 'UP_SELL', { productId: b.id }, { productId: b.id })).toMatchObject({
      __typename: 'InvalidInput',
    });
    expect(await replace(a.id, 'UP_SELL', { productId: b.id }, { productId: nowhere })).toMatchObject({
      problems: [{ path: ['targets', '1', 'productId'] }],
    });
    expect(await replace(a.id, 'UP_SELL', { productId: 'nonsense' })).toMatchObject({
      __typename: 'InvalidInput',
    });
    expect(await replace(a.id, 'BUNDLE_PART', { productId: b.id, quantity: 0 })).toMatchObject({
      __typename: 'InvalidInput',
    });
    expect((await read(a.id, 'relations { product { id } }')).relations).toEqual([{ product: { id: b.id } }]);
  });
  test('two products may point to each other at once', async () => {
    const [a, b] = [await makeProduct(catalogue, { typeCode }), await makeProduct(catalogue, { typeCode })];
    const outcomes = await Promise.all([
      replace(a.id, 'CROSS_SELL', { productId: b.id }),
      replace(b.id, 'CROSS_SELL', { productId: a.id }),
    ]);
    expect(outcomes).toMatchObject([{ __typename: 'ProductUpdated' }, { __typename: 'ProductUpdated' }]);
  });
});

describe('productCategoriesReplace', () => {
  const replace = (productId: string, ...categoryIds: string[]) =>
    catalogue.change('productCategoriesReplace', { productId, categoryIds });
  const inCategory = async (id: string) =>
    (
      await catalogue.ask('query ($id: ID) { category(id: $id) { products { totalCount nodes { id } } } }', {
        id,
      })
    ).category.products;

  test('places a product in categories and in all above them, in one step', async () => {
    const root = await makeCategory(catalogue);
    const [left, right] = [await makeCategory(catalogue, root), await makeCategory(catalogue, root)];
    const { id } = await makeProduct(catalogue, { typeCode });
    const facts = await catalogue.factsOf(() => replace(id, right, left));
    const data = { changed: ['categories'], categoryIds: [right, left] };
    expect(facts).toMatchObject([{ type: 'product.updated', data }]);
    expect(await read(id, 'categories { id }')).toEqual({ categories: [{ id: right }, { id: left }] });
    for (const category of [root, left, right])
      expect(await inCategory(category)).toEqual({ totalCount: 1, nodes: [{ id }] });
    await replace(id, left);
    expect(await inCategory(right)).toEqual({ totalCount: 0, nodes: [] });
    expect(await inCategory(root)).toMatchObject({ totalCount: 1 });
    await replace(id);
    expect(await inCategory(root)).toMatchObject({ totalCount: 0 });
  });
  test('refuses an unknown category, one given twice, and too many', async () => {
    const category = await makeCategory(catalogue);
    const { id } = await makeProduct(catalogue, { typeCode, categoryIds: [category] });
    expect(await replace(id, nowhere)).toMatchObject({ __typename: 'CategoryNotFound', categoryId: nowhere });
    expect(await replace(id, category, category)).toMatchObject({ __typename: 'InvalidInput' });
    expect(await replace(id, ...Array.from({ length: 21 }, (_each, index) => `${index}`))).toMatchObject({
      __typename: 'InvalidInput',
    });
    expect(await read(id, 'categories { id }')).toEqual({ categories: [{ id: category }] });
  });
});

test('nothing of an archived or unknown product is changed', async () => {
  const { id } = await makeProduct(catalogue, { typeCode });
  await catalogue.change('productArchive', { productId: id });
  const inputs: [string, object][] = [
    ['productTranslationSave', { texts: { locale: 'en', name: word('New') } }],
    ['productMediaReplace', { media: [] }],
    ['productRelationsReplace', { kind: 'UP_SELL', targets: [] }],
    ['productCategoriesReplace', { categoryIds: [] }],
    ['variantCreate', { variant: { sku: word('NEW') } }],
  ];
  const facts = await catalogue.factsOf(async () => {
    for (const [mutation, input] of inputs) {
      expect(await catalogue.change(mutation, { productId: id, ...input })).toMatchObject({
        __typename: 'ProductArchivedAlready',
        productId: id,
      });
      expect(await catalogue.change(mutation, { productId: nowhere, ...input })).toMatchObject({
        __typename: 'ProductNotFound',
        productId: nowhere,
      });
    }
  });
  expect(facts).toEqual([]);
});
