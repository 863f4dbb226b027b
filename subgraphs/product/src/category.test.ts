import { anonymous } from '@storegraph/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  type Catalogue,
  invariantsBroken,
  makeCategory,
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
const read = async (id: string, selection: string): Promise<Answer> =>
  (await catalogue.ask(`query ($id: ID) { category(id: $id) { ${selection} } }`, { id }, anonymous)).category;
const names = (text: string) => [{ locale: 'en', text }];
const move = (categoryId: string, parentId?: string) =>
  catalogue.change('categoryMove', { categoryId, parentId });
const childrenOf = async (id: string) => (await read(id, 'children { id position }')).children;

/** Categories one below the other, from the root. */
const makeChain = async (length: number): Promise<string[]> => {
  const chain: string[] = [];
  for (let depth = 0; depth < length; depth += 1) chain.push(await makeCategory(catalogue, chain.at(-1)));
  return chain;
};

describe('categoryCreate', () => {
  test('puts a category behind its siblings, with a slug of its name, and tells of it', async () => {
    const parentId = await makeCategory(catalogue);
    const name = word('Größe & Co');
    let outcome: Answer;
    const facts = await catalogue.factsOf(async () => {
      await makeCategory(catalogue, parentId);
      outcome = await catalogue.change('categoryCreate', {
        parentId,
        names: [...names(name), { locale: 'de', text: 'Größe' }],
      });
    });
    expect(outcome).toMatchObject({ __typename: 'CategoryCreated', category: { depth: 2, position: 1 } });
    expect(facts).toMatchObject([
      { type: 'product.category_created' },
      {
        ...{ type: 'product.category_created', aggregateId: outcome.category.id },
        data: { categoryId: outcome.category.id, parentId },
      },
    ]);
    expect(
      await read(
        outcome.category.id,
        'slug name(locale: "de-AT") en: name parent { id } path { id } products { totalCount }',
      ),
    ).toEqual({
      slug: outcome.category.slug,
      name: 'Größe',
      en: name,
      parent: { id: parentId },
      path: [{ id: parentId }, { id: outcome.category.id }],
      products: { totalCount: 0 },
    });
    expect(outcome.category.slug).toMatch(/^grosse-co-\d+$/);
  });
  test('a name again gets a number, and a slug again is refused', async () => {
    const name = word('Twin');
    const create = (rest: object) => catalogue.change('categoryCreate', { names: names(name), ...rest });
    const [first, second] = [await create({}), await create({})];
    expect([first.category.slug, second.category.slug]).toEqual([
      name.toLowerCase(),
      `${name.toLowerCase()}-2`,
    ]);
    expect(await create({ slug: first.category.slug })).toMatchObject({ __typename: 'SlugTaken' });
    const raced = await Promise.all([create({}), create({}), create({}), create({})]);
    expect(new Set(raced.map(({ category }) => category.slug)).size).toBe(4);
  });
  test('refuses a fifth level, an unknown parent and what breaks a rule', async () => {
    const create = (rest: object) => catalogue.change('categoryCreate', { names: names('x'), ...rest });
    const [, , , fourth] = await makeChain(4);
    expect(await create({ parentId: fourth })).toMatchObject({ __typename: 'CategoryTooDeep', maxDepth: 4 });
    expect(await create({ parentId: nowhere })).toMatchObject({
      __typename: 'CategoryNotFound',
      categoryId: nowhere,
    });
    expect(await create({ parentId: 'nonsense' })).toMatchObject({ __typename: 'CategoryNotFound' });
    expect(await create({ names: [{ locale: 'de', text: 'x' }] })).toMatchObject({
      __typename: 'InvalidInput',
    });
    expect(await create({ names: names('a\u0000') })).toMatchObject({ __typename: 'InvalidInput' });
    expect(await create({ slug: 'Not A Slug' })).toMatchObject({ __typename: 'InvalidInput' });
  });
  test('a repeat answers with the same category', async () => {
    const input = { idempotencyKey: word('a-key-of-sixteen-letters'), names: names(word('Once')) };
    const first = await catalogue.change('categoryCreate', input);
    expect(await catalogue.change('categoryCreate', input)).toEqual(first);
    expect(await catalogue.change('categoryCreate', { ...input, names: names('other') })).toMatchObject({
      __typename: 'IdempotencyConflict',
    });
  });
});

describe('categoryUpdate', () => {
  const update = (categoryId: string, rest: object) =>
    catalogue.change('categoryUpdate', { categoryId, ...rest });

  test('changes what is given and leaves the rest', async () => {
    const id = await makeCategory(catalogue);
    const before = await read(id, 'slug name');
    const facts = await catalogue.factsOf(() =>
      update(id, { names: [{ locale: 'fr', text: 'Chaussures' }] }),
    );
    expect(facts).toMatchObject([{ type: 'product.category_updated', aggregateId: id }]);
    expect(await read(id, 'slug name')).toEqual(before);
    const slug = word('renamed');
    await update(id, { slug, names: names('Shoes') });
    expect(await read(id, 'slug name fr: name(locale: "fr-CA")')).toEqual({
      slug,
      name: 'Shoes',
      fr: 'Chaussures',
    });
  });
  test('moves a category among its siblings', async () => {
    const parent = await makeCategory(catalogue);
    const [a, b, c] = [
      await makeCategory(catalogue, parent),
      await makeCategory(catalogue, parent),
      await makeCategory(catalogue, parent),
    ];
    await update(c, { position: 0 });
    await update(a, { position: 99 });
    expect(await childrenOf(parent)).toEqual([
      { id: c, position: 0 },
      { id: b, position: 1 },
      { id: a, position: 2 },
    ]);
  });
  test('refuses another’s slug and an unknown category', async () => {
    const [a, b] = [await makeCategory(catalogue), await makeCategory(catalogue)];
    const { slug } = await read(a, 'slug');
    expect(await update(b, { slug })).toMatchObject({ __typename: 'SlugTaken', slug });
    expect(await update(nowhere, {})).toMatchObject({ __typename: 'CategoryNotFound' });
    expect(await update(a, { position: -1 })).toMatchObject({ __typename: 'InvalidInput' });
  });
});

describe('categoryMove', () => {
  test('takes everything below along, and the products into the new lists', async () => {
    const [root, middle, leaf] = await makeChain(3);
    const other = await makeCategory(catalogue);
    const { id } = await makePublished(catalogue, { typeCode, categoryIds: [leaf] });
    const facts = await catalogue.factsOf(async () => {
      expect(await move(middle ?? '', other)).toMatchObject({
        __typename: 'CategoryMoved',
        category: { depth: 2 },
      });
    });
    const data = { categoryId: middle, parentId: other };
    expect(facts).toMatchObject([{ type: 'product.category_moved', aggregateId: middle, data }]);
    expect(await read(leaf ?? '', 'depth path { id } parent { id }')).toEqual({
      depth: 3,
      path: [{ id: other }, { id: middle }, { id: leaf }],
      parent: { id: middle },
    });
    expect((await read(root ?? '', 'products { totalCount }')).products.totalCount).toBe(0);
    expect(await read(other, 'descendants { id } products { nodes { id } }')).toEqual({
      descendants: [{ id: middle }, { id: leaf }],
      products: { nodes: [{ id }] },
    });
    expect(await move(middle ?? '')).toMatchObject({ category: { depth: 1 } });
    expect(await invariantsBroken(catalogue)).toEqual([]);
  });
  test('closes the gap it leaves and goes behind its new siblings', async () => {
    const [from, to] = [await makeCategory(catalogue), await makeCategory(catalogue)];
    const [a, b, c] = [
      await makeCategory(catalogue, from),
      await makeCategory(catalogue, from),
      await makeCategory(catalogue, to),
    ];
    await move(a, to);
    expect(await childrenOf(from)).toEqual([{ id: b, position: 0 }]);
    expect(await childrenOf(to)).toEqual([
      { id: c, position: 0 },
      { id: a, position: 1 },
    ]);
  });
  test('to where it stands is no change', async () => {
    const [root, child] = await makeChain(2);
    const facts = await catalogue.factsOf(async () =>
      expect(await move(child ?? '', root)).toMatchObject({ __typename: 'CategoryMoved' }),
    );
    expect(facts).toEqual([]);
  });
  test('refuses a place below itself, a fifth level and what is not there', async () => {
    const [a, b, c] = await makeChain(3);
    const [x, y] = await makeChain(2);
    const facts = await catalogue.factsOf(async () => {
      expect(await move(a ?? '', a)).toMatchObject({
        __typename: 'CategoryCycle',
        categoryId: a,
        parentId: a,
      });
      expect(await move(a ?? '', c)).toMatchObject({
        __typename: 'CategoryCycle',
        categoryId: a,
        parentId: c,
      });
      expect(await move(a ?? '', y)).toMatchObject({ __typename: 'CategoryTooDeep' });
      expect(await move(nowhere, x)).toMatchObject({ __typename: 'CategoryNotFound', categoryId: nowhere });
      expect(await move(b ?? '', nowhere)).toMatchObject({
        __typename: 'CategoryNotFound',
        categoryId: nowhere,
      });
    });
    expect(facts).toEqual([]);
  });
  test('two moves at once that would make a circle together: one is refused', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [a, b] = [await makeCategory(catalogue), await makeCategory(catalogue)];
      const outcomes = await Promise.all([move(a, b), move(b, a)]);
      expect(outcomes.map(({ __typename }) => __typename).sort()).toEqual(['CategoryCycle', 'CategoryMoved']);
    }
    expect(await invariantsBroken(catalogue)).toEqual([]);
  });
  test('moves at once with products that come and go leave every list right', async () => {
    const [left, right] = [await makeCategory(catalogue), await makeCategory(catalogue)];
    const [moving, target] = [await makeCategory(catalogue, left), await makeCategory(catalogue, right)];
    const placed = await makePublished(catalogue, { typeCode, categoryIds: [moving] });
    const others = await Promise.all([1, 2, 3, 4].map(() => makePublished(catalogue, { typeCode })));
    await Promise.all([
      move(moving, target),
      move(moving, right),
      move(target, moving),
      ...others.map(({ id }) =>
        catalogue.change('productCategoriesReplace', { productId: id, categoryIds: [moving, target] }),
      ),
      ...[1, 2, 3].map(() => makePublished(catalogue, { typeCode, categoryIds: [moving] })),
      catalogue.change('productUpdate', { productId: placed.id, regions: ['DE'] }),
      catalogue.change('productTranslationSave', {
        productId: placed.id,
        texts: { locale: 'en', name: 'New' },
      }),
      catalogue.change('categoryUpdate', { categoryId: target, position: 0 }),
    ]);
    expect(await invariantsBroken(catalogue)).toEqual([]);
  });
});

describe('categoryRemove', () => {
  const remove = (categoryId: string) => catalogue.change('categoryRemove', { categoryId });

  test('leaves the products, outside it', async () => {
    const [root, leaf] = await makeChain(2);
    const { id } = await makePublished(catalogue, { typeCode, categoryIds: [leaf] });
    const facts = await catalogue.factsOf(async () => {
      expect(await remove(leaf ?? '')).toMatchObject({ __typename: 'CategoryRemoved', categoryId: leaf });
    });
    expect(facts).toMatchObject([{ type: 'product.category_removed', aggregateId: leaf }]);
    expect(await read(leaf ?? '', 'id')).toBeNull();
    expect((await read(root ?? '', 'products { totalCount }')).products.totalCount).toBe(0);
    expect(
      (await catalogue.ask('query ($id: ID) { product(id: $id) { categories { id } } }', { id }, anonymous))
        .product,
    ).toEqual({ categories: [] });
    expect(await remove(leaf ?? '')).toMatchObject({ __typename: 'CategoryNotFound' });
  });
  test('refuses a category with others below', async () => {
    const [root, leaf] = await makeChain(2);
    expect(await remove(root ?? '')).toMatchObject({ __typename: 'CategoryHasChildren', categoryId: root });
    expect((await read(root ?? '', 'children { id }')).children).toEqual([{ id: leaf }]);
  });
  test('while a product is put there: the list is right, whoever comes first', async () => {
    const category = await makeCategory(catalogue);
    const product = await makePublished(catalogue, { typeCode });
    const [placed] = await Promise.all([
      catalogue.change('productCategoriesReplace', { productId: product.id, categoryIds: [category] }),
      remove(category),
    ]);
    expect(['ProductUpdated', 'CategoryNotFound']).toContain(placed.__typename);
    expect(await invariantsBroken(catalogue)).toEqual([]);
  });
});

test('a part of the tree is read by its slug with as many statements as levels asked for', async () => {
  const [root, child, leaf] = await makeChain(3);
  const { slug } = await read(root ?? '', 'slug');
  const { data, statements } = await catalogue.execute(
    'query ($slug: String) { category(slug: $slug) { id children { id children { id } } descendants { id depth path { id } } } }',
    { slug },
  );
  expect(data.category).toMatchObject({
    id: root,
    children: [{ id: child, children: [{ id: leaf }] }],
    descendants: [
      { id: child, depth: 2 },
      { id: leaf, depth: 3 },
    ],
  });
  // The category, its children, theirs, its descendants, their path.
  expect(statements).toBeLessThanOrEqual(5);
});

test('the tree is read whole with as many statements as levels asked for', async () => {
  const [root] = await makeChain(2);
  await makeChain(2);
  const { data, statements } = await catalogue.execute(
    '{ categories { id children { id products(first: 2) { nodes { id } totalCount } } } }',
  );
  expect(data.categories.map(({ id }: Answer) => id)).toContain(root);
  // The roots, their children, pages, counts.
  expect(statements).toBeLessThanOrEqual(4);
});
