export { currencyCodes } from './currencies.ts';
export {
  AmountOutOfRangeError,
  add,
  CurrencyMismatchError,
  compare,
  type Money,
  minorUnitDigits,
  money,
  type Rounding,
  roundedQuotient,
  scale,
  split,
  subtract,
  sum,
  times,
  zero,
} from './money.ts';
