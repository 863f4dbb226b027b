import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, merchandiser, openPricing, type TestPricing } from './pricing-fixture.ts';
import { seedPrices } from './seed.ts';

let shop: TestPricing;
let ids: string[];
beforeAll(async () => {
  shop = await openPricing();
  ids = (await shop.variants(600)).map(({ id }) => id);
  expect(await seedPrices(shop.db)).toBe(600);
});
afterAll(() => shop.stop());

test('a seeded shop prices everything in euros and in dollars, reduces some of it, and has a sale to come', async () => {
  const { prices } = await shop.prices(ids.slice(0, 500));
  const dollars = await shop.prices(ids.slice(0, 500), { region: 'US', currency: 'USD' });
  const francs = await shop.prices(ids.slice(0, 500), { region: 'CH', currency: 'CHF' });
  for (const [at, price] of prices.entries()) {
    expect(price).toMatchObject({ listCode: 'RETAIL', includesTax: true, conversion: null });
    expect(dollars.prices[at]).toMatchObject({ listCode: 'US', includesTax: false, conversion: null });
    expect(francs.prices[at].amount.amountMinor % 5).toBe(0);
    expect(francs.prices[at].conversion).toMatchObject({ from: price.amount, rate: '0.93' });
  }
  expect(prices.some(({ compareAt }: Answer) => compareAt !== null)).toBe(true);
  expect(prices.some(({ nextChangeAt }: Answer) => nextChangeAt !== null)).toBe(true);
  expect(await shop.broken()).toEqual({});
});

test('taxes are there, by country, by state and by category', async () => {
  const query =
    'query ($region: Region!) { taxRates(region: $region) { subdivision category rateMillionths } }';
  const ratesOf = async (region: string) => (await shop.ask(query, { region }, merchandiser)).taxRates;
  expect(await ratesOf('DE')).toEqual([
    { subdivision: null, category: 'books', rateMillionths: 70_000 },
    { subdivision: null, category: 'standard', rateMillionths: 190_000 },
  ]);
  expect(await ratesOf('US')).toContainEqual({
    subdivision: 'CA',
    category: 'standard',
    rateMillionths: 72_500,
  });
  for (const region of ['GB', 'CH', 'FR']) expect(await ratesOf(region)).toHaveLength(2);
});

test('promotions are there, of which none takes anything off by itself', async () => {
  const query = `{ promotions { nodes { code needsCoupon action { earnPoints { points } spendPoints { maxBasisPoints } }
    coupons { nodes { code } } } } }`;
  const { nodes } = (await shop.ask(query, {}, merchandiser)).promotions;
  expect(nodes.map(({ code }: Answer) => code)).toEqual(['PAY-WITH-POINTS', 'POINTS', 'SUMMER', 'WELCOME']);
  const alone = nodes.filter(({ needsCoupon }: Answer) => !needsCoupon);
  expect(alone.every(({ action }: Answer) => action.earnPoints ?? action.spendPoints)).toBe(true);
  const codes = nodes.flatMap(({ coupons }: Answer) => coupons.nodes.map(({ code }: Answer) => code));
  expect(codes).toEqual(['SUMMER5', 'WELCOME10']);
});

test('a further call prices what is new and touches nothing of the rest', async () => {
  const before = (await shop.prices(ids.slice(0, 100))).prices;
  expect(await shop.factsOf(() => seedPrices(shop.db))).toEqual([]);
  const [added] = await shop.variants();
  const facts = await shop.factsOf(() => seedPrices(shop.db));
  expect(new Set(facts.map(({ variantId }) => variantId))).toEqual(new Set([added?.id]));
  expect((await shop.prices(ids.slice(0, 100))).prices).toEqual(before);
});

test('it gives up when it is told to', async () => {
  await shop.variants();
  await expect(seedPrices(shop.db, { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
});
