import { forServices, type Viewer } from '@storegraph/server';
import { GraphQLError } from 'graphql';
import { isCursor } from './cart-hub.ts';
import {
  abandonedSince,
  heldBeside,
  holdAt,
  isHeldWhole,
  type Line,
  type Owner,
  totalQuantity,
} from './domain.ts';
import { changesOf, markOf } from './glance-domain.ts';
import type { Context } from './main.ts';
import type { Resolvers } from './schema.generated.ts';

const query: Resolvers['Query'] = {
  cart: (_parent, { id }, { carts, viewer, loaders }) => {
    if (id != null) return loaders.cart.load(id);
    const owner = ownerOf(viewer);
    return owner && carts.own(owner);
  },
  personalData: (_parent, { ownerId }, { carts, viewer }) => {
    forServices(viewer);
    return carts.persons.read(ownerId);
  },
};

const mutation: Resolvers['Mutation'] = {
  cartLineAdd: (_parent, { input }, { carts, viewer }) => carts.changes.lineAdd(known(viewer), input),
  cartLineSet: (_parent, { input }, { carts, viewer }) => carts.changes.lineSet(known(viewer), input),
  cartLineRemove: (_parent, { input }, { carts, viewer }) => carts.changes.lineRemove(known(viewer), input),
  cartLineSave: (_parent, { input }, { carts, viewer }) => carts.changes.lineSave(known(viewer), input),
  cartLineRestore: (_parent, { input }, { carts, viewer }) => carts.changes.lineRestore(known(viewer), input),
  cartClear: (_parent, { input }, { carts, viewer }) => carts.changes.clear(known(viewer), input),
  cartNoteSet: (_parent, { input }, { carts, viewer }) => carts.changes.noteSet(known(viewer), input),
  cartGiftMessageSet: (_parent, { input }, { carts, viewer }) =>
    carts.changes.giftMessageSet(known(viewer), input),
  cartCouponAdd: (_parent, { input }, { carts, viewer }) => carts.changes.couponAdd(known(viewer), input),
  cartCouponRemove: (_parent, { input }, { carts, viewer }) =>
    carts.changes.couponRemove(known(viewer), input),
  cartMarketSet: (_parent, { input }, { carts, viewer }) => carts.changes.marketSet(known(viewer), input),
  cartSeen: (_parent, { input }, { carts, viewer }) => carts.seen(known(viewer), input),
  cartHold: (_parent, { input }, { carts, viewer }) => carts.holds.hold(known(viewer), input),
  cartHoldRelease: (_parent, { input }, { carts, viewer }) => carts.holds.release(known(viewer), input),
  cartMerge: (_parent, { input }, { carts, viewer }) => carts.merge(known(viewer), input),
  cartConflictSettle: (_parent, { input }, { carts, viewer }) =>
    carts.changes.conflictSettle(known(viewer), input),
  personalDataErase: (_parent, { input }, { carts, viewer }) => {
    forServices(viewer);
    return carts.persons.erase(viewer, input);
  },
};

const subscription: Resolvers['Subscription'] = {
  cartChanged: {
    subscribe: (_parent, { after }, { hub, viewer }) => {
      if (after != null && !isCursor(after)) {
        throw new GraphQLError('after is no cursor of a cart.', { extensions: { code: 'BAD_USER_INPUT' } });
      }
      return hub.follow(known(viewer), after ?? null);
    },
    resolve: (state: Awaited<ReturnType<ReturnType<Context['hub']['follow']>['next']>>['value']) => state,
  },
};

const ofVariant = { variant: ({ variantId }: { variantId: string }) => ({ id: variantId }) };

/** GraphQL in, one call, GraphQL out. */
export const resolvers: Resolvers = {
  Query: query,
  Mutation: mutation,
  Subscription: subscription,
  Cart: {
    __resolveReference: ({ id }, { loaders }) => loaders.cart.load(id),
    ownerKind: ({ owner }) => owner.kind,
    ownerId: ({ owner }) => owner.id,
    lines: (cart) => cart.lines.map((line) => ({ ...line, cart })),
    savedForLater: (cart) => cart.savedForLater.map((line) => ({ ...line, cart })),
    totalQuantity,
    hold: (cart, _args, { carts }) => {
      const hold = holdAt(cart, carts.now().getTime());
      const isComplete = isHeldWhole(cart);
      return hold && { expiresAt: new Date(hold.expiresAt), isComplete, lines: heldBeside(cart, hold) };
    },
    changes: async (cart, _args, { loaders }) => {
      const glances = await loaders.glances.load(cart);
      return cart.lines.flatMap((line) => changesOf(line, glances));
    },
    changesMark: async (cart, _args, { loaders }) => markOf(cart, await loaders.glances.load(cart)),
    createdAt: ({ createdAt }) => new Date(createdAt),
    updatedAt: ({ updatedAt }) => new Date(updatedAt),
    abandonedAt: (cart, _args, { carts }) => abandonedSince(cart, carts.now().getTime()),
  },
  CartLine: {
    ...ofVariant,
    addedAt: ({ addedAt }) => new Date(addedAt),
    seenPrice: ({ seen }: Line) => seen?.price ?? null,
    seenAt: ({ seen }: Line) => (seen ? new Date(seen.at) : null),
    heldQuantity: ({ cart, variantId }, _args, { carts }) =>
      holdAt(cart, carts.now().getTime())?.lines.find((held) => held.variantId === variantId)?.quantity ?? 0,
    changes: async ({ cart, ...line }, _args, { loaders }) =>
      changesOf(line, await loaders.glances.load(cart)),
  },
  CartHoldLine: ofVariant,
  CartQuantityDiffers: ofVariant,
  CartPriceDiffers: ofVariant,
  CartStockShort: ofVariant,
  CartVariantGone: ofVariant,
  CartLineLeftOut: ofVariant,
};

/** Guests and customers have carts. */
const ownerOf = (viewer: Viewer): Owner | null =>
  viewer.kind === 'guest' || viewer.kind === 'customer' ? { kind: viewer.kind, id: viewer.id } : null;

const known = (viewer: Viewer): Owner => {
  const owner = ownerOf(viewer);
  if (owner) return owner;
  throw viewer.kind === 'anonymous'
    ? new GraphQLError('A cart belongs to somebody: send the token of a guest or a customer.', {
        extensions: { code: 'UNAUTHENTICATED' },
      })
    : new GraphQLError('Guests and customers have carts; staff and services have none.', {
        extensions: { code: 'FORBIDDEN' },
      });
};
