import { AmountOutOfRangeError } from '@storegraph/money';
import { type Database, transaction } from '@storegraph/postgres';
import { hasScope, parseInput, type Viewer } from '@storegraph/server';
import { type CouponOfBuyer, couponKeyOf, isBarred, isCouponKey } from './coupon-domain.ts';
import { noteGuesses } from './guess-repository.ts';
import { type Caller, forgive, takeTry } from './guess-service.ts';
import { priceOf } from './price-domain.ts';
import { type PriceBook, readPriceBook } from './price-repository.ts';
import type { Buyer, Promotion } from './promotion-domain.ts';
import { type CartToQuote, cartToQuote } from './promotion-inputs.ts';
import { promotionsForQuotes } from './promotion-repository.ts';
import type { EnteredCoupon } from './quote-coupon-domain.ts';
import { type Quote, quote, type UnitPrice } from './quote-domain.ts';
import { couponsEntered, type Entered, type OwnerRow, ownersOf, quoteKeys } from './quote-repository.ts';
import { readToken, type SeenQuote, tokenOf } from './quote-token-domain.ts';
import type { TaxRate } from './tax-domain.ts';
import { type KnownVariant, variantsByIds } from './variant-repository.ts';

/** Who says which taxes there are: the shop's own table, or a service that knows all of them. */
export type TaxProvider = (regions: readonly string[]) => Promise<readonly TaxRate[]>;

type Needs = { readonly db: Database; readonly baseCurrency: string; readonly taxes: TaxProvider };

/** A cart as the router hands it over: what it requires has passed no type. */
export type CartReference = {
  readonly id: string;
  readonly ownerKind?: unknown;
  readonly ownerId?: unknown;
};

/** The one door to quotes: whose cart it is, and who may read carts. To everybody else there is no such cart. */
export const isCartVisibleTo = (viewer: Viewer, { ownerKind, ownerId }: CartReference): boolean =>
  hasScope(viewer, 'cart:read') ||
  (viewer.kind !== 'anonymous' && viewer.kind === ownerKind && viewer.id === ownerId);

export type SignedQuote = Quote & { readonly token: string };

/** A cart that has no quote, and why. */
export type UnquotableCart = { readonly problem: string };

/** What carts cost. Any number of them takes the same number of statements. */
export const createQuotes = (needs: Needs) => ({
  quoteAll: async (
    carts: readonly CartToQuote[],
    caller: Caller,
  ): Promise<(SignedQuote | UnquotableCart)[]> => {
    const taken = await takeTry(needs.db, caller, keysOf(carts));
    const read = await readAll(needs, carts, taken.isBarred);
    await forgive(needs.db, taken, [...read.coupons.values()]);
    const { owners } = read;
    const quotes = carts.map((cart, place) => {
      const owner = owners[place];
      if (!owner) throw new Error('The owner of a cart was not read.');
      return quoteOrRefuse(read, cart, owner);
    });
    await noteWrongCodes(needs.db, carts, { owners, quotes });
    const [key] = read.keys;
    if (!key) throw new Error('There is no key to sign quotes with.');
    return quotes.map((each) => ('problem' in each ? each : { ...each, token: tokenOf(each, key) }));
  },

  /** A cart that was handed over, if it is one that can be quoted. */
  parse: (cart: CartReference): CartToQuote | { readonly problem: string } => {
    const parsed = parseInput(cartToQuote, cart);
    return 'invalid' in parsed ? { problem: parsed.invalid.message } : parsed.input;
  },

  /** What a token says, and whether its time is over; null when we have not given it. */
  check: async (token: string): Promise<(SeenQuote & { readonly isExpired: boolean }) | null> => {
    const keys = await quoteKeys(needs.db);
    const seen = readToken(token, keys);
    // By the clock that quotes are made by: every process has its own.
    const now = keys[0]?.nowMs ?? 0;
    return seen && { ...seen, isExpired: seen.expiresAt.getTime() <= now };
  },
});

type Read = {
  readonly book: PriceBook;
  readonly variants: ReadonlyMap<string, KnownVariant>;
  readonly owners: readonly OwnerRow[];
  /** The caller's address has entered too many wrong codes. */
  readonly isAddressBarred: boolean;
  readonly promotions: readonly Promotion[];
  readonly coupons: ReadonlyMap<string, CouponOfBuyer>;
  readonly taxes: readonly TaxRate[];
  readonly keys: Awaited<ReturnType<typeof quoteKeys>>;
};

const distinct = (values: readonly string[]): string[] => [...new Set(values)];

const enteredIn = ({ ownerKind: kind, ownerId: id, couponCodes }: CartToQuote): Entered[] =>
  distinct(couponCodes.map(couponKeyOf))
    .filter(isCouponKey)
    .map((key) => ({ kind, id, key }));

const keysOf = (carts: readonly CartToQuote[]): string[] =>
  distinct(carts.flatMap((cart) => enteredIn(cart).map(({ key }) => key)));

const entryOf = ({ kind, id, key }: Entered): string => `${kind} ${id} ${key}`;

const readAll = async (
  { db, baseCurrency, taxes }: Needs,
  carts: readonly CartToQuote[],
  isAddressBarred: boolean,
): Promise<Read> => {
  const variantIds = distinct(carts.flatMap(({ lines }) => lines.map(({ variantId }) => variantId)));
  const currencies = distinct(carts.map(({ currency }) => currency));
  const entered = carts.flatMap(enteredIn);
  const owners = carts.map(({ ownerKind, ownerId, region }) => ({ kind: ownerKind, id: ownerId, region }));
  const [book, variants, ownerRows, promotions, coupons, rates, signing] = await Promise.all([
    readPriceBook(db, { variantIds, currencies, baseCurrency, customerId: null }),
    variantsByIds(db, variantIds),
    ownersOf(db, owners),
    promotionsForQuotes(db, keysOf(carts)),
    entered.length === 0 ? [] : couponsEntered(db, entered),
    taxes(distinct(carts.map(({ region }) => region))),
    quoteKeys(db),
  ]);
  return {
    ...{ book, promotions, taxes: rates, keys: signing, owners: ownerRows, isAddressBarred },
    variants: new Map(variants.map((variant) => [variant.id, variant])),
    coupons: new Map(
      coupons.map((coupon) => [
        entryOf({ kind: coupon.ownerKind, id: coupon.ownerId, key: coupon.key }),
        coupon,
      ]),
    ),
  };
};

/** One cart that comes to more than can be exact keeps nobody else from their quote. */
const quoteOrRefuse = (read: Read, cart: CartToQuote, owner: OwnerRow): Quote | UnquotableCart => {
  try {
    return quoteOne(read, cart, owner);
  } catch (error) {
    if (error instanceof AmountOutOfRangeError)
      return { problem: 'The cart comes to more than can be reckoned: take something out of it.' };
    throw error;
  }
};

const quoteOne = (read: Read, cart: CartToQuote, owner: OwnerRow): Quote => {
  const { id: cartId, region, currency, lines } = cart;
  const at = new Date(read.book.tariff.atMs);
  return quote({
    ...{ cartId, region, currency, at, lines, shipping: null },
    buyer: buyerOf(cart, owner),
    prices: pricesFor(cart, read, owner.customerGroup),
    promotions: read.promotions,
    coupons: couponsFor(cart, read, owner, at),
    taxes: read.taxes,
    exemptUntil: instantOf(owner.exemptUntilMs),
  });
};

const buyerOf = ({ ownerKind, ownerId }: CartToQuote, owner: OwnerRow): Buyer => ({
  kind: ownerKind,
  id: ownerId,
  groups: owner.customerGroup === null ? [] : [owner.customerGroup],
  isFirstOrder: !owner.hasOrdered,
  points: { balance: owner.balance, toUse: owner.toUse },
  taxExemption: owner.taxExemption,
});

/** Pieces of one variant on several lines are bought together, and reach a tier together. */
const pricesFor = (
  { lines, region, currency }: CartToQuote,
  { book, variants }: Read,
  customerGroup: string | null,
): Map<string, UnitPrice> => {
  const pieces = new Map<string, number>();
  for (const { variantId, quantity } of lines) pieces.set(variantId, (pieces.get(variantId) ?? 0) + quantity);
  const prices = [...pieces].flatMap(([variantId, quantity]) => {
    const variant = variants.get(variantId);
    const wish = { region, currency, quantity, customerGroup };
    const { price, nextChangeMs } = priceOf(book.linesOf(variantId), book.tariff, wish);
    if (!variant || !price) return [];
    const { taxCategory, productId, categoryIds } = variant;
    const until = nextChangeMs === null ? null : new Date(nextChangeMs);
    const { amount: unit, compareAt, list } = price;
    const { includesTax } = list;
    return [
      [variantId, { unit, compareAt, includesTax, taxCategory, productId, categoryIds, until }] as const,
    ];
  });
  return new Map(prices);
};

const couponsFor = (
  cart: CartToQuote,
  { coupons, isAddressBarred }: Read,
  owner: OwnerRow,
  at: Date,
): EnteredCoupon[] => {
  const { ownerKind: kind, ownerId: id, couponCodes } = cart;
  const tries = { wrongCodes: owner.wrongCodes.length, lastAt: instantOf(owner.lastWrongAtMs) };
  const barred = isAddressBarred || isBarred(tries, at);
  return couponCodes.map((code) => ({
    code,
    coupon: barred ? null : (coupons.get(entryOf({ kind, id, key: couponKeyOf(code) })) ?? null),
    isBarred: barred,
  }));
};

const instantOf = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

/** Wrong codes are counted once each, so that a cart that is looked at often with one typing error costs nothing. */
const noteWrongCodes = async (
  db: Database,
  carts: readonly CartToQuote[],
  {
    owners,
    quotes,
  }: { readonly owners: readonly OwnerRow[]; readonly quotes: readonly (Quote | UnquotableCart)[] },
): Promise<void> => {
  const guesses = carts.flatMap((cart, place) => {
    const quoted = quotes[place];
    if (!quoted || 'problem' in quoted) return [];
    const wrong = quoted.coupons.filter(({ state }) => state === 'UNKNOWN');
    const keys = new Set(wrong.map(({ code }) => couponKeyOf(code)));
    const known = owners[place]?.wrongCodes ?? [];
    return enteredIn(cart).filter(({ key }) => keys.has(key) && !known.includes(key));
  });
  if (guesses.length > 0) await transaction(db, (tx) => noteGuesses(tx, guesses));
};
