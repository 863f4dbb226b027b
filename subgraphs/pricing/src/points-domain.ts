import { money, sum } from '@storegraph/money';
import { type Cut, type Remaining, spread } from './promotion-action-domain.ts';
import { isAbout, obstacleTo, type Promotion, type Situation } from './promotion-domain.ts';
import { type Applied, inOrder } from './promotion-stack-domain.ts';

/** More points than this on one order are a slip of the keyboard; the number still is a GraphQL Int. */
export const maxPoints = 1_000_000_000;

/** Points that pay for goods: the first promotion that gives them a worth decides which. */
export type Spending = Applied & { readonly points: number };

/** What the buyer's points pay; null when they pay nothing. Only whole points are spent, and never more than asked. */
export const spendPoints = (
  promotions: readonly Promotion[],
  situation: Situation,
  remaining: Remaining,
): Spending | null => {
  const wanted = Math.min(situation.buyer.points.balance, situation.buyer.points.toUse, maxPoints);
  if (situation.buyer.kind !== 'customer' || wanted < 1) return null;
  for (const promotion of inOrder(promotions)) {
    if (promotion.action.kind !== 'SPEND_POINTS' || obstacleTo(promotion, situation)) continue;
    const worth = promotion.action.worth[situation.currency];
    if (worth === undefined) continue;
    const about = situation.lines.flatMap((line, place) => {
      const left = remaining.lines[place];
      return left && isAbout(promotion.conditions, line) ? [{ left, place }] : [];
    });
    const payable = sum(
      about.map(({ left }) => left),
      situation.currency,
    ).amountMinor;
    // In whole numbers: a payable amount times 10,000 may leave the exact range.
    const most = Number((BigInt(payable) * BigInt(promotion.action.maxBasisPoints)) / 10_000n);
    const points = Math.min(wanted, Math.floor(most / worth));
    if (points < 1) continue;
    const takes = spread(money(points * worth, situation.currency), about);
    const cut: Cut = {
      lines: remaining.lines.map((_, place) => takes.get(place) ?? money(0, situation.currency)),
      shipping: money(0, situation.currency),
      makesShippingFree: false,
    };
    return { promotion, cut, points };
  }
  return null;
};

/** Points that an order earns, and by which promotions. */
export type Earning = { readonly points: number; readonly promotionIds: readonly string[] };

/** What an order earns on what is left to pay for goods: of each stacking group the promotion that gives most. */
export const earnPoints = (
  promotions: readonly Promotion[],
  situation: Situation,
  remaining: Remaining,
): Earning => {
  const groups = new Map<string, { readonly promotionId: string; readonly points: number }>();
  for (const promotion of inOrder(promotions)) {
    if (promotion.action.kind !== 'EARN_POINTS' || obstacleTo(promotion, situation)) continue;
    const per = promotion.action.per[situation.currency];
    if (per === undefined) continue;
    const paid = situation.lines.reduce(
      (units, line, place) =>
        units + (isAbout(promotion.conditions, line) ? (remaining.lines[place]?.amountMinor ?? 0) : 0),
      0,
    );
    const points = Math.min(Math.floor(paid / per) * promotion.action.points, maxPoints);
    const group =
      promotion.stackingGroup === null ? `alone ${promotion.id}` : `group ${promotion.stackingGroup}`;
    if (points > (groups.get(group)?.points ?? 0)) groups.set(group, { promotionId: promotion.id, points });
  }
  const earned = [...groups.values()];
  return {
    points: Math.min(
      earned.reduce((sum, { points }) => sum + points, 0),
      maxPoints,
    ),
    promotionIds: earned.map(({ promotionId }) => promotionId),
  };
};

/** Why points came or went. */
export type PointsReason = 'EARNED' | 'SPENT' | 'SPENT_RETURNED' | 'EARNED_REVERSED';

/** What an order did to a balance. */
export type PointsMove = { readonly reason: PointsReason; readonly delta: number };

/**
 * What undoes an order. Points it was paid with come back first; of those it earned as many go as are there then,
 * since what the customer has spent on another order stays spent.
 */
export const undoing = (moves: readonly PointsMove[], balance: number): PointsMove[] => {
  const spent = moves.find(({ reason }) => reason === 'SPENT')?.delta ?? 0;
  const earned = moves.find(({ reason }) => reason === 'EARNED')?.delta ?? 0;
  const returned = -spent;
  const takenBack = Math.min(earned, balance + returned);
  const undone: PointsMove[] = [
    { reason: 'SPENT_RETURNED', delta: returned },
    { reason: 'EARNED_REVERSED', delta: -takenBack },
  ];
  return undone.filter(({ delta }) => delta !== 0);
};
