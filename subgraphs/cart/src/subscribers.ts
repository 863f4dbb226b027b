import type { Handlers } from '@storegraph/events';
import { afterCommit, type Transaction } from '@storegraph/postgres';
import { saveSignIn } from './sign-in-repository.ts';
import type { Standings } from './standing-service.ts';
import { saveProduct, saveVariant, type ToldVariant } from './variant-repository.ts';

/**
 * What the catalogue tells of what is sold: a variant that is not removed, of a product that is published. And who
 * became whom by signing in, which says who may take over whose cart.
 */
export const createSubscribers = ({ forget }: Pick<Standings, 'forget'>): Handlers => {
  const variant =
    (isRemoved: boolean) =>
    async (tx: Transaction, { data }: { data: ToldVariant }) => {
      await saveVariant(tx, data, isRemoved);
      afterCommit(tx, forget);
    };
  const product =
    (isPublished: boolean) => async (tx: Transaction, event: { data: { productId: string } }) => {
      await saveProduct(tx, event.data.productId, isPublished);
      afterCommit(tx, forget);
    };
  return {
    'product.variant_created': variant(false),
    'product.variant_updated': variant(false),
    'product.variant_removed': variant(true),
    'product.published': product(true),
    'product.unpublished': product(false),
    'product.archived': product(false),
    'account.signed_in': async (tx, { data: { guestId, customerId, at } }) => {
      if (guestId !== null) await saveSignIn(tx, { guestId, customerId, at });
    },
  };
};
