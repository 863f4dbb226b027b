import { append } from '@storegraph/events';
import { type IdempotencyConflict, once } from '@storegraph/idempotency';
import { type Database, type Transaction, transaction } from '@storegraph/postgres';
import { callerScope, type InvalidInput, invalidInput, parseInput, type Viewer } from '@storegraph/server';
import type { z } from 'zod';
import * as inputs from './inputs.ts';
import { isId, lockStock, publishStock, shelvesOf } from './repository.ts';
import { refusalOf } from './reservation-domain.ts';
import { type Policy, placePolicy } from './stock-domain.ts';
import { hasVariant, isPast, savePolicy } from './variant-repository.ts';
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
  await lockStock(tx, variantId);
  const placement = placePolicy(policy, await shelvesOf(tx, variantId), warehouses.list());
  if ('tooTight' in placement) {
    const { tooTight: promised } = placement;
    const message = `${promised} pieces are promised beyond the stock already: set a limit of at least as many.`;
    return { __typename: 'StockPolicyTooTight', message, promised };
  }
  if ('nowhere' in placement) {
    throw new PolicyRefused('kind', 'needs a warehouse that is open: save one first');
  }
  await savePolicy(tx, variantId, policy, placement.placed);
  await publishStock(tx, variantId);
  append(tx, [
    { type: 'inventory.policy_changed', aggregateId: variantId, data: { variantId, kind: policy.kind } },
  ]);
  return { __typename: 'StockPolicyChanged', variantId };
};
