import type { Conditions } from '@storegraph/server';
import { type GraphQLSchema, print } from 'graphql';
import { noOverrides, type Overrides, type PlanNode, type Planner } from '../plan/planner.ts';
import { plainOf } from './plain.ts';
import { documentOf, type IsRemoved, prune, responseName, type Single } from './prune.ts';

type Planning = { readonly planner: Planner; readonly schema: GraphQLSchema; readonly overrides?: Overrides };

/** The planner has found no way for an operation that is valid. */
export class NotPlanned extends Error {
  override name = 'NotPlanned';
}

const planOne = ({ planner, overrides = noOverrides }: Planning, single: Single): PlanNode | null => {
  const name = single.operation.name?.value ?? null;
  try {
    return planner.plan(print(documentOf(single)), name, overrides);
  } catch (cause) {
    throw new NotPlanned(`There is no plan for ${name ?? 'an operation without a name'}.`, { cause });
  }
};

/**
 * Each field of a mutation is planned alone and they run one after the other, because the second must not begin
 * before all of the first is there, what other subgraphs say of it included. Planners let the two overlap.
 */
const planMutation = (planning: Planning, single: Single): PlanNode | null => {
  const { schema } = planning;
  const root = schema.getMutationType();
  const names = new Set<string>();
  const note: IsRemoved = (parent, field) => {
    if (parent === root) names.add(responseName(field));
    return false;
  };
  prune(schema, single, note);
  if (names.size < 2) return planOne(planning, single);
  const nodes = [...names].flatMap((name) => {
    const alone = prune(schema, single, (parent, field) => parent === root && responseName(field) !== name);
    return (alone && planOne(planning, alone)) ?? [];
  });
  return { kind: 'sequence', nodes };
};

/** Plans an operation; null when no subgraph need be asked. */
export const planOperation = (
  planning: Planning,
  single: Single,
  conditions: Conditions,
): PlanNode | null => {
  const { schema } = planning;
  const root = schema.getRootType(single.operation.operation);
  // What the root is called is known, and so is the schema.
  const asked = prune(schema, single, (parent, { name }) => parent === root && name.value.startsWith('__'));
  const plain = asked && plainOf(asked, conditions);
  if (!plain) return null;
  return single.operation.operation === 'mutation' ? planMutation(planning, plain) : planOne(planning, plain);
};
