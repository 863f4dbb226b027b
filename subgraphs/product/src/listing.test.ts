import { anonymous } from '@storegraph/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  type Catalogue,
  makeCategory,
  makeProduct,
  makePublished,
  makeType,
  merchandiser,
  openCatalogue,
  texts,
  word,
} from './product-fixture.ts';

let catalogue: Catalogue;
beforeAll(async () => {
  catalogue = await openCatalogue();
});
afterAll(() => catalogue.stop());

const pageQuery = `query ($filter: ProductFilter, $sort: ProductSort, $first: Int, $after: String) {
  products(filter: $filter, sort: $sort, first: $first, after: $after) {
    nodes { id } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount
  } }`;
const page = async (variables: object, viewer = anonymous): Promise<Answer> =>
  (await catalogue.ask(pageQuery, variables, viewer)).products;
const idsOf = async (variables: object, viewer = anonymous): Promise<string[]> =>
  (await page(variables, viewer)).nodes.map(({ id }: Answer) => id);

/** Every page of a list, one after the other. */
const walk = async (variables: object, viewer = anonymous): Promise<string[]> => {
  const ids: string[] = [];
  let after: string | null = null;
  do {
    const { nodes, pageInfo } = await page({ ...variables, after }, viewer);
    ids.push(...nodes.map(({ id }: Answer) => id));
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after !== null);
  return ids;
};

describe('pages', () => {
  test.each(['NEWEST', 'OLDEST', 'NAME', 'UPDATED'])(
    '%s lists each product once, past ties in everything',
    async (sort) => {
      const typeCode = await makeType(catalogue);
      const made: string[] = [];
      for (let index = 0; index < 7; index += 1) {
        const { id } = await makeProduct(catalogue, { typeCode, texts: texts('Same name') });
        await catalogue.change('productPublish', { productId: id, publishAt: '2026-01-01T00:00:00Z' });
        made.push(id);
      }
      const all = await walk({ filter: { typeCode }, sort, first: 2 });
      expect(all).toHaveLength(7);
      expect(new Set(all)).toEqual(new Set(made));
    },
  );
  test('are in the order asked for', async () => {
    const typeCode = await makeType(catalogue);
    const make = async (name: string, publishAt: string) => {
      const { id } = await makeProduct(catalogue, { typeCode, texts: texts(name) });
      await catalogue.change('productPublish', { productId: id, publishAt });
      return id;
    };
    const b = await make('banana', '2025-01-03T00:00:00Z');
    const a = await make('Äpfel', '2025-01-02T00:00:00Z');
    const c = await make('Cherry', '2025-01-01T00:00:00Z');
    const list = (sort: string) => idsOf({ filter: { typeCode }, sort });
    expect(await list('NEWEST')).toEqual([b, a, c]);
    expect(await list('OLDEST')).toEqual([c, a, b]);
    expect(await list('NAME')).toEqual([a, b, c]);
    await catalogue.change('productUpdate', { productId: a, regions: ['DE'] });
    expect(await list('UPDATED')).toEqual([a, c, b]);
  });
  test('say where they stand', async () => {
    const typeCode = await makeType(catalogue);
    for (let index = 0; index < 3; index += 1) await makePublished(catalogue, { typeCode });
    const first = await page({ filter: { typeCode }, first: 2 });
    expect(first).toMatchObject({ pageInfo: { hasNextPage: true, hasPreviousPage: false }, totalCount: 3 });
    expect(first.edges.map(({ node }: Answer) => node)).toEqual(first.nodes);
    expect([first.pageInfo.startCursor, first.pageInfo.endCursor]).toEqual(
      first.edges.map(({ cursor }: Answer) => cursor),
    );
    const last = await page({ filter: { typeCode }, first: 2, after: first.pageInfo.endCursor });
    expect(last).toMatchObject({
      nodes: [{}],
      pageInfo: { hasNextPage: false, hasPreviousPage: true },
      totalCount: 3,
    });
    expect(await page({ filter: { typeCode }, after: last.pageInfo.endCursor })).toMatchObject({
      nodes: [],
      pageInfo: { startCursor: null, endCursor: null },
    });
  });
  test.each([
    ['no products', { first: 0 }],
    ['101 products', { first: 101 }],
    ['fewer than none', { first: -5 }],
    [
      'a cursor of another order',
      {
        sort: 'NAME',
        after: Buffer.from('["NEWEST","1","018f0000-0000-7000-8000-000000000001"]').toString('base64url'),
      },
    ],
    ['no cursor at all', { after: 'nonsense' }],
    ['an empty cursor', { after: '' }],
    ['attributes without a type', { filter: { attributes: [{ code: 'colour', equals: 'red' }] } }],
    ['a type there is not', { filter: { typeCode: 'nothing' } }],
    ['NUL in a type', { filter: { typeCode: '\u0000' } }],
  ])('of %s are refused', async (_case, variables) => {
    const { errors } = await catalogue.execute(pageQuery, variables);
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });
});

describe('filters', () => {
  test('by attributes: a value, some values, bounds, and all of them together', async () => {
    const typeCode = await makeType(catalogue, [
      {
        code: 'colour',
        name: 'Colour',
        kind: 'CHOICE',
        choices: ['red', 'blue', 'green'],
        isFilterable: true,
      },
      { code: 'uses', name: 'Uses', kind: 'CHOICES', choices: ['hiking', 'city'], isFilterable: true },
      { code: 'height', name: 'Height', kind: 'NUMBER', isFilterable: true },
      { code: 'isLight', name: 'Light', kind: 'BOOLEAN', isFilterable: true },
      { code: 'made', name: 'Made in', kind: 'TEXT', isFilterable: true },
    ]);
    const make = async (colour: string, uses: string[], height: number, isLight: boolean, made: string) => {
      const attributes = Object.entries({ colour, uses, height, isLight, made }).map(([code, value]) => ({
        code,
        value,
      }));
      return (await makePublished(catalogue, { typeCode, attributes })).id;
    };
    const a = await make('red', ['hiking', 'city'], 1.5, true, 'Österreich 🥾');
    const b = await make('blue', ['city'], 2, false, 'Italy');
    const c = await make('green', ['hiking'], -3, true, 'Italy');
    const find = async (...attributes: object[]) =>
      (await walk({ filter: { typeCode, attributes }, sort: 'OLDEST', first: 2 })).sort();
    const sorted = (...ids: string[]) => ids.sort();
    expect(await find({ code: 'colour', equals: 'red' })).toEqual([a]);
    expect(await find({ code: 'colour', anyOf: ['red', 'green'] })).toEqual(sorted(a, c));
    expect(await find({ code: 'uses', anyOf: ['hiking', 'city'] })).toEqual(sorted(a, b, c));
    expect(await find({ code: 'uses', equals: 'hiking' })).toEqual(sorted(a, c));
    expect(await find({ code: 'height', between: { min: 1.5, max: 2 } })).toEqual(sorted(a, b));
    expect(await find({ code: 'height', between: { max: 0 } })).toEqual([c]);
    expect(await find({ code: 'height', equals: 2 })).toEqual([b]);
    expect(await find({ code: 'height', anyOf: [2, -3] })).toEqual(sorted(b, c));
    expect(await find({ code: 'isLight', equals: false })).toEqual([b]);
    expect(await find({ code: 'made', equals: 'Österreich 🥾' })).toEqual([a]);
    expect(await find({ code: 'made', equals: 'Italy' }, { code: 'isLight', equals: true })).toEqual([c]);
    expect(
      await find(
        { code: 'uses', anyOf: ['hiking', 'city'] },
        { code: 'height', between: { min: 0 } },
        { code: 'colour', equals: 'blue' },
      ),
    ).toEqual([b]);
    expect(await find({ code: 'colour', equals: 'red' }, { code: 'colour', equals: 'blue' })).toEqual([]);
    expect(
      (await page({ filter: { typeCode, attributes: [{ code: 'uses', anyOf: ['hiking', 'city'] }] } }))
        .totalCount,
    ).toBe(3);
    await catalogue.change('productUpdate', {
      productId: a,
      attributes: [
        { code: 'colour', value: 'blue' },
        { code: 'height', value: null },
      ],
    });
    expect(await find({ code: 'colour', equals: 'red' })).toEqual([]);
    expect(await find({ code: 'colour', equals: 'blue' })).toEqual(sorted(a, b));
    expect(await find({ code: 'height', between: { min: 1 } })).toEqual([b]);
  });
  test('by category and all below, by type, by region', async () => {
    const [typeCode, other] = [await makeType(catalogue), await makeType(catalogue)];
    const root = await makeCategory(catalogue);
    const leaf = await makeCategory(catalogue, root);
    const everywhere = (await makePublished(catalogue, { typeCode, categoryIds: [leaf] })).id;
    const german = (await makePublished(catalogue, { typeCode, categoryIds: [root], regions: ['DE'] })).id;
    await makePublished(catalogue, { typeCode: other, categoryIds: [leaf], regions: ['AT'] });
    expect(await idsOf({ filter: { categoryId: root, typeCode } })).toEqual([german, everywhere]);
    expect(await idsOf({ filter: { categoryId: leaf, typeCode } })).toEqual([everywhere]);
    expect(await idsOf({ filter: { typeCode, region: 'AT' } })).toEqual([everywhere]);
    expect(await idsOf({ filter: { typeCode, region: 'DE' }, sort: 'OLDEST' })).toEqual([everywhere, german]);
    const canadian = (await makePublished(catalogue, { typeCode, regions: ['CA', 'US-NY'] })).id;
    const idsIn = (region: string) => idsOf({ filter: { typeCode, region }, sort: 'OLDEST' });
    for (const region of ['CA', 'CA-QC', 'US-NY'])
      expect(await idsIn(region)).toEqual([everywhere, canadian]);
    for (const region of ['US', 'US-CA']) expect(await idsIn(region)).toEqual([everywhere]);
    expect(await idsOf({ filter: { categoryId: 'nonsense' } })).toEqual([]);
    expect(await page({ filter: { categoryId: '018f0000-0000-7000-8000-000000000001' } })).toMatchObject({
      nodes: [],
      totalCount: 0,
    });
  });
});

describe('what is not on sale', () => {
  /** A draft, a product that waits for its date, an archived one, and one that points to them all. */
  const makeHidden = async () => {
    const typeCode = await makeType(catalogue);
    const category = await makeCategory(catalogue);
    const make = () =>
      makeProduct(catalogue, { typeCode, categoryIds: [category], variants: [{ sku: word('HIDDEN') }] });
    const [draft, waiting, archived, shown] = [await make(), await make(), await make(), await make()];
    await catalogue.change('productPublish', { productId: waiting.id, publishAt: '2090-01-01T00:00:00Z' });
    await catalogue.change('productPublish', { productId: archived.id });
    await catalogue.change('productArchive', { productId: archived.id });
    await catalogue.change('productPublish', { productId: shown.id });
    const hidden = [draft, waiting, archived];
    await catalogue.change('productRelationsReplace', {
      productId: shown.id,
      kind: 'UP_SELL',
      targets: hidden.map(({ id }) => ({ productId: id })),
    });
    return { typeCode, category, hidden, shown };
  };
  const everywhere = `query ($id: ID, $slug: String, $category: ID, $shown: ID, $filter: ProductFilter, $ids: [ID!], $skus: [String!], $refs: [_Any!]!) {
    byId: product(id: $id) { id } bySlug: product(slug: $slug) { id }
    products(filter: $filter) { nodes { id } totalCount }
    category(id: $category) { products { nodes { id } totalCount } }
    product(id: $shown) { relations { product { id } } }
    byIds: variants(ids: $ids) { id } bySkus: variants(skus: $skus) { id }
    _entities(representations: $refs) { __typename }
  }`;

  test('exists nowhere for those who do not write the catalogue', async () => {
    const { typeCode, category, hidden, shown } = await makeHidden();
    for (const product of hidden) {
      const {
        variants: [variant],
      } = (
        await catalogue.ask('query ($id: ID) { product(id: $id) { variants { id sku } } }', {
          id: product.id,
        })
      ).product;
      const variables = {
        id: product.id,
        slug: product.slug,
        category,
        shown: shown.id,
        filter: { typeCode, statuses: ['DRAFT', 'PUBLISHED', 'ARCHIVED'] },
        ids: [variant.id],
        skus: [variant.sku],
        refs: [
          { __typename: 'Product', id: product.id },
          { __typename: 'Product', slug: product.slug },
          { __typename: 'ProductVariant', id: variant.id },
          { __typename: 'ProductVariant', sku: variant.sku },
        ],
      };
      expect(await catalogue.ask(everywhere, variables, anonymous)).toEqual({
        byId: null,
        bySlug: null,
        products: { nodes: [{ id: shown.id }], totalCount: 1 },
        category: { products: { nodes: [{ id: shown.id }], totalCount: 1 } },
        product: { relations: [] },
        byIds: [null],
        bySkus: [null],
        _entities: [null, null, null, null],
      });
      const seen = await catalogue.ask(everywhere, variables, merchandiser);
      expect(seen).toMatchObject({
        byId: { id: product.id },
        bySlug: { id: product.id },
        products: { totalCount: 4 },
        category: { products: { totalCount: 4 } },
      });
      expect(seen.product.relations).toHaveLength(3);
      expect([...seen.byIds, ...seen.bySkus, ...seen._entities]).not.toContain(null);
    }
  });
  test('is listed for merchandisers by state, with drafts where they were created', async () => {
    const {
      typeCode,
      hidden: [draft, waiting, archived],
      shown,
    } = await makeHidden();
    const list = (statuses: string[], first = 10) =>
      walk({ filter: { typeCode, statuses }, first }, merchandiser);
    expect(await list(['DRAFT'])).toEqual([draft.id]);
    expect(await list(['PUBLISHED'])).toEqual([waiting.id, shown.id]);
    expect(await list(['ARCHIVED', 'DRAFT'], 1)).toEqual([archived.id, draft.id]);
    expect(await walk({ filter: { typeCode }, first: 1 }, merchandiser)).toEqual([
      waiting.id,
      shown.id,
      archived.id,
      draft.id,
    ]);
    expect(await list([])).toEqual([]);
    expect(await walk({ filter: { typeCode, statuses: ['DRAFT'] } })).toEqual([]);
  });
});

describe('statements', () => {
  const full = `query ($typeCode: String, $first: Int) { products(filter: { typeCode: $typeCode }, first: $first) { nodes {
    id slug name description media { url alt } variants { id sku name options { name value } product { id } } options { name values }
    categories { id name path { id name } } } } }`;

  test('a page with variants, pictures and category paths takes four, whatever its size', async () => {
    const typeCode = await makeType(catalogue);
    const [left, right] = [
      await makeCategory(catalogue, await makeCategory(catalogue)),
      await makeCategory(catalogue),
    ];
    for (let index = 0; index < 30; index += 1)
      await makePublished(catalogue, { typeCode, categoryIds: index % 2 ? [left] : [right, left] });
    for (const first of [1, 24, 30]) {
      const { data, statements } = await catalogue.execute(full, { typeCode, first });
      expect(data.products.nodes).toHaveLength(first);
      expect(statements).toBeLessThanOrEqual(4);
    }
    const plain = await catalogue.execute('{ products { nodes { id } } }');
    expect(plain.statements).toBe(1);
    expect((await catalogue.execute('{ products { totalCount nodes { id } } }')).statements).toBe(2);
  });

  test('500 mixed references take one for each type, and answer in order', async () => {
    const typeCode = await makeType(catalogue);
    const products: Answer[] = [];
    for (let index = 0; index < 5; index += 1) products.push(await makePublished(catalogue, { typeCode }));
    const old = products[0]?.slug;
    await catalogue.change('productUpdate', { productId: products[0]?.id, slug: word('moved') });
    const category = await makeCategory(catalogue);
    const {
      category: { slug },
    } = await catalogue.ask('query ($id: ID) { category(id: $id) { slug } }', { id: category });
    const { data } = await catalogue.execute('{ products(first: 5) { nodes { id variants { id sku } } } }');
    const [variant] = data.products.nodes[0].variants;
    const kinds: [object, object | null][] = [
      [{ __typename: 'Product', id: products[1].id }, { id: products[1].id }],
      [{ __typename: 'Product', slug: products[2].slug }, { id: products[2].id }],
      [{ __typename: 'Product', slug: old }, { id: products[0].id }],
      [{ __typename: 'ProductVariant', id: variant.id }, { sku: variant.sku }],
      [{ __typename: 'ProductVariant', sku: variant.sku.toLowerCase() }, { sku: variant.sku }],
      [{ __typename: 'Category', id: category }, { slug }],
      [{ __typename: 'Category', slug }, { slug }],
      [{ __typename: 'Product', id: '018f0000-0000-7000-8000-000000000001' }, null],
      [{ __typename: 'Product', id: 'nonsense' }, null],
      [{ __typename: 'ProductVariant', sku: 'nothing\u0000' }, null],
    ];
    const asked = Array.from(
      { length: 500 },
      (_each, index) => kinds[(index * 7) % kinds.length] ?? [{}, null],
    );
    const answer = await catalogue.execute(
      'query ($refs: [_Any!]!) { _entities(representations: $refs) { ... on Product { id } ... on ProductVariant { sku } ... on Category { slug } } }',
      { refs: asked.map(([reference]) => reference) },
    );
    expect(answer.data._entities).toEqual(asked.map(([, expected]) => expected));
    expect(answer.statements).toBe(3);
  });

  test('lists of many categories take one', async () => {
    const root = await makeCategory(catalogue);
    for (let index = 0; index < 5; index += 1) await makeCategory(catalogue, root);
    const { statements } = await catalogue.execute(
      'query ($id: ID) { category(id: $id) { children { products(first: 4) { nodes { id } } } } }',
      { id: root },
    );
    expect(statements).toBe(3);
  });
});

test.each([
  ['both', { id: 'a', slug: 'b' }],
  ['neither', {}],
])('product and category refuse %s of id and slug', async (_case, variables) => {
  for (const field of ['product', 'category']) {
    const { errors } = await catalogue.execute(
      `query ($id: ID, $slug: String) { ${field}(id: $id, slug: $slug) { id } }`,
      variables,
    );
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  }
});
test('what nobody can have made finds nothing', async () => {
  for (const slug of ['\u0000', '', 'x'.repeat(10_000), "'; drop table products; --"]) {
    expect(
      await catalogue.ask(
        'query ($slug: String) { product(slug: $slug) { id } category(slug: $slug) { id } }',
        { slug },
        anonymous,
      ),
    ).toEqual({ product: null, category: null });
    expect(
      await catalogue.ask(
        'query ($id: ID) { product(id: $id) { id } category(id: $id) { id } }',
        { id: slug },
        anonymous,
      ),
    ).toEqual({ product: null, category: null });
  }
});
