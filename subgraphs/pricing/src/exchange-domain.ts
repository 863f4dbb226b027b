import { minorUnitDigits, type Rounding, roundedQuotient } from '@storegraph/money';

/** How prices that were converted to a currency are rounded: to `stepMinor` × n + `endingMinor`. */
export type RoundingRule = {
  readonly currency: string;
  readonly stepMinor: number;
  readonly endingMinor: number;
  readonly mode: Rounding;
};

/** A rate in billionths: units of the currency for one unit of the base currency. */
export type Rate = { readonly rateNano: number; readonly validFromMs: number };

const nanoDigits = 9;

/** Rates up to a million, so that ten digits remain exact before the point and nine behind. */
const maxRateNano = 1_000_000 * 10 ** nanoDigits;

/** The rate that a text such as `1.0842` stands for, in billionths; null when it is none. */
export const rateOf = (text: string): number | null => {
  const [, whole, fraction = ''] = /^(\d{1,7})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (whole === undefined) return null;
  const rateNano = Number(whole + fraction.padEnd(nanoDigits, '0'));
  return rateNano > 0 && rateNano <= maxRateNano ? rateNano : null;
};

/** A rate as text, without the zeros at its end. */
export const textOfRate = (rateNano: number): string => {
  const digits = String(rateNano).padStart(nanoDigits + 1, '0');
  const fraction = digits.slice(-nanoDigits).replace(/0+$/, '');
  return digits.slice(0, -nanoDigits) + (fraction && `.${fraction}`);
};

/** The rule of a currency that nobody has made one for. */
export const plainRule = (currency: string): RoundingRule => ({
  currency,
  stepMinor: 1,
  endingMinor: 0,
  mode: 'halfEven',
});

/**
 * What an amount is in another currency, rounded once, by that currency's rule; null where it is too large to be
 * exact. What costs something never becomes free.
 */
export const convert = (
  amountMinor: number,
  { from, rate, rule }: { readonly from: string; readonly rate: Rate; readonly rule: RoundingRule },
): number | null => {
  if (amountMinor === 0) return 0;
  const { stepMinor, endingMinor, mode } = rule;
  const shift = minorUnitDigits(rule.currency) - minorUnitDigits(from);
  const dividend = BigInt(amountMinor) * BigInt(rate.rateNano);
  const divisor = 10n ** BigInt(nanoDigits - shift);
  const steps = roundedQuotient(dividend - BigInt(endingMinor) * divisor, divisor * BigInt(stepMinor), mode);
  const converted = Number(steps) * stepMinor + endingMinor;
  if (!Number.isSafeInteger(converted)) return null;
  return converted > 0 ? converted : endingMinor || stepMinor;
};
