import { type IdempotencyConflict, idempotencyKey, once } from '@storegraph/idempotency';
import { type Database, transaction } from '@storegraph/postgres';
import {
  callerScope,
  type InvalidInput,
  type PersonalData,
  type PersonalDataErased,
  parseInput,
  type Viewer,
} from '@storegraph/server';
import { z } from 'zod';
import type { Cart, Owner } from './domain.ts';
import { deleteCarts } from './repository.ts';
import { forgetSignIns, guestsOf } from './sign-in-repository.ts';
import type { CartStore } from './store.ts';

type Needs = { readonly db: Database; readonly store: CartStore };

const personalDataErase = z.object({ idempotencyKey, ownerId: z.string().min(1).max(128) });

/** What is kept of customers, for them to read and to have forgotten: nothing of a cart has to stay. */
export const createPersons = ({ db, store }: Needs) => {
  const ownersOf = async (customerId: string): Promise<Owner[]> => {
    const guests = await guestsOf(db, customerId);
    return [{ kind: 'customer', id: customerId }, ...guests.map((id): Owner => ({ kind: 'guest', id }))];
  };
  const cartsOf = async (owners: readonly Owner[]): Promise<Cart[]> => {
    const found = await Promise.all(owners.map((owner) => store.find(owner, null)));
    return found.flatMap(({ cart }) => cart ?? []);
  };
  return {
    read: async (customerId: string): Promise<PersonalData> => {
      const carts = await cartsOf(await ownersOf(customerId));
      return { items: carts.length, content: JSON.stringify({ carts: carts.map(shown) }, null, 2) };
    },
    erase: async (
      viewer: Viewer,
      given: unknown,
    ): Promise<PersonalDataErased | InvalidInput | IdempotencyConflict> => {
      const parsed = parseInput(personalDataErase, given);
      if ('invalid' in parsed) return parsed.invalid;
      const { idempotencyKey: key, ownerId } = parsed.input;
      const owners = await ownersOf(ownerId);
      const items = (await cartsOf(owners)).length;
      const command = { scope: callerScope(viewer), operation: 'personalDataErase', key, input: given };
      await store.forget(owners);
      const outcome = await transaction(db, (tx) =>
        once<PersonalDataErased>(tx, command, async () => {
          await deleteCarts(tx, owners);
          await forgetSignIns(tx, ownerId);
          return { __typename: 'PersonalDataErased', items, kept: [] };
        }),
      );
      // Once more: meanwhile somebody may have read them again from Postgres.
      if (outcome.__typename === 'PersonalDataErased') await store.forget(owners);
      return outcome;
    },
  };
};

const shown = ({ owner, lines, savedForLater, couponCodes, note, giftMessage, ...cart }: Cart) => ({
  as: owner.kind,
  ...{ lines, savedForLater, couponCodes, note, giftMessage },
  ...{ region: cart.region, currency: cart.currency, createdAt: cart.createdAt, updatedAt: cart.updatedAt },
});
