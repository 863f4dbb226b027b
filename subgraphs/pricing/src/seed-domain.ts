import { createHash } from 'node:crypto';

/** What a seeded thing costs at least and at most in cents, by the first letters of its SKU. */
const ranges: Readonly<Record<string, readonly [number, number]>> = {
  JAC: [8_000, 40_000],
  SHI: [2_500, 8_000],
  TRO: [5_000, 16_000],
  SHO: [7_000, 24_000],
  BAC: [4_000, 28_000],
  TEN: [12_000, 80_000],
  SLE: [8_000, 45_000],
  STO: [3_000, 18_000],
  BOT: [1_200, 5_000],
  LAM: [2_000, 12_000],
  HEL: [4_000, 20_000],
  BIC: [60_000, 450_000],
};
const anyRange = [1_500, 20_000] as const;

/** The lists of a seeded shop: one for each currency, and one for a group that buys by the dozen. */
export const seededLists = [
  { code: 'RETAIL', name: 'Retail', currency: 'EUR', includesTax: true, regions: null, customerGroup: null },
  {
    ...{ code: 'US', name: 'United States', currency: 'USD', includesTax: false, regions: ['US'] },
    customerGroup: null,
  },
  {
    ...{ code: 'TRADE', name: 'Trade', currency: 'EUR', includesTax: false, regions: null },
    customerGroup: 'TRADE',
  },
] as const;

export const seededGroup = { code: 'TRADE', name: 'Trade customers' } as const;

/** For one euro, about as it was when this was written. */
export const seededRates = [
  { currency: 'USD', rate: '1.16' },
  { currency: 'GBP', rate: '0.87' },
  { currency: 'CHF', rate: '0.93' },
  { currency: 'SEK', rate: '11' },
  { currency: 'PLN', rate: '4.25' },
  { currency: 'JPY', rate: '176' },
] as const;

export const seededRules = [
  { currency: 'CHF', stepMinor: 5, endingMinor: 0, mode: 'HALF_UP' },
  { currency: 'GBP', stepMinor: 100, endingMinor: 99, mode: 'HALF_UP' },
  { currency: 'USD', stepMinor: 100, endingMinor: 99, mode: 'HALF_UP' },
  { currency: 'SEK', stepMinor: 100, endingMinor: 0, mode: 'HALF_UP' },
  { currency: 'JPY', stepMinor: 10, endingMinor: 0, mode: 'HALF_UP' },
] as const;

type SeededPrice = {
  readonly listCode: (typeof seededLists)[number]['code'];
  readonly minQuantity: number;
  readonly amountMinor: number;
  readonly compareAtMinor: number | null;
  readonly startsAt: Date | null;
  readonly endsAt: Date | null;
};

/** A sale begins at the next full hour, so that whoever opens the shop can see it come. */
const hourMs = 60 * 60_000;
const saleMs = 7 * 24 * hourMs;

/** Prices of a variant, by the product alone, so that its sizes cost the same: some reduced, a few with a sale to come. */
export const seededPrices = (productId: string, sku: string, now: Date): SeededPrice[] => {
  const digest = createHash('sha256').update(productId).digest();
  const [least, most] = ranges[sku.slice(0, 3)] ?? anyRange;
  // Squared: there are more cheap things than dear ones.
  const share = (digest.readUInt32BE(0) / 2 ** 32) ** 2;
  const amountMinor = endingIn(95, least + share * (most - least));
  const [kind = 0] = digest.subarray(4);
  const reduced = (amount: number, ending: number) =>
    kind < 38 ? endingIn(ending, amount * (1.15 + kind / 150)) : null;
  const price = { minQuantity: 1, compareAtMinor: null, startsAt: null, endsAt: null };
  const dollars = endingIn(99, amountMinor * 1.12);
  const written: SeededPrice[] = [
    { ...price, listCode: 'RETAIL', amountMinor, compareAtMinor: reduced(amountMinor, 95) },
    { ...price, listCode: 'US', amountMinor: dollars, compareAtMinor: reduced(dollars, 99) },
    { ...price, listCode: 'TRADE', minQuantity: 12, amountMinor: Math.round(amountMinor * 0.7) },
  ];
  if (kind < 250) return written;
  const startsAt = new Date(Math.ceil((now.getTime() + 1) / hourMs) * hourMs);
  const sale = {
    ...({ listCode: 'RETAIL', minQuantity: 1, amountMinor: endingIn(95, amountMinor * 0.8) } as const),
    ...{ compareAtMinor: amountMinor, startsAt, endsAt: new Date(startsAt.getTime() + saleMs) },
  };
  return [...written, sale];
};

const endingIn = (cents: number, amount: number): number => Math.floor(amount / 100) * 100 + cents;
