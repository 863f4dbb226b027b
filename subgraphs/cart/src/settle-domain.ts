import type { Choice, Conflict, LineConflict } from './conflict-domain.ts';
import type { Cart, Line, Refusal } from './domain.ts';
import { added, type Next, withCoupon, withoutLine } from './line-domain.ts';

type Settlement = {
  readonly conflictId: string;
  readonly choice: Choice;
  /** The id of the line, where one comes to be. */
  readonly lineId: string;
};

/** Settles one conflict of a merge. A line that has gone since is no matter: then there is nothing left to do. */
export const settle = (cart: Cart, settlement: Settlement, at: string): Next => {
  const { conflictId, choice } = settlement;
  const conflict = cart.conflicts.find(({ id }) => id === conflictId);
  if (!conflict) return { refused: notFound(conflictId) };
  if (!conflict.choices.includes(choice)) return { refused: notOffered(conflict) };
  const effect = effectOf(cart, conflict, settlement, at);
  if ('refused' in effect) return effect;
  return { ...effect, conflicts: cart.conflicts.filter((other) => other !== conflict) };
};

const effectOf = (cart: Cart, conflict: Conflict, { choice, lineId }: Settlement, at: string): Next => {
  if ('lineId' in conflict) {
    const of = (lines: readonly Line[]): readonly Line[] =>
      choice === 'REMOVE' ? withoutLine(lines, conflict.lineId) : withChoice(lines, conflict, choice);
    // Meanwhile the line may have been put aside.
    return { lines: of(cart.lines), savedForLater: of(cart.savedForLater) };
  }
  if (conflict.__typename === 'CartCouponLost') {
    return choice === 'TAKE' ? withCoupon(cart, conflict.code) : {};
  }
  if (choice === 'DISMISS') return {};
  const { variantId, quantity } = conflict;
  const line: Line = { id: lineId, variantId, quantity, addedAt: at, seen: null };
  return added(cart, choice === 'TAKE' ? 'lines' : 'savedForLater', line);
};

const withChoice = (lines: readonly Line[], conflict: LineConflict, choice: Choice): readonly Line[] =>
  lines.map((line) =>
    line.id === conflict.lineId
      ? { ...line, quantity: quantityAfter(conflict, choice, line.quantity) }
      : line,
  );

const quantityAfter = (conflict: LineConflict, choice: Choice, now: number): number => {
  if (conflict.__typename === 'CartStockShort') {
    // Who has taken pieces out meanwhile wants no more than are left.
    return choice === 'TAKE_AVAILABLE' ? Math.min(now, conflict.available) : now;
  }
  if (conflict.__typename === 'CartPriceDiffers') return now;
  const { mine, guests } = conflict;
  if (choice === 'ADD_UP') return mine + guests;
  return choice === 'KEEP_MINE' ? mine : guests;
};

const notFound = (conflictId: string): Refusal => ({
  __typename: 'CartConflictNotFound',
  message: `There is no conflict ${conflictId} to settle: it may have been settled on another device.`,
  conflictId,
});

const notOffered = ({ choices }: Conflict): Refusal => ({
  __typename: 'CartChoiceNotOffered',
  message: `This conflict can be settled by ${choices.join(', ')}.`,
  choices,
});
