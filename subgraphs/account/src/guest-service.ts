import type { IdempotencyConflict } from '@storegraph/idempotency';
import { newId } from '@storegraph/postgres';
import { type InvalidInput, type Keys, parseInput, signToken } from '@storegraph/server';
import type { Asking } from './change-service.ts';
import * as inputs from './inputs.ts';
import { guestOf } from './sign-up-service.ts';

/** As long as a guest's cart is worth keeping; keys that were replaced verify longer. */
const guestDays = 30;

type GuestCreated = {
  readonly __typename: 'GuestCreated';
  readonly token: string;
  readonly expiresAt: Date;
  readonly guestId: string;
};

/** Guests: a signed token and nothing else. There is no row that anybody could fill a disk with. */
export const createGuests = ({ keys }: { readonly keys: Keys }) => ({
  create: async (
    asking: Asking,
    input: object,
  ): Promise<GuestCreated | InvalidInput | IdempotencyConflict> => {
    const parsed = parseInput(inputs.nothing, input);
    if ('invalid' in parsed) return parsed.invalid;
    const guestId = guestOf(asking) ?? newId();
    const lifetimeSeconds = guestDays * 86_400;
    const expiresAt = new Date(Date.now() + lifetimeSeconds * 1000);
    const token = await signToken(keys, { subject: guestId, role: 'guest', lifetimeSeconds });
    return { __typename: 'GuestCreated', token, expiresAt, guestId };
  },
});
