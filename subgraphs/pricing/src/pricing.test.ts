import { randomUUID } from 'node:crypto';
import { key, staff } from '@storegraph/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { customer, openPricing, type TestPricing } from './pricing-fixture.ts';

/** What merchandisers may write, and how each mutation can end. */

let shop: TestPricing;
beforeAll(async () => {
  shop = await openPricing();
});
afterAll(() => shop.stop());

const eur = (amountMinor: number) => ({ amountMinor, currency: 'EUR' });
const inputOf = (fields: object = {}) => ({
  ...{
    code: `L${randomUUID().slice(0, 8).toUpperCase()}`,
    name: 'A list',
    currency: 'EUR',
    includesTax: true,
  },
  ...fields,
});

describe('priceListSave', () => {
  test('makes a list, changes it by its code, and tells of both', async () => {
    const input = inputOf({ regions: ['DE', 'AT', 'DE'], startsAt: '2026-01-01T00:00:00Z' });
    const facts = await shop.factsOf(async () => {
      expect(await shop.change('priceListSave', input)).toMatchObject({
        priceList: { code: input.code, regions: ['AT', 'DE'], priority: 100, isActive: true, version: 1 },
      });
      expect(await shop.change('priceListSave', { ...input, priority: 5, expectedVersion: 1 })).toMatchObject(
        {
          priceList: { priority: 5, version: 2 },
        },
      );
    });
    expect(facts).toEqual(Array(2).fill({ type: 'pricing.price_list_changed', code: input.code }));
  });

  test('changes nothing for who has read another version, nor a list that is not there', async () => {
    const code = await shop.list();
    expect(await shop.change('priceListSave', inputOf({ code, expectedVersion: 7 }))).toMatchObject({
      ...{ __typename: 'VersionConflict', expected: 7, actual: 1 },
    });
    expect(await shop.change('priceListSave', inputOf({ expectedVersion: 1 }))).toMatchObject({
      ...{ __typename: 'VersionConflict', expected: 1, actual: 0 },
    });
  });

  test('lets the currency be while there are prices, and the key with the caller', async () => {
    const code = await shop.list();
    await shop.priced(code, 100);
    const idempotencyKey = key();
    expect(
      await shop.change('priceListSave', inputOf({ code, currency: 'USD', idempotencyKey })),
    ).toMatchObject({
      problems: [{ path: ['currency'], message: expect.stringContaining('must stay EUR') }],
    });
    expect(await shop.change('priceListSave', inputOf({ code, idempotencyKey }))).toMatchObject({
      __typename: 'PriceListSaved',
    });
  });

  test('made by two at once is one list', async () => {
    const input = inputOf();
    const both = await Promise.all(
      [1, 2].map((priority) => shop.change('priceListSave', { ...input, priority })),
    );
    expect(both.map(({ priceList }) => priceList.id)).toEqual(Array(2).fill(both[0].priceList.id));
  });

  test.each([
    [{ code: 'lower' }, 'code'],
    [{ name: ' ' }, 'name'],
    [{ regions: [] }, 'regions'],
    [{ priority: 1_001 }, 'priority'],
    [{ startsAt: '2026-02-01T00:00:00Z', endsAt: '2026-02-01T00:00:00Z' }, 'endsAt'],
  ])('refuses %j', async (fields, path) => {
    expect(await shop.change('priceListSave', inputOf(fields))).toMatchObject({
      problems: [{ path: [path] }],
    });
  });
});

describe('priceListRemove', () => {
  test('takes the prices with it', async () => {
    const listCode = await shop.list();
    const { id } = await shop.priced(listCode, 100, { amountMinor: 90, minQuantity: 5 });
    const facts = await shop.factsOf(async () => {
      const removed = await shop.change('priceListRemove', { code: listCode });
      expect(removed).toMatchObject({ __typename: 'PriceListRemoved', code: listCode, prices: 2 });
    });
    expect(facts).toEqual([{ type: 'pricing.price_list_changed', code: listCode }]);
    expect((await shop.prices([id])).prices).toEqual([null]);
    expect(await shop.change('priceListRemove', { code: listCode })).toMatchObject({
      __typename: 'PriceListNotFound',
    });
  });
});

describe('pricesSet', () => {
  test('writes 10,000 prices at once, tells of each variant that changed, and repeats nothing', async () => {
    const listCode = await shop.list();
    const variants = await shop.variants(5_000);
    const lines = variants.flatMap(({ sku }, at) => [
      { sku, amountMinor: 1_000 + at },
      { sku, amountMinor: 900, minQuantity: 10 },
    ]);
    const input = { listCode, lines, idempotencyKey: key() };
    const facts = await shop.factsOf(async () => {
      const first = await shop.change('pricesSet', input);
      expect(first).toMatchObject({ __typename: 'PricesSet', changed: 10_000, unchanged: 0 });
      expect(await shop.change('pricesSet', input)).toEqual(first);
    });
    expect(facts).toHaveLength(5_000);
    expect(new Set(facts.map(({ variantId }) => variantId))).toEqual(new Set(variants.map(({ id }) => id)));

    const [one] = variants;
    const again = lines.map((line) => (line.sku === one?.sku ? { ...line, amountMinor: 50 } : line));
    const later = await shop.factsOf(async () =>
      expect(await shop.change('pricesSet', { listCode, lines: again })).toMatchObject({
        ...{ changed: 2, unchanged: 9_998 },
      }),
    );
    expect(later).toEqual([{ type: 'pricing.price_changed', variantId: one?.id }]);
  }, 30_000);

  test('writes nothing where a line names what is not there, and says which', async () => {
    const listCode = await shop.list();
    const [variant] = await shop.variants();
    const { id = '', sku = '' } = variant ?? {};
    const lines = [sku, 'NOT-THERE', 'NOR-THIS'].map((each) => ({ sku: each, amountMinor: 100 }));
    const facts = await shop.factsOf(async () =>
      expect(await shop.change('pricesSet', { listCode, lines })).toMatchObject({
        __typename: 'SkusNotFound',
        lines: [
          { index: 1, sku: 'NOT-THERE' },
          { index: 2, sku: 'NOR-THIS' },
        ],
      }),
    );
    expect(facts).toEqual([]);
    expect((await shop.prices([id])).prices).toEqual([null]);
  });

  test('finds SKUs as the catalogue compares them, and takes a price away', async () => {
    const listCode = await shop.list();
    const { id, sku } = await shop.priced(listCode, 100);
    const lower = sku.toLowerCase();
    expect(
      await shop.change('pricesSet', { listCode, lines: [{ sku: lower, amountMinor: 100 }] }),
    ).toMatchObject({
      unchanged: 1,
    });
    const takeAway = { listCode, lines: [{ sku: lower, amountMinor: null }] };
    expect(await shop.change('pricesSet', takeAway)).toMatchObject({ changed: 1 });
    expect((await shop.prices([id])).prices).toEqual([null]);
    expect(await shop.change('pricesSet', takeAway)).toMatchObject({ changed: 0, unchanged: 1 });
  });

  test('names every wrong line', async () => {
    const lines = [
      { sku: 'A', amountMinor: -1 },
      { sku: 'B', amountMinor: 100, compareAtMinor: 100 },
      { sku: 'C', amountMinor: 100, minQuantity: 0 },
      { sku: 'D', amountMinor: 1_000_000_000_001 },
      { sku: 'E', amountMinor: 1, startsAt: '2027-01-02T00:00:00Z', endsAt: '2027-01-01T00:00:00Z' },
    ];
    const { problems } = await shop.change('pricesSet', { listCode: 'X', lines });
    expect(problems.map(({ path }: { path: string[] }) => path.join('.'))).toEqual([
      ...['lines.0.amountMinor', 'lines.1.compareAtMinor', 'lines.2.minQuantity', 'lines.3.amountMinor'],
      'lines.4.endsAt',
    ]);
    const twice = ['F', 'f'].map((sku) => ({ sku, amountMinor: 1 }));
    expect(await shop.change('pricesSet', { listCode: 'X', lines: twice })).toMatchObject({
      problems: [{ path: ['lines', '1', 'sku'] }],
    });
    const many = Array.from({ length: 10_001 }, (_, at) => ({ sku: `S${at}`, amountMinor: 1 }));
    expect(await shop.change('pricesSet', { listCode: 'X', lines: many })).toMatchObject({
      problems: [{ path: ['lines'] }],
    });
  });

  test('by two at once leaves one of both, whole', async () => {
    const listCode = await shop.list();
    const variants = await shop.variants(50);
    const write = (amountMinor: number, skus: string[]) =>
      shop.change('pricesSet', { listCode, lines: skus.map((sku) => ({ sku, amountMinor })) });
    const skus = variants.map(({ sku }) => sku);
    await Promise.all([write(100, skus), write(200, skus.toReversed()), write(300, skus)]);
    const { prices } = await shop.prices(variants.map(({ id }) => id));
    expect(new Set(prices.map(({ amount }) => amount.amountMinor)).size).toBe(1);
    expect(await shop.broken()).toEqual({});
  });
});

describe('priceSchedule', () => {
  test('writes a price beside the standing one', async () => {
    const listCode = await shop.list();
    const { id: variantId } = await shop.priced(listCode, 1_000);
    const [startsAt, endsAt] = ['2126-01-01T00:00:00.000Z', '2126-01-08T00:00:00.000Z'];
    const scheduled = { listCode, variantId, amountMinor: 800, compareAtMinor: 1_000, startsAt, endsAt };
    expect(await shop.change('priceSchedule', scheduled)).toMatchObject({
      __typename: 'PriceScheduled',
      writtenPrices: [
        { amount: eur(1_000), startsAt: null },
        { amount: eur(800), compareAt: eur(1_000), startsAt, endsAt },
      ],
    });
    expect((await shop.prices([variantId])).prices).toMatchObject([
      { amount: eur(1_000), nextChangeAt: startsAt },
    ]);
  });

  test('needs a variant and a list', async () => {
    const listCode = await shop.list();
    const fields = { amountMinor: 1, startsAt: '2126-01-01T00:00:00Z' };
    for (const variantId of [randomUUID(), 'nonsense']) {
      expect(await shop.change('priceSchedule', { ...fields, listCode, variantId })).toMatchObject({
        ...{ __typename: 'VariantNotFound', variantId },
      });
    }
    expect(await shop.change('priceSchedule', { ...fields, listCode, variantId: 'x\u0000' })).toMatchObject({
      problems: [{ path: ['variantId'] }],
    });
    expect(
      await shop.change('priceSchedule', { ...fields, listCode: 'NONE', variantId: randomUUID() }),
    ).toMatchObject({ __typename: 'PriceListNotFound', code: 'NONE' });
  });
});

describe('exchangeRatesSet and roundingRuleSet', () => {
  test('tell of what has changed, and keep earlier rates', async () => {
    const rates = [
      { currency: 'USD', rate: '1.0842' },
      { currency: 'GBP', rate: '0.86' },
    ];
    const set = (validFrom: string, given: object[]) =>
      shop.change('exchangeRatesSet', { validFrom, rates: given });
    const facts = await shop.factsOf(async () => {
      await set('2026-03-01T00:00:00Z', rates);
      await set('2026-03-01T00:00:00Z', [{ currency: 'USD', rate: '1.10' }, rates[1] ?? {}]);
      const { exchangeRates } = await set('2026-02-01T00:00:00Z', rates);
      expect(exchangeRates).toEqual([
        { base: 'EUR', currency: 'GBP', rate: '0.86', validFrom: '2026-03-01T00:00:00.000Z' },
        { base: 'EUR', currency: 'USD', rate: '1.1', validFrom: '2026-03-01T00:00:00.000Z' },
      ]);
    });
    expect(facts.map(({ currency }) => currency)).toEqual(['USD', 'GBP', 'USD', 'USD', 'GBP']);
    expect(
      await shop.factsOf(() => shop.change('roundingRuleSet', { currency: 'CHF', stepMinor: 5 })),
    ).toEqual([{ type: 'pricing.rounding_rule_changed', currency: 'CHF' }]);
  });

  test.each([
    [[{ currency: 'EUR', rate: '1' }], 'rates.0.currency'],
    [[{ currency: 'USD', rate: '-1' }], 'rates.0.rate'],
    [[{ currency: 'USD', rate: '1e9' }], 'rates.0.rate'],
    [
      [
        { currency: 'USD', rate: '1' },
        { currency: 'USD', rate: '2' },
      ],
      'rates.1.currency',
    ],
  ])('refuse %j', async (rates, path) => {
    const outcome = await shop.change('exchangeRatesSet', { validFrom: '2026-01-01T00:00:00Z', rates });
    expect(outcome.problems.map((problem: { path: string[] }) => problem.path.join('.'))).toEqual([path]);
  });

  test('refuse an ending that no step has room for', async () => {
    const outcome = await shop.change('roundingRuleSet', { currency: 'CHF', stepMinor: 5, endingMinor: 5 });
    expect(outcome).toMatchObject({ problems: [{ path: ['endingMinor'] }] });
  });
});

test('the same key with another input does nothing', async () => {
  const idempotencyKey = key();
  await shop.change('priceListSave', inputOf({ idempotencyKey }));
  expect(await shop.change('priceListSave', inputOf({ idempotencyKey }))).toMatchObject({
    __typename: 'IdempotencyConflict',
  });
});

test('nobody writes or reads lists without the scope', async () => {
  for (const viewer of [customer(), staff('catalogue:write')]) {
    const { errors } = await shop.run('priceListSave', inputOf(), viewer);
    expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    for (const query of [
      '{ priceLists { code } }',
      `{ writtenPrices(variantId: "${randomUUID()}") { listCode } }`,
    ]) {
      await expect(shop.ask(query, {}, viewer)).rejects.toThrow();
    }
  }
});
