import { type Money, money } from '@storegraph/money';
import { convert, plainRule, type Rate, type RoundingRule } from './exchange-domain.ts';
import { liesIn, reachOf } from './region-domain.ts';

/** The most pieces a price is told for. */
export const maxQuantity = 1_000_000;

/** A list as prices are looked for in it. Instants are epoch milliseconds. */
export type PriceList = {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly currency: string;
  readonly regions: readonly string[] | null;
  readonly customerGroup: string | null;
  readonly priority: number;
  readonly includesTax: boolean;
  readonly startsAtMs: number | null;
  readonly endsAtMs: number | null;
};

/** One price of a variant in a list. Without a start it is the standing one. */
export type PriceLine = {
  readonly listId: string;
  readonly minQuantity: number;
  readonly amountMinor: number;
  readonly compareAtMinor: number | null;
  readonly startsAtMs: number | null;
  readonly endsAtMs: number | null;
};

/** What all prices of one moment hang on. */
export type Tariff = {
  readonly atMs: number;
  readonly baseCurrency: string;
  /** In the order they are asked; see `inOrder`. */
  readonly lists: readonly PriceList[];
  /** From the base currency: the rate that holds, if one does, and when the next one begins. */
  readonly rates: ReadonlyMap<string, { readonly rate: Rate | null; readonly nextFromMs: number | null }>;
  readonly rules: ReadonlyMap<string, RoundingRule>;
};

/** Who wants how many of it, where, and in which currency. */
export type PriceWish = {
  readonly region: string;
  readonly currency: string;
  readonly quantity: number;
  readonly customerGroup: string | null;
};

export type Priced = {
  readonly amount: Money;
  readonly compareAt: Money | null;
  readonly minQuantity: number;
  readonly tiers: readonly { readonly minQuantity: number; readonly amount: Money }[];
  readonly list: PriceList;
  readonly isScheduled: boolean;
  readonly conversion: Conversion | null;
};

/** What a price was before it was converted, and by which rate. */
export type Conversion = { readonly from: Money; readonly rate: Rate };

/** A price, if there is one, and when something that could change it happens next. */
export type PriceAnswer = { readonly price: Priced | null; readonly nextChangeMs: number | null };

/** Lists in the order they are asked: what is said for fewer people comes before what is said for more. */
export const inOrder = (lists: readonly PriceList[]): PriceList[] =>
  [...lists].sort(
    (a, b) =>
      a.priority - b.priority ||
      Number(a.customerGroup === null) - Number(b.customerGroup === null) ||
      reachOf(a.regions) - reachOf(b.regions) ||
      (a.code < b.code ? -1 : Number(a.code > b.code)),
  );

type Scheduled = { readonly startsAtMs: number | null; readonly endsAtMs: number | null };

/** From its start, up to but not at its end. */
const holds = ({ startsAtMs, endsAtMs }: Scheduled, atMs: number): boolean =>
  (startsAtMs === null || startsAtMs <= atMs) && (endsAtMs === null || endsAtMs > atMs);

const isFor = (list: PriceList, { region, customerGroup }: PriceWish): boolean =>
  (list.regions === null || liesIn(region, list.regions)) &&
  (list.customerGroup === null || list.customerGroup === customerGroup);

/** Of the prices for one quantity that hold, the one that began last: a scheduled one stands before the standing one. */
const byQuantity = (lines: readonly PriceLine[], atMs: number): PriceLine[] => {
  const latest = new Map<number, PriceLine>();
  for (const line of lines) {
    if (!holds(line, atMs)) continue;
    const known = latest.get(line.minQuantity);
    const isLater = (line.startsAtMs ?? -Infinity) > (known?.startsAtMs ?? -Infinity);
    if (!known || isLater) latest.set(line.minQuantity, line);
  }
  return [...latest.values()].sort((a, b) => a.minQuantity - b.minQuantity);
};

/**
 * The quantities at which a piece becomes cheaper. Who buys more never pays more for a piece: a scheduled price for
 * one piece is not undone by the standing price for ten.
 */
const stairs = (lines: readonly PriceLine[]): PriceLine[] => {
  let lowest = Infinity;
  return lines.filter(({ amountMinor }) => {
    const isCheaper = amountMinor < lowest;
    lowest = Math.min(lowest, amountMinor);
    return isCheaper;
  });
};

type Told = (amountMinor: number) => Money | null;

/** Null where the list does not price it, or where so many pieces cost more than can be exact. */
const pricedIn = (
  lines: readonly PriceLine[],
  {
    list,
    wish,
    atMs,
    told,
    rate,
  }: {
    readonly list: PriceList;
    readonly wish: PriceWish;
    readonly atMs: number;
    readonly told: Told;
    readonly rate: Rate | null;
  },
): Priced | null => {
  const steps = stairs(
    byQuantity(
      lines.filter(({ listId }) => listId === list.id),
      atMs,
    ),
  );
  const line = steps.findLast(({ minQuantity }) => minQuantity <= wish.quantity);
  const amount = line && told(line.amountMinor);
  if (!line || !amount || !Number.isSafeInteger(amount.amountMinor * wish.quantity)) return null;
  const compareAt = line.compareAtMinor === null ? null : told(line.compareAtMinor);
  const larger = steps.filter(({ minQuantity }) => minQuantity > wish.quantity);
  return {
    amount,
    // Rounding may bring both to the same amount, and then nothing is reduced.
    compareAt: compareAt && compareAt.amountMinor > amount.amountMinor ? compareAt : null,
    minQuantity: line.minQuantity,
    tiers: larger.flatMap(({ minQuantity, amountMinor }) => {
      const tier = told(amountMinor);
      return tier ? [{ minQuantity, amount: tier }] : [];
    }),
    list,
    isScheduled: line.startsAtMs !== null,
    conversion: rate && { from: money(line.amountMinor, list.currency), rate },
  };
};

/** The earliest instant still to come at which one of these starts or ends. */
const nextOf = (all: readonly Scheduled[], atMs: number): number =>
  all.reduce((next, { startsAtMs, endsAtMs }) => {
    const starts = startsAtMs !== null && startsAtMs > atMs ? startsAtMs : Infinity;
    const ends = endsAtMs !== null && endsAtMs > atMs ? endsAtMs : Infinity;
    return Math.min(next, starts, ends);
  }, Infinity);

/**
 * What one piece of a variant costs. The first list in the wished currency that prices it decides; where none does,
 * the first in the base currency, converted.
 */
export const priceOf = (lines: readonly PriceLine[], tariff: Tariff, wish: PriceWish): PriceAnswer => {
  const { atMs, baseCurrency, rates, rules } = tariff;
  const { currency } = wish;
  const { rate = null, nextFromMs = null } = (currency !== baseCurrency && rates.get(currency)) || {};
  const rule = rules.get(currency) ?? plainRule(currency);

  const lists = tariff.lists.filter((list) => isFor(list, wish));
  const own = lists.filter((list) => list.currency === currency);
  const foreign = rate ? lists.filter((list) => list.currency === baseCurrency) : [];
  const asIs: Told = (amountMinor) => money(amountMinor, currency);
  const converted: Told = (amountMinor) => {
    const amount = rate && convert(amountMinor, { from: baseCurrency, rate, rule });
    return amount === null ? null : money(amount, currency);
  };
  const asked = [
    ...own.map((list) => ({ list, told: asIs, rate: null })),
    ...foreign.map((list) => ({ list, told: converted, rate })),
  ];

  let price: Priced | null = null;
  for (const each of asked) {
    if (!holds(each.list, atMs)) continue;
    price = pricedIn(lines, { ...each, wish, atMs });
    if (price) break;
  }
  const ids = new Set(asked.map(({ list }) => list.id));
  const next = Math.min(
    nextOf([...own, ...foreign], atMs),
    nextOf(
      lines.filter(({ listId }) => ids.has(listId)),
      atMs,
    ),
    nextFromMs ?? Infinity,
  );
  return { price, nextChangeMs: next === Infinity ? null : next };
};
