import type { Database } from '@storegraph/postgres';
import { type Ask, hasScope, type Viewer } from '@storegraph/server';
import { createChanges } from './cart-service.ts';
import { createLostCoupons } from './coupon-service.ts';
import type { Cart, Market, Owner } from './domain.ts';
import { createLook } from './glance-service.ts';
import { createHolds, createRelease } from './hold-service.ts';
import { createFinish, createMerge } from './merge-service.ts';
import type { OnUnanswered } from './neighbour-service.ts';
import { createPersons } from './person-service.ts';
import { createSeen } from './seen-service.ts';
import type { Standings } from './standing-service.ts';
import type { CartStore } from './store.ts';

type Needs = {
  readonly db: Database;
  readonly store: CartStore;
  readonly standings: Standings;
  readonly ask: Ask;
  readonly market: Market;
  readonly guestOf: (token: string) => Promise<string | null>;
  readonly onUnanswered: OnUnanswered;
  readonly now?: () => Date;
};

/** Everything that is done with carts. */
export const createCarts = (wanted: Needs) => {
  const { store, ask, onUnanswered, now = () => new Date() } = wanted;
  const look = createLook(wanted);
  const lostCoupons = createLostCoupons(wanted);
  const needs = { ...wanted, now, look, lostCoupons, release: createRelease(ask, onUnanswered) };
  return {
    look,
    now,
    /** The viewer's own cart. A closed one is nobody's any more. */
    own: async (owner: Owner): Promise<Cart | null> => open((await store.find(owner, null)).cart),
    /** The one door to carts by their ids: another's cart does not exist. */
    byIds: async (viewer: Viewer, ids: readonly string[]): Promise<(Cart | null)[]> => {
      const carts = await store.byIds(ids);
      return carts.map((cart) => (cart && isVisible(cart, viewer) ? open(cart) : null));
    },
    changes: createChanges(needs),
    merge: createMerge(needs),
    finishMerges: createFinish(needs),
    seen: createSeen(needs),
    holds: createHolds(needs),
    persons: createPersons(wanted),
  };
};

export type Carts = ReturnType<typeof createCarts>;

const open = (cart: Cart | null): Cart | null => (cart?.closedInto == null ? cart : null);

const isVisible = ({ owner }: Cart, viewer: Viewer): boolean =>
  hasScope(viewer, 'cart:read') || (viewer.kind === owner.kind && viewer.id === owner.id);
