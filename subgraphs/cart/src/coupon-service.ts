import type { Ask } from '@storegraph/server';
import type { CouponLoss } from './conflict-domain.ts';
import type { Cart } from './domain.ts';
import { type OnUnanswered, orNothing } from './neighbour-service.ts';

const document = `query ($carts: [_Any!]!) {
  _entities(representations: $carts) { ... on Cart { quote { coupons { code state } } } }
}`;

type Quoted = {
  readonly quote: { readonly coupons: readonly { readonly code: string; readonly state: string }[] };
};

/** What a code does not come back from. One that is unknown, or asks for more in the cart, is the quote's to tell. */
const isLoss = (state: string): state is CouponLoss =>
  state === 'EXPIRED' || state === 'USED_UP' || state === 'NOT_FOR_YOU';

/** Which codes of a cart can never count for its owner, and why. None where nobody could say. */
export type LostCoupons = (cart: Cart) => Promise<Readonly<Record<string, CouponLoss>>>;

/** Quotes a cart as it would be: what a code is worth is said by pricing alone. */
export const createLostCoupons =
  ({ ask, onUnanswered }: { readonly ask: Ask; readonly onUnanswered: OnUnanswered }): LostCoupons =>
  async ({ id, region, currency, owner, couponCodes, lines }) => {
    const cart = {
      ...{ __typename: 'Cart', id, region, currency, couponCodes },
      ...{ ownerKind: owner.kind, ownerId: owner.id },
      lines: lines.map((line) => ({ id: line.id, variantId: line.variantId, quantity: line.quantity })),
    };
    const quoted = await orNothing(
      ask<{ _entities: readonly (Quoted | null)[] }>('pricing', document, { carts: [cart] }),
      onUnanswered,
    );
    const coupons = quoted?._entities[0]?.quote.coupons ?? [];
    return Object.fromEntries(coupons.flatMap(({ code, state }) => (isLoss(state) ? [[code, state]] : [])));
  };
