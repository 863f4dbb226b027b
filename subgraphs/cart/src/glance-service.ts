import type { Money } from '@storegraph/money';
import type { Database } from '@storegraph/postgres';
import type { Ask } from '@storegraph/server';
import type { Cart } from './domain.ts';
import type { Glances } from './glance-domain.ts';
import { type OnUnanswered, orNothing } from './neighbour-service.ts';
import { standingsOf } from './variant-repository.ts';

type Needs = {
  readonly db: Database;
  readonly ask: Ask;
  readonly onUnanswered: OnUnanswered;
};

const pricesDocument = `query ($ids: [ID!]!, $region: Region!, $currency: Currency!, $kind: String, $id: ID) {
  variantPrices(variantIds: $ids, region: $region, currency: $currency, ownerKind: $kind, ownerId: $id) {
    variantId price { amountMinor currency }
  }
}`;

const stocksDocument = `query ($variants: [_Any!]!, $region: Region) {
  _entities(representations: $variants) {
    ... on ProductVariant { id stock(region: $region) { available backorderable } }
  }
}`;

/** Looks at variants as they are for a cart right now: what they cost, and how many there are. */
export type Look = (
  cart: Pick<Cart, 'region' | 'currency' | 'owner'>,
  variantIds: readonly string[],
) => Promise<Glances>;

export const createLook = ({ db, ask, onUnanswered }: Needs): Look => {
  return async ({ region, currency, owner }, variantIds) => {
    const ids = [...new Set(variantIds)];
    if (ids.length === 0) return new Map();
    const [standings, priced, stocked] = await Promise.all([
      standingsOf(db, ids),
      orNothing(
        ask<{ variantPrices: readonly { readonly variantId: string; readonly price: Money | null }[] }>(
          'pricing',
          pricesDocument,
          { ids, region, currency, kind: owner.kind, id: owner.id },
        ),
        onUnanswered,
      ),
      orNothing(
        ask<{ _entities: readonly StockedVariant[] }>('inventory', stocksDocument, {
          variants: ids.map((id) => ({ __typename: 'ProductVariant', id })),
          region,
        }),
        onUnanswered,
      ),
    ]);
    const prices = new Map(priced?.variantPrices.map(({ variantId, price }) => [variantId, price]));
    const pieces = new Map(
      stocked?._entities.map(({ id, stock }) => [id, Math.max(0, stock.available) + stock.backorderable]),
    );
    return new Map(
      ids.map((id, place) => [
        id,
        { standing: standings[place] ?? 'unknown', price: prices.get(id), pieces: pieces.get(id) },
      ]),
    );
  };
};

type StockedVariant = {
  readonly id: string;
  readonly stock: { readonly available: number; readonly backorderable: number };
};
