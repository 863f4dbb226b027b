import { add, type Money, sum, times, zero } from '@storegraph/money';
import type { Cut } from './promotion-action-domain.ts';
import type { Action, Buyer, Promotion } from './promotion-domain.ts';
import type { Applied } from './promotion-stack-domain.ts';

/** One step from the subtotal to the total, in words. */
export type Adjustment = {
  readonly label: string;
  /** Negative: it is taken off. */
  readonly amount: Money;
  readonly reason: string;
  readonly code: 'PROMOTION' | 'COUPON' | 'POINTS' | 'TAX_EXEMPTION';
  readonly promotionId: string | null;
  readonly couponCode: string | null;
};

/** A promotion that was applied, with what is to be said of it. */
export type AppliedCut = Cut &
  Omit<Adjustment, 'amount'> & { readonly promotion: Promotion; readonly whole: Money };

export const describeCut = (
  { promotion, cut, points }: Applied & { readonly points?: number },
  couponOf: ReadonlyMap<string, string>,
): AppliedCut => {
  const couponCode = couponOf.get(promotion.id) ?? null;
  const reason = reasonOf(promotion.action, points ?? 0);
  return {
    ...cut,
    ...{ promotion, promotionId: promotion.id, couponCode, label: promotion.name },
    reason: couponCode === null ? reason : `${reason} With code ${couponCode}.`,
    code: points !== undefined ? 'POINTS' : couponCode === null ? 'PROMOTION' : 'COUPON',
    whole: add(sum(cut.lines, cut.shipping.currency), cut.shipping),
  };
};

/** A share of what was applied: of a line, or the whole. */
export const adjustmentOf = (
  { label, reason, code, promotionId, couponCode }: AppliedCut,
  taken: Money,
): Adjustment => ({ label, amount: times(taken, -1), reason, code, promotionId, couponCode });

/** The tax that is taken out of prices for somebody who pays none. */
export const exemptionOf = (
  { taxExemption }: Buyer,
  amounts: readonly Money[],
  currency: string,
): Adjustment[] => {
  const whole = amounts.reduce(add, zero(currency));
  if (taxExemption === null || whole.amountMinor === 0) return [];
  const named = { code: 'TAX_EXEMPTION' as const, promotionId: null, couponCode: null };
  return [{ label: 'Tax exemption', amount: times(whole, -1), reason: taxExemption, ...named }];
};

/** 1,250 basis points are 12.5 %. */
const percent = (basisPoints: number): string => `${basisPoints / 100} %`;

const reasonOf = (action: Action, points: number): string => {
  switch (action.kind) {
    case 'PERCENT_OFF':
      return `${percent(action.basisPoints)} off.`;
    case 'AMOUNT_OFF':
      return 'A fixed amount off.';
    case 'FREE_SHIPPING':
      return 'Free shipping.';
    case 'TIERED':
      return 'More off the more is bought.';
    case 'BUY_X_GET_Y':
      return action.basisPoints === 10_000
        ? `Buy ${action.buyQuantity}, get ${action.getQuantity} free.`
        : `Buy ${action.buyQuantity}, get ${action.getQuantity} for ${percent(action.basisPoints)} less.`;
    case 'BUNDLE':
      return 'A price for the set.';
    case 'EARN_POINTS':
      return 'Points for this order.';
    case 'SPEND_POINTS':
      return `Paid with ${points} points.`;
  }
};
