import type { Reader } from '@storegraph/postgres';
import { maxQuantity, type PriceAnswer, type Priced, priceOf } from './price-domain.ts';
import { readPriceBook } from './price-repository.ts';

/** So many pieces of a variant, for a region, in a currency. */
export type PriceKey = {
  readonly variantId: string;
  readonly region: string;
  readonly currency: string;
  readonly quantity: number;
};

/** Whose prices are read. */
type PriceReading = {
  readonly baseCurrency: string;
  /** The customer, whose group may have prices of its own; null for everybody else. */
  readonly customerId: string | null;
};

/** A price, and for how long it holds. */
export type PriceRead = PriceAnswer & { readonly holdsForMs: number };

/** A price with when it may change. */
export type PriceTold = Priced & Pick<PriceAnswer, 'nextChangeMs'>;

/** Any number of variants, regions, currencies and quantities in one statement, in the order of the keys. */
export const readPrices = async (
  reader: Reader,
  reading: PriceReading,
  keys: readonly PriceKey[],
): Promise<PriceRead[]> => {
  const variantIds = [...new Set(keys.map(({ variantId }) => variantId.toLowerCase()))];
  const currencies = [...new Set(keys.map(({ currency }) => currency))];
  const book = await readPriceBook(reader, { ...reading, variantIds, currencies });
  const { tariff, customerGroup } = book;
  return keys.map(({ variantId, ...wish }) => {
    const answer = priceOf(book.linesOf(variantId), tariff, { ...wish, customerGroup });
    return { ...answer, holdsForMs: (answer.nextChangeMs ?? Infinity) - tariff.atMs };
  });
};

/** A quantity that a price can be told for; a sentence where it is none. */
export const quantityOf = (quantity: number): number | { readonly problem: string } =>
  quantity >= 1 && quantity <= maxQuantity
    ? quantity
    : { problem: `quantity must be 1 to ${maxQuantity}, not ${quantity}.` };

/** How many variants another subgraph may ask for at once. */
const maxVariants = 500;

type Wanted = {
  readonly variantIds: readonly string[];
  readonly region: string;
  readonly currency: string;
  readonly quantities: readonly number[] | null;
};

/** The prices of variants for another subgraph, in the order asked. */
export const pricesOfVariants = async (
  reader: Reader,
  reading: PriceReading,
  { variantIds, region, currency, quantities }: Wanted,
) => {
  if (variantIds.length > maxVariants) return { problem: `Ask for at most ${maxVariants} variants.` };
  if (quantities && quantities.length !== variantIds.length) {
    return { problem: 'quantities must have one number for each variant.' };
  }
  const asked = quantities?.map(quantityOf) ?? [];
  const wrong = asked.find((quantity) => typeof quantity !== 'number');
  if (wrong) return wrong;
  const keys = variantIds.map((variantId, at) => ({
    ...{ variantId, region, currency },
    quantity: quantities?.[at] ?? 1,
  }));
  const prices = await readPrices(reader, reading, keys);
  return prices.map(({ price }, at) => ({
    variantId: variantIds[at] ?? '',
    price: price?.amount ?? null,
    compareAt: price?.compareAt ?? null,
    includesTax: price?.list.includesTax ?? false,
  }));
};
