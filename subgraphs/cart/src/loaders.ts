import type { Viewer } from '@storegraph/server';
import DataLoader from 'dataloader';
import type { Cart, Line } from './domain.ts';
import type { Glances } from './glance-domain.ts';
import type { Carts } from './service.ts';

/** A line with the cart it lies in. */
export type LineRow = Line & { readonly cart: Cart };

/** Fresh for each request. */
export const createLoaders = (carts: Carts, viewer: Viewer) => ({
  cart: new DataLoader<string, Cart | null>((ids) => carts.byIds(viewer, ids)),
  /** What the variants of a cart are right now; looked at once, whatever is asked of it. */
  glances: new DataLoader<Cart, Glances, string>(
    (some) =>
      Promise.all(
        some.map((cart) =>
          carts.look(
            cart,
            [...cart.lines, ...cart.savedForLater].map(({ variantId }) => variantId),
          ),
        ),
      ),
    { cacheKeyFn: ({ id, version }) => `${id} ${version}` },
  ),
});

export type Loaders = ReturnType<typeof createLoaders>;
