import type { Database } from '@storegraph/postgres';
import DataLoader from 'dataloader';
import { couponKeyOf, isCouponKey } from './coupon-domain.ts';
import { type CouponRow, type CouponsWish, couponsByKeys, pagesOfCoupons } from './coupon-repository.ts';
import type { Caller } from './guess-service.ts';
import {
  accountsOf,
  type EntriesWish,
  type PointsEntryRow,
  type PointsRow,
  pagesOfEntries,
} from './points-repository.ts';
import type { Promotion } from './promotion-domain.ts';
import type { CartToQuote } from './promotion-inputs.ts';
import { promotionsByIds } from './promotion-repository.ts';
import type { createQuotes, SignedQuote, UnquotableCart } from './quote-service.ts';

/** The router hands over a page of carts at most. */
const maxBatchSize = 100;

/** Reads of one request, gathered into one statement for each kind. */
export const createPromotionLoaders = (
  db: Database,
  { quotes, ...caller }: Caller & { readonly quotes: ReturnType<typeof createQuotes> },
) => ({
  promotion: new DataLoader<string, Promotion | null>(async (ids) => {
    const found = new Map((await promotionsByIds(db, ids)).map((promotion) => [promotion.id, promotion]));
    return ids.map((id) => found.get(id.toLowerCase()) ?? null);
  }),
  coupon: new DataLoader<string, CouponRow | null>(async (codes) => {
    const keys = codes.map(couponKeyOf).filter(isCouponKey);
    const found = new Map((await couponsByKeys(db, keys)).map((row) => [row.key, row]));
    return codes.map((code) => found.get(couponKeyOf(code)) ?? null);
  }),
  points: new DataLoader<string, PointsRow>(async (ids) => {
    const found = new Map((await accountsOf(db, ids)).map((row) => [row.customerId, row]));
    return ids.map(
      (customerId) => found.get(customerId.toLowerCase()) ?? { customerId, balance: 0, toUse: 0 },
    );
  }),
  coupons: new DataLoader<CouponsWish, readonly CouponRow[]>((wishes) => pagesOfCoupons(db, wishes), {
    cache: false,
  }),
  pointsEntries: new DataLoader<EntriesWish, readonly PointsEntryRow[]>(
    (wishes) => pagesOfEntries(db, wishes),
    { cache: false },
  ),
  quote: new DataLoader<CartToQuote, SignedQuote | UnquotableCart>(
    (carts) => quotes.quoteAll(carts, caller),
    { maxBatchSize },
  ),
});
