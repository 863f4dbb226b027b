import type { Rounding } from '@storegraph/money';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { convert, plainRule, type RoundingRule, rateOf, textOfRate } from './exchange-domain.ts';

const at = (rate: string) => ({ rateNano: rateOf(rate) ?? 0, validFromMs: 0 });
const rule = (currency: string, fields: Partial<RoundingRule> = {}) => ({
  ...plainRule(currency),
  ...fields,
});

describe('a rate', () => {
  it.each([
    ['1.0842', 1_084_200_000],
    ['1', 1_000_000_000],
    ['0.000000001', 1],
    ['1000000', 1_000_000_000_000_000],
  ])('reads %s', (text, rateNano) => expect(rateOf(text)).toBe(rateNano));

  it.each(['0', '', '-1', '1,1', '1.', '.5', '1e3', '1000000.1', '0.0000000001', ' 1', 'NaN'])(
    'refuses %j',
    (text) => expect(rateOf(text)).toBeNull(),
  );

  it('is written as it is read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 15 }), (rateNano) => {
        expect(rateOf(textOfRate(rateNano))).toBe(rateNano);
      }),
    );
  });
});

describe('a conversion', () => {
  it.each([
    ['EUR', 'USD', '1.0842', 1_000, 1_084],
    ['EUR', 'JPY', '163.5', 1_000, 1_635],
    ['EUR', 'KWD', '0.3312', 1_000, 3_312],
    ['JPY', 'KWD', '0.00203', 1_000, 2_030],
    ['EUR', 'USD', '1.0842', 0, 0],
  ])('from %s to %s at %s: %i is %i', (from, currency, rate, amount, expected) => {
    expect(convert(amount, { from, rate: at(rate), rule: plainRule(currency) })).toBe(expected);
  });

  it.each<[Partial<RoundingRule>, number, number]>([
    [{ stepMinor: 5, mode: 'halfUp' }, 1_002, 1_000],
    [{ stepMinor: 5, mode: 'halfUp' }, 1_003, 1_005],
    [{ stepMinor: 100, endingMinor: 99, mode: 'halfUp' }, 1_050, 1_099],
    [{ stepMinor: 100, endingMinor: 99, mode: 'down' }, 1_098, 999],
    [{ stepMinor: 100, endingMinor: 95, mode: 'up' }, 1_096, 1_195],
    [{ stepMinor: 10, mode: 'halfEven' }, 1_005, 1_000],
    [{ stepMinor: 100, mode: 'down' }, 7, 100],
    [{ stepMinor: 100, endingMinor: 99, mode: 'down' }, 7, 99],
  ])('rounds by %j: %i is %i', (fields, amount, expected) => {
    expect(convert(amount, { from: 'EUR', rate: at('1'), rule: rule('CHF', fields) })).toBe(expected);
  });

  it('rounds once: what is just below the middle does not reach it on the way', () => {
    // 2.4999 in steps of 5 minor units: by way of 250 it would become 5.
    expect(convert(1, { from: 'EUR', rate: at('2.4999'), rule: rule('USD', { stepMinor: 5 }) })).toBe(5);
    expect(convert(1_001, { from: 'EUR', rate: at('2.4975'), rule: rule('USD', { stepMinor: 5 }) })).toBe(
      2_500,
    );
  });

  it('says nothing rather than something inexact', () => {
    expect(convert(9_000_000_000_000_000, { from: 'EUR', rate: at('2'), rule: plainRule('USD') })).toBeNull();
  });

  it('lands on a price the rule allows, at most one step away, and never below one', () => {
    const rules = fc
      .record({
        stepMinor: fc.integer({ min: 1, max: 1_000 }),
        endingMinor: fc.nat(999),
        mode: fc.constantFrom<Rounding>('halfEven', 'halfUp', 'down', 'up'),
      })
      .map(({ endingMinor, ...fields }) =>
        rule('USD', { ...fields, endingMinor: endingMinor % fields.stepMinor }),
      );
    fc.assert(
      fc.property(
        rules,
        fc.integer({ min: 1, max: 10_000_000 }),
        fc.integer({ min: 1, max: 10 ** 11 }),
        (given, amount, rateNano) => {
          const converted =
            convert(amount, { from: 'EUR', rate: { rateNano, validFromMs: 0 }, rule: given }) ?? 0;
          expect(converted).toBeGreaterThan(0);
          expect((converted - given.endingMinor) % given.stepMinor).toBe(0);
          const exact = (amount * rateNano) / 1e9;
          expect(Math.abs(converted - exact)).toBeLessThanOrEqual(given.stepMinor * 1.000001);
        },
      ),
    );
  });

  it('never makes the dearer thing the cheaper one', () => {
    fc.assert(
      fc.property(
        fc.nat(10 ** 7),
        fc.nat(10 ** 7),
        fc.integer({ min: 1, max: 10 ** 11 }),
        (one, more, rateNano) => {
          const by = {
            from: 'EUR',
            rate: { rateNano, validFromMs: 0 },
            rule: rule('USD', { stepMinor: 100, endingMinor: 99, mode: 'halfUp' }),
          };
          expect(convert(one + more, by) ?? 0).toBeGreaterThanOrEqual(convert(one, by) ?? 0);
        },
      ),
    );
  });
});
