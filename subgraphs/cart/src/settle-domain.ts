import type { Choice, Conflict } from './conflict-domain.ts';
import type { Cart, Line, Refusal } from './domain.ts';
import { added, type Next, withCoupon, withoutLine, withQuantity } from './line-domain.ts';

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
    if (choice === 'REMOVE') return { lines: withoutLine(cart.lines, conflict.lineId) };
    const quantity = quantityAfter(conflict, choice);
    return quantity === null ? {} : { lines: withQuantity(cart.lines, conflict.lineId, quantity) };
  }
  if (conflict.__typename === 'CartCouponLost') {
    return choice === 'TAKE' ? withCoupon(cart, conflict.code) : {};
  }
  if (choice === 'DISMISS') return {};
  const { variantId, quantity } = conflict;
  const line: Line = { id: lineId, variantId, quantity, addedAt: at, seen: null };
  return added(cart, choice === 'TAKE' ? 'lines' : 'savedForLater', line);
};

/** Null where the choice leaves it as it is. */
const quantityAfter = (conflict: Conflict, choice: Choice): number | null => {
  if (conflict.__typename === 'CartStockShort') {
    return choice === 'TAKE_AVAILABLE' ? conflict.available : null;
  }
  if (conflict.__typename !== 'CartQuantityDiffers') return null;
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
