import { zero } from '@storegraph/money';
import { type CouponOfBuyer, type CouponState, obstacleToCoupon } from './coupon-domain.ts';
import type { Earning } from './points-domain.ts';
import { obstacleTo, type Promotion, type Situation } from './promotion-domain.ts';
import { bestStack } from './promotion-stack-domain.ts';
import type { AppliedCut } from './quote-adjustment-domain.ts';
import type { QuoteInput } from './quote-domain.ts';

/** A code of a cart with what was found under it. */
export type EnteredCoupon = {
  readonly code: string;
  readonly coupon: CouponOfBuyer | null;
  /** Its owner has entered too many wrong ones, so nothing was looked up. */
  readonly isBarred: boolean;
};

/** What became of a code. */
export type QuotedCoupon = {
  readonly code: string;
  readonly state: CouponState;
  readonly reason: string;
  readonly promotionId: string | null;
};

/** The promotions that may count: those that need no code, and those of codes the buyer may use. */
export type Usable = {
  readonly promotions: readonly Promotion[];
  /** The code that switched a promotion on: of several the first as entered. */
  readonly couponOf: ReadonlyMap<string, string>;
};

export const usableOf = ({
  promotions,
  coupons,
  buyer,
}: Pick<QuoteInput, 'promotions' | 'coupons' | 'buyer'>): Usable => {
  const needed = new Map(promotions.filter(({ needsCoupon }) => needsCoupon).map((each) => [each.id, each]));
  const couponOf = new Map<string, string>();
  for (const { code, coupon } of coupons) {
    if (!coupon || obstacleToCoupon(coupon, buyer)) continue;
    const { promotionId } = coupon;
    if (needed.has(promotionId) && !couponOf.has(promotionId)) couponOf.set(promotionId, code);
  }
  return {
    promotions: promotions.filter(({ id, needsCoupon }) => !needsCoupon || couponOf.has(id)),
    couponOf,
  };
};

type Outcome = {
  readonly usable: Usable;
  readonly input: QuoteInput;
  readonly situation: Situation;
  readonly applied: readonly AppliedCut[];
  readonly earning: Earning;
};

/** What became of each code, in the order entered. */
export const couponsOf = (outcome: Outcome): QuotedCoupon[] =>
  outcome.input.coupons.map((entered) => {
    const verdict = verdictOn(entered, outcome);
    const isKnown = verdict.state !== 'UNKNOWN' && verdict.state !== 'TOO_MANY_TRIES';
    return {
      code: entered.code,
      ...verdict,
      promotionId: isKnown ? (entered.coupon?.promotionId ?? null) : null,
    };
  });

type Verdict = { readonly state: CouponState; readonly reason: string };

const verdictOn = ({ code, coupon, isBarred }: EnteredCoupon, outcome: Outcome): Verdict => {
  const { usable, input, situation, applied, earning } = outcome;
  if (isBarred)
    return { state: 'TOO_MANY_TRIES', reason: 'Too many codes were wrong: wait a while and try again.' };
  const promotion = input.promotions.find(({ id }) => id === coupon?.promotionId);
  if (!coupon || !promotion) return { state: 'UNKNOWN', reason: 'There is no such code.' };
  const obstacle = obstacleToCoupon(coupon, input.buyer) ?? obstacleTo(promotion, situation);
  if (obstacle) return obstacle;
  const isFirst = usable.couponOf.get(promotion.id) === code;
  const given = [...applied.map(({ promotionId }) => promotionId), ...earning.promotionIds];
  if (isFirst && given.includes(promotion.id)) return { state: 'COUNTS', reason: `${promotion.name}.` };
  const isFreeAnyway =
    promotion.action.kind === 'FREE_SHIPPING' && applied.some((cut) => cut.makesShippingFree);
  if (isFirst && !isFreeAnyway && savesAlone(promotion, outcome))
    return { state: 'NOT_COMBINABLE', reason: 'It cannot be combined with what saves more.' };
  return { state: 'NOT_NEEDED', reason: 'It takes nothing off this cart.' };
};

const savesAlone = (promotion: Promotion, { input, situation }: Outcome): boolean => {
  const shipping = input.shipping?.amount ?? zero(input.currency);
  const lines = situation.lines.map(({ subtotal }) => subtotal);
  const whole = { lines, shipping, hasFreeShipping: false };
  return bestStack([promotion], situation, whole).applied.length > 0;
};
