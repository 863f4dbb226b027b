import { randomUUID } from 'node:crypto';
import type { Viewer } from '@storegraph/server';
import { actsWhile, key } from '@storegraph/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPricing } from './pricing-fixture.ts';

/** What staff do to prices is told, for the audit log. */

let shop: Awaited<ReturnType<typeof openPricing>>;
beforeAll(async () => {
  shop = await openPricing();
});
afterAll(() => shop.stop());

const importer: Viewer = { kind: 'service', id: 'importer', scopes: new Set(['price:write']) };

test('a change is told once, with the customer it is about, and its repeat is not', async () => {
  const customerId = randomUUID();
  const input = { idempotencyKey: key(), customerId, group: null };
  const acts = await actsWhile(shop.log, async () => {
    await shop.change('customerGroupAssign', input);
    await shop.change('customerGroupAssign', input);
  });
  expect(acts).toEqual([
    {
      ...{ by: 'tester', operation: 'customerGroupAssign', outcome: 'CustomerGroupAssigned' },
      on: { customerId },
    },
  ]);
});

test('refusals are told too, by the codes they name, of promotions as of lists', async () => {
  const acts = await actsWhile(shop.log, async () => {
    await shop.change('priceListRemove', { code: 'NOWHERE' });
    await shop.change('couponWithdraw', { code: 'NO-SUCH-CODE' });
  });
  expect(acts).toMatchObject([
    { operation: 'priceListRemove', outcome: 'PriceListNotFound', on: { code: 'NOWHERE' } },
    { operation: 'couponWithdraw', outcome: 'CouponNotFound', on: { code: 'NO-SUCH-CODE' } },
  ]);
});

test('what a service does is not told', async () => {
  const work = () => shop.run('customerGroupSave', { code: 'vip', name: 'VIP' }, importer);
  expect(await actsWhile(shop.log, work)).toEqual([]);
});
