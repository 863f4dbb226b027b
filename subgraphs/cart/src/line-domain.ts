import {
  type Cart,
  type Content,
  type Limit,
  type Line,
  limitReached,
  limits,
  type Refusal,
} from './domain.ts';

/** The parts of the cart that are different, or why not. */
export type Next = Partial<Content> | { readonly refused: Refusal };

export type Shelf = 'lines' | 'savedForLater';
const roomOf: Readonly<Record<Shelf, Limit>> = { lines: 'LINES', savedForLater: 'SAVED_FOR_LATER' };

/** Puts a line onto a shelf, on top of the pieces of its variant that are there. */
export const added = (cart: Pick<Cart, Shelf>, shelf: Shelf, line: Line): Next => {
  const { id, variantId, quantity, addedAt, seen } = line;
  const known = cart[shelf].find((other) => other.variantId === variantId);
  if (!known) {
    if (cart[shelf].length >= limits[roomOf[shelf]]) return { refused: limitReached(roomOf[shelf]) };
    return { [shelf]: [...cart[shelf], { id, variantId, quantity, addedAt, seen }] };
  }
  if (known.quantity + quantity > limits.QUANTITY) return { refused: limitReached('QUANTITY') };
  return { [shelf]: withQuantity(cart[shelf], known.id, known.quantity + quantity) };
};

export const withQuantity = (lines: readonly Line[], lineId: string, quantity: number): readonly Line[] =>
  lines.map((line) => (line.id === lineId ? { ...line, quantity } : line));

export const withoutLine = (lines: readonly Line[], lineId: string): readonly Line[] =>
  lines.filter(({ id }) => id !== lineId);

export const withCoupon = ({ couponCodes }: Cart, code: string): Next => {
  if (couponCodes.includes(code)) return {};
  if (couponCodes.length >= limits.COUPONS) return { refused: limitReached('COUPONS') };
  return { couponCodes: [...couponCodes, code] };
};
