import { append } from '@storegraph/events';
import type { IdempotencyConflict } from '@storegraph/idempotency';
import { type Database, type Transaction, transaction } from '@storegraph/postgres';
import { callerScope, type InvalidInput, invalidInput, parseInput, type Viewer } from '@storegraph/server';
import type { z } from 'zod';
import * as inputs from './inputs.ts';
import { once } from './once-service.ts';
import { isId, lockStock, publishStock, shelvesOf } from './repository.ts';
import { refusalOf } from './reservation-domain.ts';
import { type Policy, type PolicyPlacement, placePolicy } from './stock-domain.ts';
import { hasVariant, isPast, savePolicies } from './variant-repository.ts';
import type { Warehouses } from './warehouse-service.ts';

export type PolicyOutcome =
  | { readonly __typename: 'StockPolicyChanged'; readonly variantId: string }
  | { readonly __typename: 'StockPolicyTooTight'; readonly message: string; readonly promised: number }
  | { readonly __typename: 'VariantNotFound'; readonly message: string; readonly variantId: string };

/** What happens when a variant runs out. Set by hand and seldom, so by a plain transaction over the same locks. */
export const createPolicies = ({
  db,
  warehouses,
}: {
  readonly db: Database;
  readonly warehouses: Warehouses;
}) => ({
  set: async (
    viewer: Viewer,
    input: unknown,
  ): Promise<PolicyOutcome | InvalidInput | IdempotencyConflict> => {
    const parsed = parseInput(inputs.stockPolicySet, input);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey: key, ...command } = parsed.input;
    const intent = { scope: callerScope(viewer), operation: 'stockPolicySet', key, input };
    try {
      return await transaction(db, (tx) =>
        once<PolicyOutcome>(tx, intent, () => setPolicy(tx, command, warehouses)),
      );
    } catch (error) {
      if (error instanceof PolicyRefused) return error.outcome;
      throw error;
    }
  },
});

/** Leaves the transaction without a trace, so that the caller may mend the input and keep the key. */
class PolicyRefused extends Error {
  readonly outcome: InvalidInput;
  constructor(path: string, message: string) {
    super(message);
    this.outcome = invalidInput([{ path: [path], message }]);
  }
}

type Command = Omit<z.output<typeof inputs.stockPolicySet>, 'idempotencyKey'>;

const setPolicy = async (
  tx: Transaction,
  { variantId, ...wanted }: Command,
  warehouses: Warehouses,
): Promise<PolicyOutcome> => {
  if (!isId(variantId) || !(await hasVariant(tx, variantId))) {
    return refusalOf({ __typename: 'VariantNotFound', variantId });
  }
  const policy: Policy = { ...wanted, limit: wanted.limit ?? 0 };
  if (policy.preorderUntil && (await isPast(tx, policy.preorderUntil))) {
    throw new PolicyRefused('preorderUntil', 'must be in the future');
  }
  const [placement] = await placeAll(tx, [{ variantId, policy }], warehouses);
  if (placement && 'tooTight' in placement) {
    const { tooTight: promised } = placement;
    const message = `${promised} pieces are promised beyond the stock already: set a limit of at least as many.`;
    return { __typename: 'StockPolicyTooTight', message, promised };
  }
  if (placement && 'nowhere' in placement) {
    throw new PolicyRefused('kind', 'needs a warehouse that is open: save one first');
  }
  return { __typename: 'StockPolicyChanged', variantId };
};

type Wish = { readonly variantId: string; readonly policy: Policy };

/** Sets the policies that have a place, and tells of them. Answers each wish, in order. */
export const placeAll = async (
  tx: Transaction,
  wishes: readonly Wish[],
  warehouses: Warehouses,
): Promise<PolicyPlacement[]> => {
  const ids = wishes.map(({ variantId }) => variantId);
  await lockStock(tx, ids);
  const shelves = await shelvesOf(tx, ids);
  const placements = wishes.map(({ variantId, policy }) => {
    const own = shelves.filter((shelf) => shelf.variantId === variantId);
    return placePolicy(policy, own, warehouses.list());
  });
  const set = wishes.flatMap((wish, index) => {
    const placement = placements[index];
    return placement && 'placed' in placement ? [{ ...wish, ...placement }] : [];
  });
  if (set.length === 0) return placements;
  await savePolicies(tx, set);
  await publishStock(
    tx,
    set.map(({ variantId }) => variantId),
  );
  append(
    tx,
    set.map(({ variantId, policy: { kind } }) => ({
      type: 'inventory.policy_changed',
      aggregateId: variantId,
      data: { variantId, kind },
    })),
  );
  return placements;
};
