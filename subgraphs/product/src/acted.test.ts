import type { Viewer } from '@storegraph/server';
import { actsWhile, key } from '@storegraph/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Catalogue, openCatalogue, word } from './product-fixture.ts';

/** What staff do to the catalogue is told, for the audit log. */

let catalogue: Catalogue;
beforeAll(async () => {
  catalogue = await openCatalogue();
});
afterAll(() => catalogue.stop());

const importer: Viewer = { kind: 'service', id: 'importer', scopes: new Set(['catalogue:write']) };
const newCategory = () => ({ idempotencyKey: key(), names: [{ locale: 'en', text: word('Boots') }] });

test('a change is told once, by ids alone, and its repeat is not', async () => {
  const input = newCategory();
  let categoryId = '';
  const acts = await actsWhile(catalogue.log, async () => {
    const made = await catalogue.change('categoryCreate', input);
    categoryId = made.category.id;
    expect(await catalogue.change('categoryCreate', input)).toEqual(made);
  });
  expect(acts).toEqual([
    { by: 'tester', operation: 'categoryCreate', outcome: 'CategoryCreated', on: { categoryId } },
  ]);
});

test('a refusal is told too, and input that was never taken is not', async () => {
  const productId = '018f0000-0000-7000-8000-000000000001';
  const acts = await actsWhile(catalogue.log, async () => {
    await catalogue.change('productPublish', { productId });
    await catalogue.change('productPublish', { productId, idempotencyKey: 'short' });
  });
  expect(acts).toEqual([
    { by: 'tester', operation: 'productPublish', outcome: 'ProductNotFound', on: { productId } },
  ]);
});

test('what a service does is not told', async () => {
  const work = () => catalogue.change('categoryCreate', newCategory(), importer);
  expect(await actsWhile(catalogue.log, work)).toEqual([]);
});
