import { add, type Money, scale, split, subtract, zero } from '@storegraph/money';
import { countryOf, subdivisionOf } from './region-domain.ts';

/** A tax that a country, or a state of it, takes on goods. Several may lie on one thing: GST and a province's tax. */
export type TaxRate = {
  /** The country. */
  readonly region: string;
  /** The state; empty for the whole country. */
  readonly subdivision: string;
  /** `standard` stands for every category without rates of its own in the region. */
  readonly category: string;
  /** What it is called on a bill: `VAT 19 %`. */
  readonly name: string;
  /** Millionths, so that 8.875 % is a whole number: 88,750. */
  readonly rateMillionths: number;
  /** It holds from then on, until the next of its name; null for as long as anybody knows. */
  readonly validFrom: Date | null;
};

/** One tax on one amount. */
export type TaxPart = {
  readonly name: string;
  readonly rateMillionths: number;
  /** What it is taken on, without any tax. */
  readonly taxable: Money;
  readonly amount: Money;
};

/** An amount taken apart: what the shop keeps, what the state gets, what is paid. */
export type Taxed = {
  readonly net: Money;
  readonly tax: Money;
  readonly gross: Money;
  readonly parts: readonly TaxPart[];
};

const standardCategory = 'standard';
export const shippingCategory = 'shipping';

const million = 1_000_000;

/**
 * The rates on a category where somebody buys: the country's, and its state's on top. Each goes by its standard
 * category where it has none of its own.
 */
export const ratesOn = (
  table: readonly TaxRate[],
  { region, category, at }: { readonly region: string; readonly category: string; readonly at: Date },
): TaxRate[] => {
  const ofRegion = table.filter((rate) => isTaxIn(rate, region));
  const takers = [...new Set(['', subdivisionOf(region)])];
  const rates = takers.flatMap((subdivision) => {
    const ofTaker = ofRegion.filter((rate) => rate.subdivision === subdivision);
    const own = ofTaker.filter((rate) => rate.category === category);
    const asked = own.length > 0 ? own : ofTaker.filter((rate) => rate.category === standardCategory);
    return latestOf(asked, at);
  });
  // In one order whatever the table's: the first part may get the unit that does not come out even.
  return rates.sort((a, b) => compareText(a.name, b.name) || compareText(a.subdivision, b.subdivision));
};

/** Whether it is taken where somebody buys, on one category or another. */
export const isTaxIn = ({ region: country, subdivision }: TaxRate, region: string): boolean =>
  country === countryOf(region) && (subdivision === '' || subdivision === subdivisionOf(region));

/** Of each name the rate that began last. */
const latestOf = (rates: readonly TaxRate[], at: Date): TaxRate[] => {
  const latest = new Map<string, TaxRate>();
  for (const rate of rates) {
    const began = (each: TaxRate | undefined) => each?.validFrom?.getTime() ?? -Infinity;
    const known = latest.get(rate.name);
    const hasBegun = began(rate) <= at.getTime();
    if (hasBegun && (!known || began(rate) > began(known))) latest.set(rate.name, rate);
  }
  return [...latest.values()];
};

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/**
 * The tax on an amount, rounded once for each rate, half up as tax offices do. In a price with tax it is taken
 * out, in one without it comes on top. Whoever is exempt pays the net amount in both.
 */
export const taxOn = (
  amount: Money,
  {
    rates,
    includesTax,
    isExempt,
  }: { readonly rates: readonly TaxRate[]; readonly includesTax: boolean; readonly isExempt: boolean },
): Taxed => {
  const together = rates.reduce((sum, { rateMillionths }) => sum + rateMillionths, 0);
  const net = includesTax
    ? scale(amount, { numerator: million, denominator: million + together }, 'halfUp')
    : amount;
  if (isExempt || rates.length === 0) {
    return { net, tax: zero(amount.currency), gross: net, parts: [] };
  }
  const amounts = includesTax
    ? split(
        subtract(amount, net),
        rates.map(({ rateMillionths }) => rateMillionths),
      )
    : rates.map(({ rateMillionths }) =>
        scale(amount, { numerator: rateMillionths, denominator: million }, 'halfUp'),
      );
  const none = zero(amount.currency);
  const parts = rates.map(({ name, rateMillionths }, place) => ({
    ...{ name, rateMillionths, taxable: net },
    amount: amounts[place] ?? none,
  }));
  const tax = amounts.reduce(add, none);
  return { net, tax, gross: add(net, tax), parts };
};

/** The taxes of many amounts, each named once, in the order of their names; a tax on nothing is not named. */
export const gatherTaxes = (parts: readonly TaxPart[]): TaxPart[] => {
  const gathered = new Map<string, TaxPart>();
  for (const part of parts) {
    if (part.taxable.amountMinor === 0 && part.amount.amountMinor === 0) continue;
    const key = `${part.name} ${part.rateMillionths}`;
    const known = gathered.get(key);
    gathered.set(
      key,
      known
        ? { ...part, taxable: add(known.taxable, part.taxable), amount: add(known.amount, part.amount) }
        : part,
    );
  }
  return [...gathered.values()].sort(
    (a, b) => compareText(a.name, b.name) || a.rateMillionths - b.rateMillionths,
  );
};
