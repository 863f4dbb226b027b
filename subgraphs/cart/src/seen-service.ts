import { parseInput } from '@storegraph/server';
import { blankOf, type Needs as CartNeeds, type Ended, endedAs, intentOf } from './cart-service.ts';
import { type Cart, type Owner, seenOutdated } from './domain.ts';
import { markOf, seenBy } from './glance-domain.ts';
import type { Look } from './glance-service.ts';
import * as inputs from './inputs.ts';

type Needs = CartNeeds & { readonly look: Look };

/**
 * Notes what the customer was shown. The client says so by a mark alone: what it stands for is looked up, so that no
 * price comes from a client.
 */
export const createSeen =
  (needs: Needs) =>
  async (owner: Owner, given: unknown): Promise<Ended<'CartSeenOutdated'>> => {
    const parsed = parseInput(inputs.seen, given);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey, mark } = parsed.input;
    const intent = intentOf(owner, 'cartSeen', given, idempotencyKey);
    const blank = blankOf(needs, owner);
    const at = needs.now().toISOString();
    const { cart, kept } = await needs.store.find(owner, intent);
    const seen = kept ? {} : await seenIn(needs, cart ?? blank, { mark, at });
    if (seen === null) return seenOutdated();
    const written = await needs.store.write({ blank, change: { kind: 'seen', seen }, at, intent });
    return endedAs(written, blank, ['CartSeenOutdated']);
  };

/** Null when the mark stands for something else than what is there. */
const seenIn = async ({ look }: Needs, cart: Cart, { mark, at }: { mark: string; at: string }) => {
  const glances = await look(
    cart,
    cart.lines.map(({ variantId }) => variantId),
  );
  return markOf(cart, glances) === mark ? seenBy(cart, glances, at) : null;
};
