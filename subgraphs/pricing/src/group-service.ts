import { append } from '@storegraph/events';
import type { IdempotencyConflict } from '@storegraph/idempotency';
import { type Database, transaction } from '@storegraph/postgres';
import { callerScope, type InvalidInput, parseInput, type Viewer } from '@storegraph/server';
import { assignGroup, hasGroup, saveGroup } from './group-repository.ts';
import * as inputs from './inputs.ts';
import { once } from './once-service.ts';
import { groupNotFound, type NotFound } from './refusal-domain.ts';

export type GroupSaved = { readonly __typename: 'CustomerGroupSaved' };
type GroupAssigned = {
  readonly __typename: 'CustomerGroupAssigned';
  readonly customerId: string;
  readonly group: string | null;
};
type Assigned = GroupAssigned | NotFound<'CustomerGroupNotFound'>;

/** Groups of customers with prices of their own. */
export const createGroups = ({ db }: { readonly db: Database }) => ({
  save: async (viewer: Viewer, input: unknown): Promise<GroupSaved | InvalidInput | IdempotencyConflict> => {
    const parsed = parseInput(inputs.customerGroupSave, input);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey: key, ...group } = parsed.input;
    const intent = { scope: callerScope(viewer), operation: 'customerGroupSave', key, input };
    return transaction(db, (tx) =>
      once<GroupSaved>(tx, intent, async () => {
        await saveGroup(tx, group);
        return { __typename: 'CustomerGroupSaved' };
      }),
    );
  },

  assign: async (viewer: Viewer, input: unknown): Promise<Assigned | InvalidInput | IdempotencyConflict> => {
    const parsed = parseInput(inputs.customerGroupAssign, input);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey: key, customerId, group } = parsed.input;
    const intent = { scope: callerScope(viewer), operation: 'customerGroupAssign', key, input };
    return transaction(db, (tx) =>
      once<Assigned>(tx, intent, async () => {
        if (group !== null && !(await hasGroup(tx, group))) return groupNotFound(group);
        await assignGroup(tx, { customerId, group });
        const data = { customerId, group };
        append(tx, [{ type: 'pricing.customer_group_changed', aggregateId: customerId, data }]);
        return { __typename: 'CustomerGroupAssigned', ...data };
      }),
    );
  },
});
