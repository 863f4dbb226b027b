import type { Database } from '@storegraph/postgres';
import type { CouponRow } from './coupon-repository.ts';
import type { Loaders } from './loaders.ts';
import type { PointsEntryRow } from './points-repository.ts';
import type { Promotion } from './promotion-domain.ts';
import {
  maxCouponsInPage,
  maxEntriesInPage,
  maxPromotionsInPage,
  type Page,
  pageOf,
  pageWish,
} from './promotion-listing-domain.ts';
import { pageOfPromotions } from './promotion-repository.ts';
import { isId } from './variant-repository.ts';

export type PromotionPage = Page<Promotion>;
export type CouponPage = Page<CouponRow>;
export type EntryPage = Page<PointsEntryRow>;

type Problem = { readonly problem: string };
type Wish = { readonly first: number; readonly after: string | null | undefined };

export const openPromotions = async (
  db: Database,
  wish: Wish & { readonly isActive: boolean | null },
): Promise<PromotionPage | Problem> => {
  const page = pageWish('promotion', wish, maxPromotionsInPage);
  if ('problem' in page) return page;
  if (page.before !== null && !isId(page.before)) return { problem: 'after is no cursor of this list.' };
  const rows = await pageOfPromotions(db, { ...page, isActive: wish.isActive });
  return pageOf('promotion', rows, page, ({ id }) => id);
};

export const openCoupons = async (
  loaders: Loaders,
  { promotionId, batchId, ...wish }: Wish & { readonly promotionId: string; readonly batchId: string | null },
): Promise<CouponPage | Problem> => {
  const page = pageWish('coupon', wish, maxCouponsInPage);
  if ('problem' in page) return page;
  const before = page.before === null ? null : Number(page.before);
  const rows = await loaders.coupons.load({ promotionId, batchId, before, limit: page.limit });
  return pageOf('coupon', rows, page, ({ place }) => place);
};

export const openEntries = async (
  loaders: Loaders,
  { customerId, ...wish }: Wish & { readonly customerId: string },
): Promise<EntryPage | Problem> => {
  const page = pageWish('entry', wish, maxEntriesInPage);
  if ('problem' in page) return page;
  const before = page.before === null ? null : Number(page.before);
  const rows = await loaders.pointsEntries.load({ customerId, before, limit: page.limit });
  return pageOf('entry', rows, page, ({ id }) => id);
};
