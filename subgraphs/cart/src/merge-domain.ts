import type { Money } from '@storegraph/money';
import type { Choice, Conflict, CouponLoss } from './conflict-domain.ts';
import { type Cart, type Content, type Line, limits } from './domain.ts';
import { costsOther } from './glance-domain.ts';

/** How many of the carts taken over last are remembered: enough for every repeat that is under way. */
const rememberedCarts = 20;

/** A guest's cart that is taken over, and what is known of its variants. What nobody could say is left out. */
export type Guest = {
  readonly cart: Pick<
    Cart,
    'id' | 'lines' | 'savedForLater' | 'couponCodes' | 'note' | 'giftMessage' | 'conflicts'
  >;
  readonly unavailable: readonly string[];
  readonly prices: Readonly<Record<string, Money | null>>;
  readonly available: Readonly<Record<string, number>>;
  /** The codes that count no more for whom they come to. */
  readonly lostCoupons: Readonly<Record<string, CouponLoss>>;
};

type Said = Conflict extends infer One ? (One extends Conflict ? Omit<One, 'id' | 'choices'> : never) : never;

/** Takes a guest's cart over: every line of it is in the cart afterwards, or in a conflict that tells of it. */
export const merge = (cart: Cart, guest: Guest): Partial<Content> => {
  if (cart.mergedCarts.includes(guest.cart.id)) return {};
  const said: Said[] = [];
  const lines = guest.cart.lines.reduce((so, line) => withGuestLine(so, line, { guest, said }), cart.lines);
  const savedForLater = guest.cart.savedForLater.reduce(
    (so, line) => withGuestSaved(so, line, said),
    cart.savedForLater,
  );
  const couponCodes = withGuestCoupons(cart.couponCodes, guest, said);
  const conflicts = said.map((one, place) => withChoices(one, `${guest.cart.id}.${place}`));
  return {
    lines,
    savedForLater,
    couponCodes,
    note: cart.note ?? guest.cart.note,
    giftMessage: cart.giftMessage ?? guest.cart.giftMessage,
    conflicts: [...cart.conflicts, ...guest.cart.conflicts, ...conflicts],
    mergedCarts: [...cart.mergedCarts, guest.cart.id].slice(-rememberedCarts),
  };
};

const withGuestLine = (
  lines: readonly Line[],
  line: Line,
  { guest, said }: { readonly guest: Guest; readonly said: Said[] },
): readonly Line[] => {
  const { variantId, quantity } = line;
  if (guest.unavailable.includes(variantId)) {
    said.push({ __typename: 'CartVariantGone', variantId, quantity });
    return lines;
  }
  const mine = lines.find((other) => other.variantId === variantId);
  if (!mine && lines.length >= limits.LINES) {
    said.push({ __typename: 'CartLineLeftOut', variantId, quantity });
    return lines;
  }
  const merged = { ...(mine ?? line), quantity: Math.max(mine?.quantity ?? 0, quantity) };
  const lineId = merged.id;
  if (mine && mine.quantity !== quantity) {
    said.push({
      ...{ __typename: 'CartQuantityDiffers', lineId, variantId },
      ...{ mine: mine.quantity, guests: quantity },
    });
  }
  const was = line.seen?.price ?? null;
  const now = guest.prices[variantId];
  if (was !== null && now !== undefined && costsOther(was, now)) {
    said.push({ __typename: 'CartPriceDiffers', lineId, variantId, was, now });
  }
  const available = guest.available[variantId];
  if (available !== undefined && available < merged.quantity) {
    said.push({ __typename: 'CartStockShort', lineId, variantId, wanted: merged.quantity, available });
  }
  return mine ? lines.map((other) => (other === mine ? merged : other)) : [...lines, merged];
};

const withGuestSaved = (saved: readonly Line[], line: Line, said: Said[]): readonly Line[] => {
  const { variantId, quantity } = line;
  const mine = saved.find((other) => other.variantId === variantId);
  if (mine) {
    const merged = { ...mine, quantity: Math.max(mine.quantity, quantity) };
    return saved.map((other) => (other === mine ? merged : other));
  }
  if (saved.length < limits.SAVED_FOR_LATER) return [...saved, line];
  said.push({ __typename: 'CartLineLeftOut', variantId, quantity });
  return saved;
};

const withGuestCoupons = (mine: readonly string[], guest: Guest, said: Said[]): readonly string[] => {
  const codes = [...mine];
  for (const code of guest.cart.couponCodes.filter((one) => !mine.includes(one))) {
    const reason = guest.lostCoupons[code] ?? (codes.length >= limits.COUPONS ? 'NO_ROOM' : null);
    if (reason === null) codes.push(code);
    else said.push({ __typename: 'CartCouponLost', code, reason });
  }
  return codes;
};

const withChoices = (said: Said, id: string): Conflict => {
  switch (said.__typename) {
    case 'CartQuantityDiffers':
      return { ...said, id, choices: quantityChoices(said.mine + said.guests) };
    case 'CartPriceDiffers':
      return { ...said, id, choices: ['ACCEPT', 'REMOVE'] };
    case 'CartStockShort':
      return {
        ...{ ...said, id },
        choices: said.available > 0 ? ['ACCEPT', 'TAKE_AVAILABLE', 'REMOVE'] : ['ACCEPT', 'REMOVE'],
      };
    case 'CartVariantGone':
      return { ...said, id, choices: ['SAVE_FOR_LATER', 'DISMISS'] };
    case 'CartLineLeftOut':
      return { ...said, id, choices: ['TAKE', 'SAVE_FOR_LATER', 'DISMISS'] };
    case 'CartCouponLost':
      return { ...said, id, choices: ['TAKE', 'DISMISS'] };
  }
};

const quantityChoices = (together: number): readonly Choice[] =>
  together <= limits.QUANTITY ? ['KEEP_MINE', 'TAKE_GUESTS', 'ADD_UP'] : ['KEEP_MINE', 'TAKE_GUESTS'];
