import { randomUUID } from 'node:crypto';
import type { Viewer } from '@storegraph/server';
import { staff } from '@storegraph/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cartService, customer, openPricing, representation, type TestPricing } from './pricing-fixture.ts';

/** What a price is for whom, where and in what, through the graph. */

let shop: TestPricing;
beforeAll(async () => {
  shop = await openPricing();
});
afterAll(() => shop.stop());

const eur = (amountMinor: number) => ({ amountMinor, currency: 'EUR' });

describe('a price', () => {
  test('says which list it comes from, from which quantity on, and what more would cost', async () => {
    const listCode = await shop.list({ name: 'Retail', includesTax: true });
    const { id } = await shop.priced(
      listCode,
      { amountMinor: 1_999, compareAtMinor: 2_499 },
      { amountMinor: 1_799, minQuantity: 10 },
    );
    const { prices } = await shop.prices([id]);
    expect(prices).toEqual([
      {
        amount: eur(1_999),
        compareAt: eur(2_499),
        includesTax: true,
        minQuantity: 1,
        tiers: [{ minQuantity: 10, amount: eur(1_799) }],
        listCode,
        listName: 'Retail',
        customerGroup: null,
        isScheduled: false,
        conversion: null,
        nextChangeAt: null,
      },
    ]);
    expect((await shop.prices([id], { quantity: 12 })).prices).toMatchObject([
      { amount: eur(1_799), minQuantity: 10, tiers: [] },
    ]);
  });

  test('is null where nobody has priced it, and for an id that is none', async () => {
    const [variant] = await shop.variants();
    const { prices } = await shop.prices([variant?.id ?? '', randomUUID(), 'nonsense']);
    expect(prices).toEqual([null, null, null]);
  });

  test('is another for each region', async () => {
    const everywhere = await shop.list();
    const swiss = await shop.list({ regions: ['CH', 'LI'] });
    const { id, sku } = await shop.priced(everywhere, 1_000);
    await shop.change('pricesSet', { listCode: swiss, lines: [{ sku, amountMinor: 1_200 }] });
    expect((await shop.prices([id], { region: 'CH' })).prices).toMatchObject([{ listCode: swiss }]);
    expect((await shop.prices([id], { region: 'DE' })).prices).toMatchObject([{ listCode: everywhere }]);
  });

  test('is converted from the base currency, by the rate that holds and the rule of the currency', async () => {
    const listCode = await shop.list();
    const { id } = await shop.priced(listCode, { amountMinor: 1_000, compareAtMinor: 1_500 });
    expect((await shop.prices([id], { currency: 'CHF' })).prices).toEqual([null]);
    const [earlier, later] = ['2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'];
    await shop.change('exchangeRatesSet', { validFrom: later, rates: [{ currency: 'CHF', rate: '0.9372' }] });
    await shop.change('exchangeRatesSet', { validFrom: earlier, rates: [{ currency: 'CHF', rate: '0.5' }] });
    await shop.change('roundingRuleSet', { currency: 'CHF', stepMinor: 5 });
    expect((await shop.prices([id], { currency: 'CHF' })).prices).toMatchObject([
      {
        amount: { amountMinor: 935, currency: 'CHF' },
        compareAt: { amountMinor: 1_405, currency: 'CHF' },
        listCode,
        conversion: { from: eur(1_000), rate: '0.9372', rateFrom: later },
      },
    ]);
  });

  test.each([0, -1, 1_000_001])('is told for no quantity of %i', async (quantity) => {
    await expect(shop.prices([randomUUID()], { quantity })).rejects.toThrow('quantity must be 1 to 1000000');
  });

  test('of a variant that the catalogue removes is gone', async () => {
    const { id, sku, productId } = await shop.priced(await shop.list(), 500);
    const facts = await shop.factsOf(async () => {
      const data = { variantId: id, productId, sku };
      await shop.catalogue.publish([{ type: 'product.variant_removed', aggregateId: id, data }]);
      await shop.told();
    });
    expect(facts).toEqual([{ type: 'pricing.price_changed', variantId: id }]);
    expect((await shop.prices([id])).prices).toEqual([null]);
    expect(await shop.broken()).toEqual({});
  });
});

describe('a group price', () => {
  test('is seen by members of the group alone, from when they are in it until they leave', async () => {
    const group = `G${randomUUID().slice(0, 8).toUpperCase()}`;
    await shop.change('customerGroupSave', { code: group, name: 'Trade' });
    const [retail, trade] = [await shop.list(), await shop.list({ customerGroup: group })];
    const { id, sku } = await shop.priced(retail, 1_000);
    await shop.change('pricesSet', { listCode: trade, lines: [{ sku, amountMinor: 800 }] });
    const customerId = randomUUID();
    const ada = customer(customerId);
    const seenBy = async (viewer?: Viewer) =>
      (await shop.prices([id], { viewer })).prices[0].amount.amountMinor;

    expect(await seenBy(ada)).toBe(1_000);
    const facts = await shop.factsOf(() => shop.change('customerGroupAssign', { customerId, group }));
    expect(facts).toEqual([{ type: 'pricing.customer_group_changed', customerId, group }]);
    expect(await seenBy(ada)).toBe(800);
    expect([await seenBy(), await seenBy(customer()), await seenBy(staff('price:write'))]).toEqual([
      1_000, 1_000, 1_000,
    ]);
    await shop.change('customerGroupAssign', { customerId });
    expect(await seenBy(ada)).toBe(1_000);
  });

  test('needs a group that is there', async () => {
    const missing = { __typename: 'CustomerGroupNotFound', code: 'NOBODY' };
    expect(
      await shop.change('priceListSave', {
        ...{ code: 'X', name: 'X', currency: 'EUR', includesTax: true, customerGroup: 'NOBODY' },
      }),
    ).toMatchObject(missing);
    expect(
      await shop.change('customerGroupAssign', { customerId: randomUUID(), group: 'NOBODY' }),
    ).toMatchObject(missing);
  });
});

describe('500 variants', () => {
  test('are priced by one statement, whatever is asked of each, in the order asked', async () => {
    const listCode = await shop.list();
    const variants = await shop.variants(500);
    await shop.change('pricesSet', {
      listCode,
      lines: variants.map(({ sku }, at) => ({ sku, amountMinor: 1_000 + at })),
    });
    await shop.change('exchangeRatesSet', {
      validFrom: '2026-01-01T00:00:00Z',
      rates: [{ currency: 'JPY', rate: '160' }],
    });
    const query = `query ($ids: [_Any!]!) { _entities(representations: $ids) { ... on ProductVariant {
      plain: price(region: DE, currency: EUR) { amount { amountMinor } }
      many: price(region: DE, currency: EUR, quantity: 50) { amount { amountMinor } }
      swiss: price(region: CH, currency: JPY) { amount { amountMinor currency } } } } }`.replace(
      /region: (\w\w), currency: (\w{3})/g,
      'region: "$1", currency: "$2"',
    );
    const { data, statements } = await shop.execute(
      query,
      { ids: variants.map(({ id }) => representation(id)) },
      customer(),
    );
    expect(statements).toBe(1);
    expect(data._entities).toHaveLength(500);
    for (const [at, { plain, many, swiss }] of data._entities.entries()) {
      expect([plain.amount.amountMinor, many.amount.amountMinor]).toEqual([1_000 + at, 1_000 + at]);
      expect(swiss.amount).toEqual({ amountMinor: Math.round((1_000 + at) * 1.6), currency: 'JPY' });
    }
  });
});

describe('the prices another subgraph asks for', () => {
  const query = `query ($variantIds: [ID!]!, $quantities: [Int!], $ownerKind: String, $ownerId: ID) {
    variantPrices(variantIds: $variantIds, region: "DE", currency: "EUR", quantities: $quantities,
      ownerKind: $ownerKind, ownerId: $ownerId) { variantId price { amountMinor } compareAt { amountMinor } includesTax } }`;

  test('are the owner’s, for the quantities asked, in their order and by one statement', async () => {
    const group = `G${randomUUID().slice(0, 8).toUpperCase()}`;
    await shop.change('customerGroupSave', { code: group, name: 'Trade' });
    const [retail, trade] = [
      await shop.list(),
      await shop.list({ customerGroup: group, includesTax: false }),
    ];
    const one = await shop.priced(retail, 1_000, { amountMinor: 900, minQuantity: 5 });
    const other = await shop.priced(retail, 2_000);
    await shop.change('pricesSet', { listCode: trade, lines: [{ sku: other.sku, amountMinor: 1_500 }] });
    const ownerId = randomUUID();
    await shop.change('customerGroupAssign', { customerId: ownerId, group });

    const asked = { variantIds: [other.id, randomUUID(), one.id], quantities: [1, 1, 5] };
    const { data, statements } = await shop.execute(
      query,
      { ...asked, ownerKind: 'customer', ownerId },
      cartService,
    );
    expect(data.variantPrices).toMatchObject([
      { variantId: other.id, price: { amountMinor: 1_500 }, includesTax: false },
      { price: null, compareAt: null },
      { variantId: one.id, price: { amountMinor: 900 }, includesTax: true },
    ]);
    expect(statements).toBe(1);
    const guest = await shop.ask(query, { ...asked, ownerKind: 'guest', ownerId }, cartService);
    expect(guest.variantPrices[0].price).toEqual({ amountMinor: 2_000 });
  });

  test('are for services alone, and bounded', async () => {
    for (const viewer of [undefined, customer(), staff('price:write')]) {
      const { errors } = await shop.execute(query, { variantIds: [randomUUID()] }, viewer);
      expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    }
    const tooMany = Array.from({ length: 501 }, () => randomUUID());
    await expect(shop.ask(query, { variantIds: tooMany }, cartService)).rejects.toThrow('at most 500');
    const uneven = { variantIds: [randomUUID()], quantities: [1, 2] };
    await expect(shop.ask(query, uneven, cartService)).rejects.toThrow('one number for each');
  });
});
