import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RoundingRule } from './exchange-domain.ts';
import {
  inOrder,
  type PriceLine,
  type PriceList,
  type PriceWish,
  priceOf,
  type Tariff,
} from './price-domain.ts';

const list = (fields: Partial<PriceList> = {}): PriceList => ({
  id: fields.code ?? 'RETAIL',
  code: 'RETAIL',
  name: 'Retail',
  currency: 'EUR',
  regions: null,
  customerGroup: null,
  priority: 100,
  includesTax: true,
  startsAtMs: null,
  endsAtMs: null,
  ...fields,
});
const line = (amountMinor: number, fields: Partial<PriceLine> = {}): PriceLine => ({
  listId: 'RETAIL',
  minQuantity: 1,
  amountMinor,
  compareAtMinor: null,
  startsAtMs: null,
  endsAtMs: null,
  ...fields,
});
const tariff = (lists: readonly PriceList[], fields: Partial<Tariff> = {}): Tariff => ({
  atMs: 1_000,
  baseCurrency: 'EUR',
  lists: inOrder(lists),
  rates: new Map(),
  rules: new Map(),
  ...fields,
});
const wish = (fields: Partial<PriceWish> = {}): PriceWish => ({
  region: 'DE',
  currency: 'EUR',
  quantity: 1,
  customerGroup: null,
  ...fields,
});
const retail = tariff([list()]);
const usd = (rateNano: number, rule?: Partial<RoundingRule>) =>
  tariff([list()], {
    rates: new Map([['USD', { rate: { rateNano, validFromMs: 0 }, nextFromMs: null }]]),
    rules: new Map(
      rule ? [['USD', { currency: 'USD', stepMinor: 1, endingMinor: 0, mode: 'halfUp', ...rule }]] : [],
    ),
  });
const amountOf = (lines: readonly PriceLine[], at: Tariff, wanted: PriceWish = wish()) =>
  priceOf(lines, at, wanted).price?.amount.amountMinor ?? null;

describe('which list decides', () => {
  const lists = [
    list(),
    list({ code: 'SWISS', regions: ['CH'] }),
    list({ code: 'TRADE', customerGroup: 'TRADE' }),
    list({ code: 'CLEARANCE', priority: 10 }),
  ];
  const priced = (...codes: string[]) => codes.map((code, place) => line(1_000 + place, { listId: code }));
  const listOf = (lines: readonly PriceLine[], fields: Partial<PriceWish> = {}) =>
    priceOf(lines, tariff(lists), wish(fields)).price?.list.code;

  it('is the one of the lowest priority number, of equal ones that for fewer people', () => {
    expect(listOf(priced('RETAIL', 'TRADE', 'CLEARANCE'), { customerGroup: 'TRADE' })).toBe('CLEARANCE');
    expect(listOf(priced('RETAIL', 'SWISS', 'TRADE'), { region: 'CH', customerGroup: 'TRADE' })).toBe(
      'TRADE',
    );
    expect(listOf(priced('RETAIL', 'SWISS', 'TRADE'), { region: 'CH' })).toBe('SWISS');
  });

  it('for a state is that of the state, else that of its country', () => {
    const at = tariff([list({ code: 'A', regions: ['US'] }), list({ code: 'B', regions: ['US-CA'] })]);
    const codeIn = (region: string, ...codes: string[]) =>
      priceOf(priced(...codes), at, wish({ region })).price?.list.code;
    expect(['US-CA', 'US-NY', 'US', 'CA'].map((region) => codeIn(region, 'A', 'B'))).toEqual([
      ...['B', 'A', 'A', undefined],
    ]);
    expect(codeIn('US-CA', 'A')).toBe('A');
    expect(codeIn('US', 'B')).toBeUndefined();
  });

  it('is never one for another region or group', () => {
    expect(listOf(priced('SWISS', 'TRADE'))).toBeUndefined();
    expect(listOf(priced('RETAIL', 'SWISS', 'TRADE'), { customerGroup: 'OTHER' })).toBe('RETAIL');
  });

  it('is the next where one does not price the variant for this quantity', () => {
    const lines = [line(500, { listId: 'CLEARANCE', minQuantity: 10 }), line(900)];
    expect(priceOf(lines, tariff(lists), wish()).price?.list.code).toBe('RETAIL');
    expect(priceOf(lines, tariff(lists), wish({ quantity: 10 })).price?.list.code).toBe('CLEARANCE');
  });

  it('does not depend on the order in which prices and lists come', () => {
    const lines = priced('RETAIL', 'SWISS', 'TRADE', 'CLEARANCE');
    fc.assert(
      fc.property(
        fc.shuffledSubarray(lines, { minLength: 1 }),
        fc.shuffledSubarray(lists, { minLength: 4 }),
        fc.constantFrom('DE', 'CH'),
        (some, shuffled, region) => {
          const straight = lines.filter((each) => some.includes(each));
          const wanted = wish({ region, customerGroup: 'TRADE' });
          expect(priceOf(some, tariff(shuffled), wanted)).toEqual(priceOf(straight, tariff(lists), wanted));
        },
      ),
    );
  });
});

describe('a scheduled price', () => {
  const sale = line(700, { startsAtMs: 1_000, endsAtMs: 2_000, compareAtMinor: 900 });

  it.each([
    [999, 900, false, 1_000],
    [1_000, 700, true, 2_000],
    [1_999, 700, true, 2_000],
    [2_000, 900, false, null],
  ])('at %i ms: %i', (atMs, amountMinor, isScheduled, nextChangeMs) => {
    const answer = priceOf([line(900), sale], { ...retail, atMs }, wish());
    expect(answer).toMatchObject({ price: { amount: { amountMinor }, isScheduled }, nextChangeMs });
  });

  it('that begins later stands before one that began earlier', () => {
    const flash = line(600, { startsAtMs: 1_500, endsAtMs: 1_600 });
    expect(amountOf([flash, sale], { ...retail, atMs: 1_550 })).toBe(600);
    expect(amountOf([flash, sale], { ...retail, atMs: 1_600 })).toBe(700);
  });

  it('that touches the next leaves no gap between them', () => {
    const next = line(650, { startsAtMs: 2_000, endsAtMs: 3_000 });
    const at = (atMs: number) => amountOf([line(900), next, sale], { ...retail, atMs });
    expect([1_999, 2_000, 2_999, 3_000].map(at)).toEqual([700, 650, 650, 900]);
  });

  it('is told of before it begins where there is no price yet', () => {
    expect(priceOf([sale], { ...retail, atMs: 0 }, wish())).toEqual({ price: null, nextChangeMs: 1_000 });
  });

  it('comes and goes with its list too', () => {
    const at = (atMs: number) => tariff([list({ startsAtMs: 500, endsAtMs: 1_500 })], { atMs });
    expect(priceOf([line(900)], at(499), wish())).toEqual({ price: null, nextChangeMs: 500 });
    expect(priceOf([line(900)], at(500), wish())).toMatchObject({ price: {}, nextChangeMs: 1_500 });
    expect(priceOf([line(900)], at(1_500), wish())).toEqual({ price: null, nextChangeMs: null });
  });

  it('holds still until the change it announces', () => {
    const instants = fc.option(fc.integer({ min: 0, max: 50 }));
    const lines = fc.array(
      fc
        .record({
          amountMinor: fc.integer({ min: 1, max: 20 }),
          minQuantity: fc.integer({ min: 1, max: 4 }),
          startsAtMs: instants,
          endsAtMs: instants,
        })
        .map(({ amountMinor, ...fields }) => line(amountMinor, fields)),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(
        lines,
        fc.integer({ min: 0, max: 50 }),
        fc.nat(60),
        fc.integer({ min: 1, max: 5 }),
        (all, atMs, more, quantity) => {
          const now = priceOf(all, { ...retail, atMs }, wish({ quantity }));
          const later = atMs + more;
          fc.pre(later < (now.nextChangeMs ?? Infinity));
          expect(priceOf(all, { ...retail, atMs: later }, wish({ quantity }))).toEqual(now);
        },
      ),
    );
  });
});

describe('quantities', () => {
  const tiers = [line(1_000), line(900, { minQuantity: 10 }), line(800, { minQuantity: 100 })];

  it.each([
    [1, 1_000],
    [9, 1_000],
    [10, 900],
    [100, 800],
  ])('%i pieces cost %i each', (quantity, amount) => {
    expect(amountOf(tiers, retail, wish({ quantity }))).toBe(amount);
  });

  it('tells what larger ones cost', () => {
    expect(priceOf(tiers, retail, wish({ quantity: 10 })).price?.tiers).toEqual([
      { minQuantity: 100, amount: { amountMinor: 800, currency: 'EUR' } },
    ]);
  });

  it('never make a piece dearer, whatever is written', () => {
    const written = fc.uniqueArray(
      fc.record({
        minQuantity: fc.integer({ min: 1, max: 50 }),
        amountMinor: fc.integer({ min: 0, max: 999 }),
      }),
      { selector: ({ minQuantity }) => minQuantity, maxLength: 8 },
    );
    fc.assert(
      fc.property(written, fc.integer({ min: 1, max: 60 }), fc.nat(20), (lines, quantity, more) => {
        const all = lines.map(({ amountMinor, minQuantity }) => line(amountMinor, { minQuantity }));
        const few = amountOf(all, retail, wish({ quantity }));
        const many = amountOf(all, retail, wish({ quantity: quantity + more }));
        if (few !== null) expect(many).toBeLessThanOrEqual(few);
      }),
    );
  });
});

it('is none where so many pieces cost more than can be exact', () => {
  const dear = [line(1_000_000_000_000)];
  expect(amountOf(dear, retail, wish({ quantity: 9_000 }))).toBe(1_000_000_000_000);
  expect(amountOf(dear, retail, wish({ quantity: 1_000_000 }))).toBeNull();
});

describe('another currency', () => {
  it('is asked for in its own lists first, and converted from the base currency otherwise', () => {
    const lists = [list(), list({ code: 'US', currency: 'USD' })];
    const both = { ...usd(1_100_000_000), lists: inOrder(lists) };
    const lines = [line(1_000), line(1_299, { listId: 'US' })];
    expect(priceOf(lines, both, wish({ currency: 'USD' })).price).toMatchObject({
      amount: { amountMinor: 1_299, currency: 'USD' },
      conversion: null,
    });
    expect(
      priceOf([line(1_000, { compareAtMinor: 1_500 })], both, wish({ currency: 'USD' })).price,
    ).toMatchObject({
      amount: { amountMinor: 1_100, currency: 'USD' },
      compareAt: { amountMinor: 1_650, currency: 'USD' },
      conversion: { from: { amountMinor: 1_000, currency: 'EUR' }, rate: { rateNano: 1_100_000_000 } },
    });
  });

  it('has no price without a rate, and says when one comes', () => {
    expect(amountOf([line(1_000)], retail, wish({ currency: 'USD' }))).toBeNull();
    const rates = new Map([['USD', { rate: null, nextFromMs: 5_000 }]]);
    expect(priceOf([line(1_000)], { ...retail, rates }, wish({ currency: 'USD' }))).toEqual({
      price: null,
      nextChangeMs: 5_000,
    });
  });

  it('has no compare-at price where rounding leaves nothing of the difference', () => {
    const at = usd(1_000_000_000, { stepMinor: 100, endingMinor: 99 });
    const { price } = priceOf([line(1_090, { compareAtMinor: 1_095 })], at, wish({ currency: 'USD' }));
    expect(price).toMatchObject({ amount: { amountMinor: 1_099 }, compareAt: null });
  });

  it('never turns a price into another currency than was asked for', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('EUR', 'USD', 'GBP'),
        fc.array(fc.constantFrom('RETAIL', 'US', 'UK'), { maxLength: 3 }),
        (currency, codes) => {
          const lists = [
            list(),
            list({ code: 'US', currency: 'USD' }),
            list({ code: 'UK', currency: 'GBP' }),
          ];
          const lines = codes.map((listId) => line(1_000, { listId, compareAtMinor: 2_000 }));
          const { price } = priceOf(lines, { ...usd(1_100_000_000), lists }, wish({ currency }));
          for (const amount of [price?.amount, price?.compareAt])
            expect(amount?.currency ?? currency).toBe(currency);
        },
      ),
    );
  });
});
