import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { merchandiser, openPricing, type TestPricing } from './pricing-fixture.ts';
import { variantsByIds } from './variant-repository.ts';

/** The tables that tax is computed by. */

let shop: TestPricing;
beforeAll(async () => {
  shop = await openPricing();
});
afterAll(() => shop.stop());

const rate = (fields: object = {}) => ({
  ...{ region: 'DE', name: 'MwSt', rateMillionths: 190_000, validFrom: '2026-01-01T00:00:00.000Z' },
  ...fields,
});

test('rates are kept by when they begin, for a country or one of its states, and told of where they change', async () => {
  const rates = [
    rate(),
    rate({ validFrom: '2030-01-01T00:00:00.000Z', rateMillionths: 200_000 }),
    rate({ region: 'US', subdivision: 'CA', name: 'Sales tax', rateMillionths: 72_500 }),
  ];
  const facts = await shop.factsOf(async () => {
    const { taxRates } = await shop.change('taxRatesSet', { rates });
    expect(taxRates).toEqual([
      { ...rates[0], category: 'standard', subdivision: null },
      { ...rates[1], category: 'standard', subdivision: null },
      { ...rates[2], category: 'standard' },
    ]);
    await shop.change('taxRatesSet', { rates: [rate({ rateMillionths: 160_000 }), rates[2]] });
  });
  expect(facts.map(({ region }) => region)).toEqual(['DE', 'US', 'DE']);
  const { taxRates } = await shop.ask('{ taxRates(region: "DE") { rateMillionths } }', {}, merchandiser);
  expect(taxRates).toEqual([{ rateMillionths: 160_000 }, { rateMillionths: 200_000 }]);
});

test.each([
  [[], 'rates'],
  [[rate({ region: 'US-CA' })], 'rates.0.region'],
  [[rate({ rateMillionths: -1 })], 'rates.0.rateMillionths'],
  [[rate({ rateMillionths: 1_000_001 })], 'rates.0.rateMillionths'],
  [[rate({ category: 'No' })], 'rates.0.category'],
  [[rate({ region: 'US', subdivision: 'california' })], 'rates.0.subdivision'],
  [[rate({ region: 'US', subdivision: 'ca' })], 'rates.0.subdivision'],
  [[rate(), rate({ region: 'US', subdivision: 'XX' })], 'rates.1.subdivision'],
  [[rate({ region: 'US', subdivision: 'ON' })], 'rates.0.subdivision'],
  [[rate({ region: 'US', subdivision: 'PR' })], 'rates.0.subdivision'],
  [[rate({ region: 'CA', subdivision: 'CA' })], 'rates.0.subdivision'],
  [[rate({ region: 'DE', subdivision: 'BY' })], 'rates.0.subdivision'],
  [[rate(), rate()], 'rates.1.name'],
])('rates such as %j are refused', async (rates, path) => {
  const { problems } = await shop.change('taxRatesSet', { rates });
  expect(problems.map((problem: { path: string[] }) => problem.path.join('.'))).toEqual([path]);
});

test('categories are set for all lines or for none', async () => {
  const variants = await shop.variants(2);
  const categories = async () =>
    (
      await variantsByIds(
        shop.db,
        variants.map(({ id }) => id),
      )
    ).map(({ taxCategory }) => taxCategory);
  const lines = variants.map(({ sku }) => ({ sku: sku.toLowerCase(), category: 'books' }));
  expect(
    await shop.change('taxCategoriesSet', { lines: [...lines, { sku: 'NOT-THERE', category: 'books' }] }),
  ).toMatchObject({ __typename: 'SkusNotFound', lines: [{ index: 2, sku: 'NOT-THERE' }] });
  expect(await categories()).toEqual(['standard', 'standard']);
  expect(await shop.change('taxCategoriesSet', { lines })).toMatchObject({ count: 2 });
  expect(await categories()).toEqual(['books', 'books']);
});

test('a rate that is refused leaves the others out, and no subdivision is a whole country', async () => {
  const rates = [
    rate({ region: 'CA', subdivision: 'AB', name: 'PST' }),
    rate({ region: 'CA', subdivision: 'XX' }),
  ];
  expect(await shop.change('taxRatesSet', { rates })).toMatchObject({ __typename: 'InvalidInput' });
  const { taxRates } = await shop.ask('{ taxRates(region: "CA-AB") { name } }', {}, merchandiser);
  expect(taxRates).toEqual([]);
  const whole = [rate({ region: 'MX', subdivision: '', name: 'IVA' })];
  expect((await shop.change('taxRatesSet', { rates: whole })).taxRates).toEqual([
    { ...whole[0], category: 'standard', subdivision: null },
  ]);
});

test('rates of a state are read with those of its country', async () => {
  const rates = ['', 'ON', 'QC'].map((subdivision) =>
    rate({ region: 'CA', subdivision: subdivision || null }),
  );
  await shop.change('taxRatesSet', { rates });
  const read = async (region: string) =>
    (await shop.ask(`{ taxRates(region: "${region}") { subdivision } }`, {}, merchandiser)).taxRates;
  expect(await read('CA')).toEqual([{ subdivision: null }, { subdivision: 'ON' }, { subdivision: 'QC' }]);
  expect(await read('CA-QC')).toEqual([{ subdivision: null }, { subdivision: 'QC' }]);
});

test('an exemption is given and ended', async () => {
  const customerId = randomUUID();
  const exemption = { customerId, region: 'AT' };
  for (const reason of ['VAT ID ATU12345678', undefined]) {
    expect(await shop.change('taxExemptionSet', { ...exemption, reason })).toEqual({
      ...{ __typename: 'TaxExemptionSet', customerId },
    });
  }
  expect(await shop.change('taxExemptionSet', { customerId: 'nobody', region: 'AT' })).toMatchObject({
    problems: [{ path: ['customerId'] }],
  });
});
