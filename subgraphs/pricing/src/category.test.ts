import { randomUUID } from 'node:crypto';
import type { Fact } from '@storegraph/events';
import type { Viewer } from '@storegraph/server';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { customer, merchandiser } from './pricing-fixture.ts';
import { cartOf, openPromotions, type TestPromotions } from './promotion-fixture.ts';

/** Promotions and taxes by the catalogue's categories: what merchandisers think in. */

let shop: TestPromotions;
let listCode: string;
beforeAll(async () => {
  shop = await openPromotions();
  listCode = await shop.list();
});
afterAll(() => shop.stop());

const tell = async (...facts: Fact[]) => {
  await shop.catalogue.publish(facts);
  await shop.told();
};
const planted = (
  type: 'product.category_created' | 'product.category_moved',
  id: string,
  parent?: string,
): Fact => ({
  ...{ type, aggregateId: id, data: { categoryId: id, parentId: parent ?? null } },
});
/** Categories, each right below the one before. */
const chain = async (count: number): Promise<string[]> => {
  const ids = Array.from({ length: count }, () => randomUUID());
  await tell(...ids.map((id, place) => planted('product.category_created', id, ids[place - 1])));
  return ids;
};
const places = (productId: string, categoryIds?: readonly string[]) =>
  tell({
    ...{ type: 'product.updated', aggregateId: productId },
    data: {
      productId,
      version: 2,
      changed: ['categories'],
      ...(categoryIds ? { categoryIds: [...categoryIds] } : {}),
    },
  });
/** A variant for 10.00 whose product stands there. */
const standingIn = async (...categoryIds: string[]) => {
  const variant = await shop.priced(listCode, 1_000);
  await places(variant.productId, categoryIds);
  return variant;
};
const quoteOf = (ids: readonly string[], me: Viewer = customer(), more: object = {}) =>
  shop.quote(
    cartOf(
      me,
      ids.map((id) => [id, 1]),
      more,
    ),
    me,
  );

describe('a promotion on a category', () => {
  const tenOff = (categoryIds: readonly string[]) =>
    shop.promotion({ percentOff: { basisPoints: 1_000 } }, { conditions: { categoryIds } });
  const offOf = async (...ids: string[]) => (await quoteOf(ids)).discount.amountMinor;

  test('is about what stands in it or below it, and about nothing else', async () => {
    const [root = '', middle = '', leaf = ''] = await chain(3);
    const [above, inside, below] = [await standingIn(root), await standingIn(middle), await standingIn(leaf)];
    const nowhere = await standingIn();
    await tenOff([middle]);
    const quote = await quoteOf([above.id, inside.id, below.id, nowhere.id]);
    const discounts = quote.lines.map(
      (line: { discount: { amountMinor: number } }) => line.discount.amountMinor,
    );
    expect(discounts).toEqual([0, 100, 100, 0]);
  });

  test('follows its products and its branch where they go', async () => {
    const [root = '', leaf = ''] = await chain(2);
    const [elsewhere = ''] = await chain(1);
    const { id, productId } = await standingIn(leaf);
    await tenOff([root]);
    expect(await offOf(id)).toBe(100);
    await tell(planted('product.category_moved', leaf, elsewhere));
    expect(await offOf(id)).toBe(0);
    await tell(planted('product.category_moved', leaf, root));
    expect(await offOf(id)).toBe(100);
    // Another change of the product leaves it where it is.
    await places(productId);
    expect(await offOf(id)).toBe(100);
    await places(productId, []);
    expect(await offOf(id)).toBe(0);
    await places(productId, [elsewhere, root]);
    expect(await offOf(id)).toBe(100);
    await tell({ type: 'product.category_removed', aggregateId: root, data: { categoryId: root } });
    expect(await offOf(id)).toBe(0);
  });

  test('is read as it was saved, with variants and products beside', async () => {
    const [category = ''] = await chain(1);
    const variant = await standingIn(category);
    const other = await standingIn();
    const conditions = { categoryIds: [category], variantIds: [other.id] };
    const id = await shop.promotion({ percentOff: { basisPoints: 1_000 } }, { conditions });
    const query = `query ($id: ID!) { promotion(id: $id) {
      conditions { variantIds productIds categoryIds } } }`;
    expect((await shop.ask(query, { id }, merchandiser)).promotion).toEqual({
      conditions: { ...conditions, productIds: null },
    });
    expect(await offOf(variant.id, other.id)).toBe(200);
  });
});

describe('a tax on a category', () => {
  const taxCategoryOf = async (id: string): Promise<number> =>
    (await quoteOf([id], customer(), { region: 'AT' })).taxes[0].rateMillionths;
  const taxAs = (categoryId: string, taxCategory?: string) =>
    shop.change('categoryTaxSet', { categoryId, taxCategory });
  const rates = { standard: 200_000, books: 100_000, food: 130_000, wine: 50_000 };
  beforeAll(async () => {
    const validFrom = '2026-01-01T00:00:00.000Z';
    await shop.change('taxRatesSet', {
      rates: Object.entries(rates).map(([category, rateMillionths]) => ({
        ...{ region: 'AT', name: 'USt', category, rateMillionths, validFrom },
      })),
    });
  });

  test('holds for all below it, unless a nearer category or the SKU says otherwise', async () => {
    const [root = '', middle = '', leaf = ''] = await chain(3);
    const { id, sku } = await standingIn(leaf);
    expect(await taxCategoryOf(id)).toBe(rates.standard);
    expect(await taxAs(root, 'food')).toEqual({
      ...{ __typename: 'CategoryTaxSet', categoryId: root, taxCategory: 'food' },
    });
    expect(await taxCategoryOf(id)).toBe(rates.food);
    await taxAs(middle, 'wine');
    expect(await taxCategoryOf(id)).toBe(rates.wine);
    await shop.change('taxCategoriesSet', { lines: [{ sku, category: 'books' }] });
    expect(await taxCategoryOf(id)).toBe(rates.books);
    await shop.change('taxCategoriesSet', { lines: [{ sku }] });
    await taxAs(middle);
    expect(await taxCategoryOf(id)).toBe(rates.food);
    const { categoryTaxes } = await shop.ask(
      '{ categoryTaxes { categoryId taxCategory } }',
      {},
      merchandiser,
    );
    expect(categoryTaxes).toEqual([{ categoryId: root, taxCategory: 'food' }]);
    await taxAs(root);
    expect(await taxCategoryOf(id)).toBe(rates.standard);
  });

  test('of several is that of the nearest, and of two as near that of the one its product names first', async () => {
    const [far = '', near = ''] = [await chain(2), await chain(1)].map((ids) => ids.at(-1));
    const [top = '', low = ''] = await chain(2);
    await taxAs(top, 'food');
    await taxAs(near, 'wine');
    await taxAs(far, 'books');
    expect(await taxCategoryOf((await standingIn(low, near)).id)).toBe(rates.wine);
    expect(await taxCategoryOf((await standingIn(near, far)).id)).toBe(rates.wine);
    expect(await taxCategoryOf((await standingIn(far, near)).id)).toBe(rates.books);
  });

  test('that is in no catalogue is not set, nor by who may not', async () => {
    const [categoryId = ''] = await chain(1);
    for (const unknown of [randomUUID(), 'nonsense'])
      expect(await taxAs(unknown, 'food')).toMatchObject({ __typename: 'CategoryNotFound' });
    expect(await taxAs('x\u0000', 'food')).toMatchObject({ problems: [{ path: ['categoryId'] }] });
    const { errors } = await shop.run('categoryTaxSet', { categoryId, taxCategory: 'food' }, customer());
    expect(errors?.[0].extensions.code).toBe('FORBIDDEN');
    expect(await taxAs(categoryId, 'No')).toMatchObject({ problems: [{ path: ['taxCategory'] }] });
  });
});

test('a circle that only a lie could tell holds nobody up', async () => {
  const [one = '', other = ''] = await chain(2);
  const { id } = await standingIn(other);
  await shop.db.execute(sql`update categories set parent_id = ${other} where category_id = ${one}`);
  expect((await quoteOf([id])).lines).toMatchObject([{ isAvailable: true }]);
});
