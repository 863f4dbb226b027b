/** An amount in the smallest unit of its currency: cents, yen, fils. Never a fraction. */
export type Money = { readonly amountMinor: number; readonly currency: string };

/** How a division that does not come out even is rounded. */
export type Rounding = 'halfEven' | 'halfUp' | 'down' | 'up';

/** Amounts of two currencies met where only one may stand. */
export class CurrencyMismatchError extends Error {
  override name = 'CurrencyMismatchError';
}

/** An amount left the range in which integers are exact (2⁵³ − 1 minor units either way). */
export class AmountOutOfRangeError extends Error {
  override name = 'AmountOutOfRangeError';
}

/** Money from minor units; throws on fractions, on what is past 2⁵³ − 1, and on what is no ISO 4217 code. */
export const money = (amountMinor: number, currency: string): Money => {
  if (!/^[A-Z]{3}$/.test(currency))
    throw new RangeError(`"${currency}" is not an ISO 4217 code such as EUR.`);
  if (!Number.isSafeInteger(amountMinor)) {
    throw new AmountOutOfRangeError(`${amountMinor} is not a whole number of minor units within ±(2⁵³ − 1).`);
  }
  return { amountMinor: amountMinor === 0 ? 0 : amountMinor, currency };
};

/** No money, in a currency. */
export const zero = (currency: string): Money => money(0, currency);

/** The sum of two amounts of one currency. */
export const add = (a: Money, b: Money): Money => money(a.amountMinor + inCurrencyOf(a, b), a.currency);

/** What is left of the first after the second is taken away. */
export const subtract = (a: Money, b: Money): Money => money(a.amountMinor - inCurrencyOf(a, b), a.currency);

/** Negative, zero or positive as the first is less than, equal to or more than the second. */
export const compare = (a: Money, b: Money): number => a.amountMinor - inCurrencyOf(a, b);

/** The sum of amounts, all of the currency given; zero when there are none. */
export const sum = (amounts: readonly Money[], currency: string): Money =>
  amounts.reduce(add, zero(currency));

/** A whole number of times the amount. */
export const times = (amount: Money, count: number): Money => {
  if (!Number.isSafeInteger(count)) throw new RangeError(`${count} is not a whole number of pieces.`);
  return money(exactly(BigInt(amount.amountMinor) * BigInt(count)), amount.currency);
};

/** The amount times numerator / denominator, in whole numbers all the way and rounded once. */
export const scale = (
  amount: Money,
  rate: { numerator: number; denominator: number },
  rounding: Rounding = 'halfEven',
): Money => {
  if (
    !Number.isSafeInteger(rate.numerator) ||
    !Number.isSafeInteger(rate.denominator) ||
    rate.denominator <= 0
  ) {
    throw new RangeError(`${rate.numerator}/${rate.denominator} is not a rate of whole numbers.`);
  }
  const product = BigInt(amount.amountMinor) * BigInt(rate.numerator);
  return money(exactly(roundedQuotient(product, BigInt(rate.denominator), rounding)), amount.currency);
};

/**
 * Splits an amount by weights without losing or making a unit: each part is rounded towards zero, and what is
 * left goes, unit by unit, to the largest remainders, the earlier part first. Equal input, equal split.
 */
export const split = (amount: Money, weights: readonly number[]): Money[] => {
  if (weights.length === 0) throw new RangeError('An amount is split over one part at least.');
  if (weights.some((weight) => !Number.isSafeInteger(weight) || weight < 0)) {
    throw new RangeError('Weights are whole numbers from 0 on.');
  }
  const given = weights.map(BigInt);
  const total = given.reduce((a, b) => a + b, 0n);
  // With no weight at all every part counts the same, so that nothing is lost.
  const shares = total === 0n ? given.map(() => 1n) : given;
  const whole = total === 0n ? BigInt(weights.length) : total;
  const sign = amount.amountMinor < 0 ? -1n : 1n;
  const size = BigInt(amount.amountMinor) * sign;

  const parts = shares.map((share, place) => ({
    place,
    units: (size * share) / whole,
    remainder: (size * share) % whole,
  }));
  const left = Number(size - parts.reduce((units, part) => units + part.units, 0n));
  const luckiest = [...parts].sort(
    (a, b) => Number(b.remainder > a.remainder) - Number(b.remainder < a.remainder) || a.place - b.place,
  );
  const lucky = new Set(luckiest.slice(0, left).map((part) => part.place));
  return parts.map(({ place, units }) =>
    money(exactly((units + (lucky.has(place) ? 1n : 0n)) * sign), amount.currency),
  );
};

/** How many digits a currency has behind the point: 2 for EUR, 0 for JPY, 3 for KWD. */
export const minorUnitDigits = (currency: string): number =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;

const inCurrencyOf = (a: Money, b: Money): number => {
  if (a.currency !== b.currency) {
    throw new CurrencyMismatchError(`${a.currency} and ${b.currency} cannot be reckoned together.`);
  }
  return b.amountMinor;
};

const exactly = (units: bigint): number => {
  const amountMinor = Number(units);
  if (!Number.isSafeInteger(amountMinor))
    throw new AmountOutOfRangeError(`${units} minor units are more than can be exact.`);
  return amountMinor;
};

/** A division of whole numbers, rounded once. The divisor is more than zero. */
export const roundedQuotient = (dividend: bigint, divisor: bigint, rounding: Rounding): bigint => {
  const quotient = dividend / divisor;
  const remainder = dividend % divisor;
  if (remainder === 0n) return quotient;
  const away = quotient + (dividend < 0n ? -1n : 1n);
  const twice = (remainder < 0n ? -remainder : remainder) * 2n;
  switch (rounding) {
    case 'down':
      return quotient;
    case 'up':
      return away;
    case 'halfUp':
      return twice >= divisor ? away : quotient;
    case 'halfEven':
      if (twice === divisor) return quotient % 2n === 0n ? quotient : away;
      return twice > divisor ? away : quotient;
  }
};
