import type { PlanNode } from '../plan/planner.ts';
import type { Form } from '../prepare/forms.ts';
import { createSubquery } from '../reach/subquery.ts';
import type { Subquery } from '../reach/transport.ts';
import { type Compiling, compilePlan, type Step } from './steps.ts';

type RootNode = Extract<PlanNode, { kind: 'root' }>;

/** How a subscription is run: one fetch opens it, the rest follows each event. */
export type Opening = {
  readonly root: RootNode;
  readonly subquery: Subquery;
  readonly rest: Step | null;
};

/** Null where nothing is subscribed to. */
export const openingOf = ({ plan }: Form, compiling: Compiling): Opening | null => {
  const [root, ...others] = plan?.kind === 'sequence' ? plan.nodes : plan ? [plan] : [];
  if (root?.kind !== 'root') return null;
  const subquery = createSubquery({ ...root.fetch, kind: 'subscription' });
  const rest = others.length > 0 ? compilePlan({ kind: 'sequence', nodes: others }, compiling) : null;
  return { root, subquery, rest };
};
