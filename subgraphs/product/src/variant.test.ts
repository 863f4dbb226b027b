import { anonymous } from '@storegraph/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Catalogue,
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
const sized = (sku: string, size: string) => ({ sku, options: [{ name: 'size', value: size }] });
const makeSized = (...sizes: string[]) =>
  makeProduct(catalogue, {
    typeCode,
    optionNames: ['size'],
    variants: sizes.map((size) => sized(word('V'), size)),
  });
const variantsOf = async (id: string) =>
  (
    await catalogue.ask(
      'query ($id: ID) { product(id: $id) { version variants { id sku position barcode weightGrams options { value } } } }',
      { id },
    )
  ).product;

describe('variantCreate', () => {
  const create = (productId: string, variant: object) =>
    catalogue.change('variantCreate', { productId, variant });

  test('adds a variant behind the others and counts as a change of the product', async () => {
    const { id } = await makeSized('41');
    const sku = word('NEW');
    const facts = await catalogue.factsOf(async () => {
      expect(await create(id, { ...sized(sku, '42'), weightGrams: 5 })).toMatchObject({
        __typename: 'VariantCreated',
        variant: { sku, position: 1, weightGrams: 5 },
      });
    });
    expect(facts).toMatchObject([
      { type: 'product.updated', aggregateId: id, data: { version: 2, changed: ['variants'] } },
      { type: 'product.variant_created', data: { productId: id, sku } },
    ]);
  });
  test('refuses what breaks a rule, and writes nothing', async () => {
    const taken = word('TAKEN');
    await makeProduct(catalogue, { typeCode, variants: [{ sku: taken }] });
    const { id } = await makeSized('41');
    const facts = await catalogue.factsOf(async () => {
      expect(await create(id, sized(taken.toLowerCase(), '42'))).toMatchObject({ __typename: 'SkuTaken' });
      expect(await create(id, sized(word('V'), '41'))).toMatchObject({
        __typename: 'InvalidInput',
        problems: [{ path: ['variant'], message: 'another variant has 41' }],
      });
      expect(await create(id, { sku: word('V') })).toMatchObject({ __typename: 'InvalidInput' });
      expect(await create(id, { ...sized('', '42') })).toMatchObject({
        __typename: 'InvalidInput',
        problems: [{ path: ['variant', 'sku'] }],
      });
      expect(await create(id, sized('x'.repeat(65), '42'))).toMatchObject({ __typename: 'InvalidInput' });
      expect(await create(id, sized(word('V'), '\u0000'))).toMatchObject({ __typename: 'InvalidInput' });
    });
    expect(facts).toEqual([]);
  });
  test('takes any letters as a SKU, and keeps their case', async () => {
    const { id } = await makeProduct(catalogue, { typeCode, variants: [] });
    const sku = `${word('Größe')} 🥾`;
    expect(await create(id, { sku })).toMatchObject({ variant: { sku } });
    const { variants } = await catalogue.ask('query ($skus: [String!]) { variants(skus: $skus) { sku } }', {
      skus: [sku.toUpperCase().replace('SS', 'ß'), '\u0000'],
    });
    expect(variants).toEqual([{ sku }, null]);
  });
  test('of many with one combination or SKU at once, one is made', async () => {
    const { id } = await makeSized('41');
    const sizes = await Promise.all(Array.from({ length: 6 }, () => create(id, sized(word('V'), '50'))));
    expect(sizes.map(({ __typename }) => __typename).sort()).toEqual([
      ...Array(5).fill('InvalidInput'),
      'VariantCreated',
    ]);
    const [sku, products] = [
      word('HOT'),
      await Promise.all([makeSized('1'), makeSized('1'), makeSized('1'), makeSized('1')]),
    ];
    const skus = await Promise.all(products.map((product) => create(product.id, sized(sku, '2'))));
    expect(skus.map(({ __typename }) => __typename).sort()).toEqual([
      ...Array(3).fill('SkuTaken'),
      'VariantCreated',
    ]);
  });
});

describe('variantUpdate', () => {
  const update = (variantId: string, rest: object) =>
    catalogue.change('variantUpdate', { variantId, ...rest });

  test('changes what is given; null takes away', async () => {
    const { id } = await makeProduct(catalogue, {
      typeCode,
      variants: [{ sku: word('V'), barcode: '96385074', weightGrams: 7 }],
    });
    const {
      variants: [variant],
    } = await variantsOf(id);
    const sku = word('RENAMED');
    const facts = await catalogue.factsOf(() => update(variant.id, { sku, weightGrams: null }));
    expect(facts).toMatchObject([
      { type: 'product.updated', data: { version: 2, changed: ['variants'] } },
      { type: 'product.variant_updated', aggregateId: variant.id, data: { sku } },
    ]);
    expect((await variantsOf(id)).variants).toEqual([{ ...variant, sku, weightGrams: null }]);
  });
  test('moves a variant among its siblings', async () => {
    const { id } = await makeSized('1', '2', '3');
    const { variants } = await variantsOf(id);
    await update(variants[2].id, { position: 0 });
    await update(variants[0].id, { position: 99 });
    const after = (await variantsOf(id)).variants;
    expect(after.map((each: { options: [{ value: string }] }) => each.options[0].value)).toEqual([
      '3',
      '2',
      '1',
    ]);
    expect(after.map((each: { position: number }) => each.position)).toEqual([0, 1, 2]);
  });
  test('refuses a SKU that is taken, but not its own in another case', async () => {
    const { id } = await makeSized('1', '2');
    const {
      variants: [first, second],
    } = await variantsOf(id);
    expect(await update(second.id, { sku: first.sku })).toMatchObject({ __typename: 'SkuTaken' });
    expect(await update(first.id, { sku: first.sku.toLowerCase() })).toMatchObject({
      variant: { sku: first.sku.toLowerCase() },
    });
    expect(await update(first.id, { barcode: '12345678' })).toMatchObject({ __typename: 'InvalidInput' });
    expect(await update(first.id, { position: -1 })).toMatchObject({ __typename: 'InvalidInput' });
    expect(await update(nowhere, { sku: 'x' })).toMatchObject({
      __typename: 'VariantNotFound',
      variantId: nowhere,
    });
    expect(await update('nonsense', {})).toMatchObject({ __typename: 'VariantNotFound' });
  });
});

describe('variantRemove', () => {
  const remove = (variantId: string) => catalogue.change('variantRemove', { variantId });

  test('takes a variant out, frees its SKU and options, and never its id', async () => {
    const { id } = await makeSized('1', '2');
    const {
      variants: [first, second],
    } = await variantsOf(id);
    const facts = await catalogue.factsOf(async () => {
      expect(await remove(first.id)).toMatchObject({
        __typename: 'VariantRemoved',
        variantId: first.id,
        product: { id, version: 2 },
      });
    });
    expect(facts).toMatchObject([
      { type: 'product.updated' },
      { type: 'product.variant_removed', aggregateId: first.id, data: { sku: first.sku } },
    ]);
    expect((await variantsOf(id)).variants).toEqual([{ ...second, position: 0 }]);
    expect(
      (await catalogue.ask('query ($ids: [ID!]) { variants(ids: $ids) { id } }', { ids: [first.id] }))
        .variants,
    ).toEqual([null]);
    expect(await remove(first.id)).toMatchObject({ __typename: 'VariantNotFound' });
    const again = await catalogue.change('variantCreate', { productId: id, variant: sized(first.sku, '1') });
    expect(again).toMatchObject({ __typename: 'VariantCreated', variant: { position: 1 } });
    expect(again.variant.id).not.toBe(first.id);
  });
  test('leaves a product on sale its last variant', async () => {
    const { id } = await makePublished(catalogue, { typeCode });
    const {
      variants: [only],
    } = await variantsOf(id);
    expect(await remove(only.id)).toMatchObject({
      __typename: 'InvalidInput',
      problems: [{ path: ['variantId'] }],
    });
    await catalogue.change('productUnpublish', { productId: id });
    expect(await remove(only.id)).toMatchObject({ __typename: 'VariantRemoved' });
  });
  test('of two who remove the last two at once, a product on sale keeps one', async () => {
    const { id } = await makeSized('1', '2');
    await catalogue.change('productPublish', { productId: id });
    const { variants } = await variantsOf(id);
    const outcomes = await Promise.all(variants.map((variant: { id: string }) => remove(variant.id)));
    expect(outcomes.map(({ __typename }) => __typename).sort()).toEqual(['InvalidInput', 'VariantRemoved']);
  });
});

test('the variants of an archived product stay as they are', async () => {
  const { id } = await makeSized('1');
  const {
    variants: [variant],
  } = await variantsOf(id);
  await catalogue.change('productArchive', { productId: id });
  expect(await catalogue.change('variantUpdate', { variantId: variant.id, sku: word('X') })).toMatchObject({
    __typename: 'ProductArchivedAlready',
  });
  expect(await catalogue.change('variantRemove', { variantId: variant.id })).toMatchObject({
    __typename: 'ProductArchivedAlready',
  });
});

describe('variants', () => {
  const query = 'query ($ids: [ID!], $skus: [String!]) { variants(ids: $ids, skus: $skus) { sku } }';
  test('answers in the order asked, null where there is none or none to be seen', async () => {
    const [shown, draft] = [
      await makePublished(catalogue, { typeCode }),
      await makeProduct(catalogue, { typeCode }),
    ];
    const [a, b] = [(await variantsOf(shown.id)).variants[0], (await variantsOf(draft.id)).variants[0]];
    const ids = [b.id, nowhere, a.id, 'nonsense', a.id];
    expect((await catalogue.ask(query, { ids })).variants).toEqual([
      { sku: b.sku },
      null,
      { sku: a.sku },
      null,
      { sku: a.sku },
    ]);
    expect((await catalogue.ask(query, { ids }, anonymous)).variants).toEqual([
      null,
      null,
      { sku: a.sku },
      null,
      { sku: a.sku },
    ]);
    expect((await catalogue.ask(query, { skus: [b.sku, a.sku] }, anonymous)).variants).toEqual([
      null,
      { sku: a.sku },
    ]);
  });
  test.each([
    ['neither', {}],
    ['both', { ids: [], skus: [] }],
    ['more than 500', { ids: Array.from({ length: 501 }, () => nowhere) }],
  ])('refuses %s', async (_case, variables) => {
    const { errors } = await catalogue.execute(query, variables);
    expect(errors?.[0]?.extensions?.['code']).toBe('BAD_USER_INPUT');
  });
});
