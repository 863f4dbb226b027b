import type { Viewer } from '@storegraph/server';
import { key } from '@storegraph/testing';
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
  typeCode = await makeType(catalogue);
});
afterAll(() => catalogue.stop());

const nowhere = '018f0000-0000-7000-8000-000000000001';

/** One success of each mutation, over things made for it. */
const successes: Record<string, () => Promise<object>> = {
  productTypeSave: async () => ({ code: word('code').replace('-', ''), name: 'A type', attributes: [] }),
  productCreate: async () => ({ typeCode, texts: texts(word('Made')), variants: [{ sku: word('MADE') }] }),
  productUpdate: async () => ({ productId: await draft(), regions: ['DE'] }),
  productPublish: async () => ({ productId: await draft() }),
  productUnpublish: async () => ({ productId: (await makePublished(catalogue, { typeCode })).id }),
  productArchive: async () => ({ productId: await draft() }),
  productTranslationSave: async () => ({ productId: await draft(), texts: { locale: 'de', name: 'Neu' } }),
  productMediaReplace: async () => ({ productId: await draft(), media: [] }),
  productRelationsReplace: async () => ({
    productId: await draft(),
    kind: 'UP_SELL',
    targets: [{ productId: await draft() }],
  }),
  productCategoriesReplace: async () => ({
    productId: await draft(),
    categoryIds: [await makeCategory(catalogue)],
  }),
  variantCreate: async () => ({ productId: await draft([]), variant: { sku: word('NEW') } }),
  variantUpdate: async () => ({ variantId: await variantOf(await draft()), weightGrams: 7 }),
  variantRemove: async () => ({ variantId: await variantOf(await draft()) }),
  categoryCreate: async () => ({ names: [{ locale: 'en', text: word('Made') }] }),
  categoryUpdate: async () => ({ categoryId: await makeCategory(catalogue), slug: word('slug') }),
  categoryMove: async () => ({
    categoryId: await makeCategory(catalogue),
    parentId: await makeCategory(catalogue),
  }),
  categoryRemove: async () => ({ categoryId: await makeCategory(catalogue) }),
};

const draft = async (variants?: object[]): Promise<string> =>
  (await makeProduct(catalogue, { typeCode, ...(variants ? { variants } : {}) })).id;
const variantOf = async (id: string): Promise<string> =>
  (await catalogue.ask('query ($id: ID) { product(id: $id) { variants { id } } }', { id })).product
    .variants[0].id;

test.each(Object.keys(successes))('%s has one effect and one outcome for a key', async (mutation) => {
  const input = { idempotencyKey: key(), ...(await successes[mutation]?.()) };
  let first: unknown;
  const facts = await catalogue.factsOf(async () => {
    first = await catalogue.change(mutation, input);
  });
  expect(facts.length).toBeGreaterThan(0);
  const more = await catalogue.factsOf(async () => {
    expect(await catalogue.change(mutation, input)).toEqual(first);
    const others = await successes[mutation]?.();
    expect(
      await catalogue.change(mutation, { ...others, idempotencyKey: input.idempotencyKey }),
    ).toMatchObject({ __typename: 'IdempotencyConflict' });
  });
  const about = new Set(facts.map(({ aggregateId }) => aggregateId));
  expect(more.filter(({ aggregateId }) => about.has(aggregateId))).toEqual([]);
});

describe('a key', () => {
  const create = (input: object) => catalogue.change('productCreate', { typeCode, ...input });

  test('answers a repeat with the same product and does nothing', async () => {
    const input = { idempotencyKey: key(), texts: texts(word('Once')), variants: [{ sku: word('ONCE') }] };
    const first = await create(input);
    const facts = await catalogue.factsOf(async () => expect(await create(input)).toEqual(first));
    expect(facts).toEqual([]);
  });
  test('with another input is a conflict', async () => {
    const idempotencyKey = key();
    await create({ idempotencyKey, texts: texts(word('One')) });
    expect(await create({ idempotencyKey, texts: texts(word('Other')) })).toMatchObject({
      __typename: 'IdempotencyConflict',
    });
  });
  test('keeps a refusal, and forgets an input that was wrong', async () => {
    const idempotencyKey = key();
    const wrong = {
      idempotencyKey,
      texts: texts(word('Mended')),
      optionNames: ['size'],
      variants: [{ sku: word('M') }],
    };
    expect(await create(wrong)).toMatchObject({ __typename: 'InvalidInput' });
    expect(await create({ ...wrong, optionNames: [] })).toMatchObject({ __typename: 'ProductCreated' });
    const refused = { idempotencyKey: key(), texts: texts('x'), categoryIds: [nowhere] };
    expect(await create(refused)).toEqual(await create(refused));
  });
  test('sent twice at once makes one product', async () => {
    const input = { idempotencyKey: key(), texts: texts(word('Race')), variants: [{ sku: word('RACE') }] };
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => create(input)));
    expect(new Set(outcomes.map(({ product }) => product.id)).size).toBe(1);
  });
  test('of one caller is not another caller’s', async () => {
    const input = { idempotencyKey: key(), typeCode, texts: texts(word('Own')) };
    const mine = await catalogue.change('productCreate', input);
    const colleague: Viewer = { kind: 'staff', id: 'a colleague', scopes: new Set(['catalogue:write']) };
    const theirs = await catalogue.change('productCreate', input, colleague);
    expect(theirs.product.id).not.toBe(mine.product.id);
  });
});

test('of many who want one SKU or slug at once, one gets it', async () => {
  const [sku, slug] = [word('HOT'), word('hot')];
  const create = (rest: object) =>
    catalogue.change('productCreate', { typeCode, texts: texts(word('Hot')), ...rest });
  const bySku = await Promise.all(Array.from({ length: 8 }, () => create({ variants: [{ sku }] })));
  const bySlug = await Promise.all(Array.from({ length: 8 }, () => create({ slug })));
  const byName = await Promise.all(Array.from({ length: 8 }, () => create({ texts: texts(`${slug} name`) })));
  expect(bySku.map(({ __typename }) => __typename).sort()).toEqual([
    'ProductCreated',
    ...Array(7).fill('SkuTaken'),
  ]);
  expect(bySlug.map(({ __typename }) => __typename).sort()).toEqual([
    'ProductCreated',
    ...Array(7).fill('SlugTaken'),
  ]);
  expect(new Set(byName.map(({ product }) => product.slug)).size).toBe(8);
});
