import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AmountOutOfRangeError,
  add,
  CurrencyMismatchError,
  compare,
  minorUnitDigits,
  money,
  type Rounding,
  scale,
  split,
  subtract,
  sum,
  times,
  zero,
} from './index.ts';

const amounts = fc.integer({ min: -(2 ** 40), max: 2 ** 40 }).map((units) => money(units, 'EUR'));
const weights = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 40 });

describe('money', () => {
  it.each([0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY])('refuses %s minor units', (units) => {
    expect(() => money(units, 'EUR')).toThrow(AmountOutOfRangeError);
  });

  it.each(['', 'eur', 'EURO', '€'])('refuses "%s" as a currency', (currency) => {
    expect(() => money(1, currency)).toThrow(RangeError);
  });

  it('holds amounts past 2³¹', () => {
    expect(add(money(2 ** 31, 'JPY'), money(2 ** 31, 'JPY'))).toEqual({
      amountMinor: 2 ** 32,
      currency: 'JPY',
    });
  });

  it('never mixes currencies', () => {
    for (const reckon of [add, subtract, compare]) {
      expect(() => reckon(money(1, 'EUR'), money(1, 'USD'))).toThrow(CurrencyMismatchError);
    }
    expect(() => sum([money(1, 'USD')], 'EUR')).toThrow(CurrencyMismatchError);
  });

  it('says so when a result is past what is exact, and never answers a near one', () => {
    const most = money(Number.MAX_SAFE_INTEGER, 'EUR');
    expect(() => add(most, money(1, 'EUR'))).toThrow(AmountOutOfRangeError);
    expect(() => times(most, 2)).toThrow(AmountOutOfRangeError);
    expect(() => scale(most, { numerator: 3, denominator: 2 })).toThrow(AmountOutOfRangeError);
  });

  it('adds and takes away without a trace', () => {
    fc.assert(
      fc.property(amounts, amounts, (a, b) => {
        expect(subtract(add(a, b), b)).toEqual(a);
        expect(sum([a, b], 'EUR')).toEqual(add(a, b));
        expect(Math.sign(compare(a, b))).toBe(Math.sign(a.amountMinor - b.amountMinor));
      }),
    );
  });

  it('knows no negative zero', () => {
    expect(Object.is(times(money(-1, 'EUR'), 0).amountMinor, 0)).toBe(true);
  });
});

describe('scale', () => {
  const half = { numerator: 1, denominator: 2 };
  it.each<[Rounding, number, number]>([
    ['halfEven', 5, 2],
    ['halfEven', 7, 4],
    ['halfEven', -5, -2],
    ['halfUp', 5, 3],
    ['halfUp', -5, -3],
    ['down', 5, 2],
    ['down', -5, -2],
    ['up', 5, 3],
    ['up', -5, -3],
  ])('rounds %s: half of %i is %i', (rounding, units, expected) => {
    expect(scale(money(units, 'EUR'), half, rounding).amountMinor).toBe(expected);
  });

  it('is exact where floating point is not', () => {
    expect(scale(money(1_000_000_000_000_005, 'EUR'), { numerator: 19, denominator: 119 }).amountMinor).toBe(
      159_663_865_546_219,
    );
  });

  it.each([
    { numerator: 1, denominator: 0 },
    { numerator: 0.19, denominator: 1 },
    { numerator: 1, denominator: -1 },
  ])('refuses the rate $numerator/$denominator', (rate) => {
    expect(() => scale(money(1, 'EUR'), rate)).toThrow(RangeError);
  });
});

describe('split', () => {
  it('loses no unit and makes none, whatever the weights', () => {
    fc.assert(
      fc.property(amounts, weights, (amount, parts) => {
        expect(sum(split(amount, parts), 'EUR')).toEqual(amount);
      }),
    );
  });

  it('gives each part its share to within one unit, and nothing to a weight of zero', () => {
    fc.assert(
      fc.property(amounts, weights, (amount, parts) => {
        const total = parts.reduce((a, b) => a + b, 0);
        fc.pre(total > 0);
        split(amount, parts).forEach(({ amountMinor }, place) => {
          const share = (amount.amountMinor * (parts[place] ?? 0)) / total;
          expect(Math.abs(amountMinor - share)).toBeLessThanOrEqual(1);
          if (parts[place] === 0) expect(amountMinor).toBe(0);
        });
      }),
    );
  });

  it('splits evenly where nothing has weight', () => {
    expect(split(money(10, 'EUR'), [0, 0, 0]).map((part) => part.amountMinor)).toEqual([4, 3, 3]);
  });

  it('refuses no parts and broken weights', () => {
    for (const parts of [[], [-1], [0.5]]) expect(() => split(zero('EUR'), parts)).toThrow(RangeError);
  });
});

describe('minorUnitDigits', () => {
  it.each([
    ['EUR', 2],
    ['JPY', 0],
    ['KWD', 3],
  ])('%s has %i', (currency, digits) => {
    expect(minorUnitDigits(currency)).toBe(digits);
  });
});
