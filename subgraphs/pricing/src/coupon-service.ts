import { randomBytes } from 'node:crypto';
import { type Database, newId, type Transaction } from '@storegraph/postgres';
import type { z } from 'zod';
import {
  bytesPerCode,
  type CouponState,
  codesFrom,
  couponKeyOf,
  isCouponKey,
  obstacleToRedeeming,
} from './coupon-domain.ts';
import {
  codesOfCheckout,
  couponsToRedeem,
  hasOtherOrders,
  insertCoupons,
  lockCheckout,
  lockCoupons,
  markWithdrawn,
  type Owner,
  writeRedemption,
  writeRelease,
} from './coupon-repository.ts';
import { createChange, type Ending, ended, InputRefused } from './promotion-change-service.ts';
import * as inputs from './promotion-inputs.ts';
import { promotionsByIds } from './promotion-repository.ts';

export type CouponCreated = { readonly __typename: 'CouponCreated'; readonly key: string };
export type CouponWithdrawn = { readonly __typename: 'CouponWithdrawn'; readonly key: string };
export type CouponsGenerated = {
  readonly __typename: 'CouponsGenerated';
  readonly batchId: string;
  readonly promotionId: string;
  readonly count: number;
};
type OfCode<Name extends string> = {
  readonly __typename: Name;
  readonly message: string;
  readonly code: string;
};
type PromotionNotFound = {
  readonly __typename: 'PromotionNotFound';
  readonly message: string;
  readonly promotionId: string;
};
type OfCheckout<Name extends string> = {
  readonly __typename: Name;
  readonly checkoutId: string;
  readonly codes: readonly string[];
};
type CouponsRefused = {
  readonly __typename: 'CouponsRefused';
  readonly message: string;
  readonly coupons: readonly {
    readonly code: string;
    readonly state: CouponState;
    readonly reason: string;
  }[];
};
type CheckoutReleased = {
  readonly __typename: 'CheckoutReleased';
  readonly message: string;
  readonly checkoutId: string;
};

/** Codes, and what orders use up of them. */
export const createCoupons = ({ db }: { readonly db: Database }) => {
  const change = createChange(db);
  return {
    create: change('couponCreate', inputs.couponCreate, create),
    generate: change('couponsGenerate', inputs.couponsGenerate, generate),
    withdraw: change('couponWithdraw', inputs.couponWithdraw, withdraw),
    redeem: change('couponRedeem', inputs.couponRedeem, redeem),
    release: change('couponRelease', inputs.couponRelease, release),
  };
};

/** The promotion that coupons are made for, or why not. */
const findPromotion = async (tx: Transaction, promotionId: string): Promise<PromotionNotFound | null> => {
  const [promotion] = await promotionsByIds(tx, [promotionId]);
  if (!promotion) {
    const message = 'There is no such promotion: save it first.';
    return { __typename: 'PromotionNotFound', message, promotionId };
  }
  if (promotion.needsCoupon) return null;
  throw new InputRefused([
    { path: ['promotionId'], message: 'is of a promotion that applies without a coupon' },
  ]);
};

const create = async (
  tx: Transaction,
  { code, ...coupon }: z.output<typeof inputs.couponCreate>,
): Promise<Ending<CouponCreated | OfCode<'CouponCodeTaken'> | PromotionNotFound>> => {
  const missing = await findPromotion(tx, coupon.promotionId);
  if (missing) return ended(missing);
  const key = couponKeyOf(code);
  const made = await insertCoupons(tx, [{ key, code }], { ...coupon, batchId: null });
  if (made === 1) return ended({ __typename: 'CouponCreated', key });
  return ended({ __typename: 'CouponCodeTaken', message: `The code ${code} is taken.`, code });
};

const generate = async (
  tx: Transaction,
  { count, prefix, ...coupon }: z.output<typeof inputs.couponsGenerate>,
): Promise<Ending<CouponsGenerated | PromotionNotFound>> => {
  const missing = await findPromotion(tx, coupon.promotionId);
  if (missing) return ended(missing);
  const { promotionId } = coupon;
  const batchId = newId();
  // Of 60 bits two are as good as never the same, and then the next try makes others.
  for (let left = count; left > 0; ) {
    const made = codesFrom(randomBytes(left * bytesPerCode), prefix);
    const coupons = made.map((code) => ({ code, key: couponKeyOf(code) }));
    left -= await insertCoupons(tx, coupons, { ...coupon, batchId, customerId: null });
  }
  return ended({ __typename: 'CouponsGenerated', batchId, promotionId, count }, [
    { type: 'pricing.coupons_generated', aggregateId: promotionId, data: { batchId, promotionId, count } },
  ]);
};

const withdraw = async (
  tx: Transaction,
  { code }: z.output<typeof inputs.couponWithdraw>,
): Promise<Ending<CouponWithdrawn | OfCode<'CouponNotFound'>>> => {
  const key = couponKeyOf(code);
  if (isCouponKey(key) && (await markWithdrawn(tx, key)))
    return ended({ __typename: 'CouponWithdrawn', key });
  return ended({ __typename: 'CouponNotFound', message: 'There is no such coupon.', code });
};

const redeem = async (
  tx: Transaction,
  { checkoutId, ownerKind, ownerId, codes }: z.output<typeof inputs.couponRedeem>,
): Promise<Ending<OfCheckout<'CouponsRedeemed'> | CouponsRefused | CheckoutReleased>> => {
  const owner: Owner = { kind: ownerKind, id: ownerId };
  const known = await lockCheckout(tx, checkoutId, owner);
  if (known?.isReleased) {
    const message = 'The checkout gave back what it had used: begin another.';
    return ended({ __typename: 'CheckoutReleased', message, checkoutId });
  }
  if (known && (known.ownerKind !== owner.kind || known.ownerId !== owner.id)) {
    throw new InputRefused([{ path: ['checkoutId'], message: 'is the checkout of somebody else' }]);
  }
  const used = new Set(known?.keys);
  const wanted = new Map(codes.map((code) => [couponKeyOf(code), code] as const));
  const keys = [...wanted.keys()].filter((key) => !used.has(key)).sort();
  const look = () => refusedOf(tx, { checkoutId, owner, keys, wanted });
  // Looked at before they are locked too: buyers who come too late for a coupon need not wait for each other.
  let refused = await look();
  if (refused.length === 0 && keys.length > 0) {
    await lockCoupons(tx, keys);
    refused = await look();
  }
  if (refused.length > 0) {
    const message = 'Some coupons cannot be used any more. Nothing was used up: quote the cart again.';
    return ended({ __typename: 'CouponsRefused', message, coupons: refused });
  }
  await writeRedemption(tx, { checkoutId, owner, keys });
  const all = await codesOfCheckout(tx, checkoutId);
  const data = { checkoutId, codes: all };
  const isNews = keys.length > 0;
  return ended(
    { __typename: 'CouponsRedeemed', ...data },
    isNews ? [{ type: 'pricing.coupons_redeemed', aggregateId: checkoutId, data }] : [],
  );
};

/** Which coupons cannot be used, and why. */
const refusedOf = async (
  tx: Transaction,
  {
    checkoutId,
    owner,
    keys,
    wanted,
  }: {
    readonly checkoutId: string;
    readonly owner: Owner;
    readonly keys: readonly string[];
    readonly wanted: ReadonlyMap<string, string>;
  },
): Promise<CouponsRefused['coupons']> => {
  if (keys.length === 0) return [];
  const found = await couponsToRedeem(tx, keys.filter(isCouponKey), owner);
  const coupons = new Map(found.map((coupon) => [coupon.key, coupon]));
  const isAsked = found.some(({ isFirstOrderOnly }) => isFirstOrderOnly);
  const isFirstOrder = isAsked && !(await hasOtherOrders(tx, checkoutId, owner));
  return keys.flatMap((key) => {
    const code = wanted.get(key) ?? key;
    const coupon = coupons.get(key);
    if (!coupon) return [{ code, state: 'UNKNOWN' as const, reason: 'There is no such code.' }];
    const obstacle = obstacleToRedeeming(coupon, { ...owner, isFirstOrder });
    return obstacle ? [{ code, ...obstacle }] : [];
  });
};

const release = async (
  tx: Transaction,
  { checkoutId }: z.output<typeof inputs.couponRelease>,
): Promise<Ending<OfCheckout<'CouponsReleased'>>> => {
  await lockCheckout(tx, checkoutId, null);
  const given = await writeRelease(tx, checkoutId);
  const codes = await codesOfCheckout(tx, checkoutId);
  const isNews = given.length > 0;
  return ended(
    { __typename: 'CouponsReleased', checkoutId, codes },
    isNews
      ? [{ type: 'pricing.coupons_released', aggregateId: checkoutId, data: { checkoutId, codes: given } }]
      : [],
  );
};
