import { subtract, sum } from '@storegraph/money';
import { type Cut, cutOf, type Remaining } from './promotion-action-domain.ts';
import { obstacleTo, type Promotion, type Situation } from './promotion-domain.ts';

export type Applied = { readonly promotion: Promotion; readonly cut: Cut };

/** What a set of promotions comes to. */
export type Stack = { readonly applied: readonly Applied[]; readonly remaining: Remaining };

/** More would be a mistake of the shop, and would be felt in every quote. */
export const maxPromotions = 200;

const isDiscount = ({ action }: Promotion): boolean =>
  action.kind !== 'EARN_POINTS' && action.kind !== 'SPEND_POINTS';

/**
 * By priority; of equal ones first those that need no coupon, so that none is used up for what is given anyway; then
 * by id, so that the order they were read in never matters.
 */
export const inOrder = (promotions: readonly Promotion[]): Promotion[] =>
  [...promotions].sort(
    (a, b) =>
      a.priority - b.priority || Number(a.needsCoupon) - Number(b.needsCoupon) || (a.id < b.id ? -1 : 1),
  );

/**
 * Chooses for the customer: all that stack together, or one that is exclusive, whichever saves more. Where they
 * save the same the stack is chosen, then the exclusive one of the lowest priority.
 */
export const bestStack = (
  promotions: readonly Promotion[],
  situation: Situation,
  whole: Remaining,
): Stack => {
  const eligible = inOrder(promotions.filter(isDiscount)).filter(
    (promotion) => obstacleTo(promotion, situation) === null,
  );
  const together = eligible.filter(({ isExclusive }) => !isExclusive);
  const alone = eligible.filter(({ isExclusive }) => isExclusive);
  const choices = [together, ...alone.map((promotion) => [promotion])].map((choice) =>
    applyAll(choice, situation, whole),
  );
  return choices.reduce((best, choice) => (isBetter(choice, best) ? choice : best));
};

const isBetter = (choice: Stack, best: Stack): boolean => {
  const difference = savedBy(choice) - savedBy(best);
  return difference > 0 || (difference === 0 && best.applied.length === 0);
};

const savedBy = ({ applied }: Stack): number => applied.reduce((units, { cut }) => units + savingOf(cut), 0);

const savingOf = ({ lines, shipping }: Cut): number =>
  sum(lines, shipping.currency).amountMinor + shipping.amountMinor;

/** One after the other, each on what the earlier left; of a group the first that takes anything off. */
const applyAll = (promotions: readonly Promotion[], situation: Situation, whole: Remaining): Stack => {
  const takenGroups = new Set<string>();
  return rivalsOf(promotions).reduce<Stack>(
    (stack, rivals) => {
      const group = rivals[0]?.stackingGroup ?? null;
      if (group !== null && takenGroups.has(group)) return stack;
      const best = bestOf(rivals, situation, stack.remaining);
      if (!best) return stack;
      if (group !== null) takenGroups.add(group);
      return { applied: [...stack.applied, best], remaining: without(stack.remaining, best.cut) };
    },
    { applied: [], remaining: whole },
  );
};

/** Promotions of one group and one priority are rivals: the one that saves most comes first. */
const rivalsOf = (promotions: readonly Promotion[]): Promotion[][] => {
  const rivals = new Map<string, Promotion[]>();
  for (const promotion of promotions) {
    const { priority, stackingGroup, id } = promotion;
    const key = stackingGroup === null ? `alone ${id}` : `group ${priority} ${stackingGroup}`;
    rivals.set(key, [...(rivals.get(key) ?? []), promotion]);
  }
  return [...rivals.values()];
};

const bestOf = (rivals: readonly Promotion[], situation: Situation, remaining: Remaining): Applied | null =>
  rivals.reduce<Applied | null>((best, promotion) => {
    const cut = cutOf(promotion, situation, remaining);
    if (!cut) return best;
    return best && savingOf(best.cut) >= savingOf(cut) ? best : { promotion, cut };
  }, null);

export const without = ({ lines, shipping, hasFreeShipping }: Remaining, cut: Cut): Remaining => ({
  lines: lines.map((line, place) => {
    const taken = cut.lines[place];
    return taken ? subtract(line, taken) : line;
  }),
  shipping: subtract(shipping, cut.shipping),
  hasFreeShipping: hasFreeShipping || cut.makesShippingFree,
});
