import { type Conditions, conditionsOf, type Viewer } from '@storegraph/server';
import {
  type FieldNode,
  type GraphQLSchema,
  isAbstractType,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { type Guard, refusalOf } from '../graph/guard.ts';
import type { Supergraph } from '../graph/supergraph.ts';
import type { PlanNode, Planner } from '../plan/planner.ts';
import { type Compiling, compilePlan, type Step } from '../run/steps.ts';
import { createWriter, type Flaw } from '../write/writer.ts';
import { introspectionOf } from './introspection.ts';
import { planOperation } from './plan-operation.ts';
import type { Values } from './prepared.ts';
import { documentOf, prune, type Single } from './prune.ts';
import type { SafelyNamed } from './safe-names.ts';

/** How an operation is run for one kind of viewer and one choice of its conditions. */
export type Form = {
  readonly plan: PlanNode | null;
  readonly step: Step | null;
  readonly introspect: ((values: Values) => Record<string, unknown>) | null;
  /** What the client calls a response name that had to be another on the way. */
  readonly clientName: (name: string) => string;
  readonly write: (data: unknown) => { readonly text: string; readonly flaws: readonly Flaw[] };
};

/** Every form an operation can take. */
export type Forms = {
  /** The guards on what it selects; a flaw names one by its place in this list. */
  readonly guards: readonly Guard[];
  readonly formOf: (values: Values, viewer: Viewer) => Form;
  /** Finds the plans for those who may see nothing that is guarded and for those who may see all. */
  readonly warm: () => void;
};

export type FormsOptions = {
  readonly schema: GraphQLSchema;
  readonly supergraph: Supergraph;
  readonly planner: Planner;
  /** The progressive overrides that hold by name. */
  readonly labels: ReadonlySet<string>;
  readonly compiling: Compiling;
};

/** Conditions multiply: of an operation that is used in more forms than these, the others are made each time. */
const maxForms = 64;

/** The guards on the fields that an operation selects, those of every type a field may turn out to be of included. */
const guardsOf = ({ schema, supergraph }: FormsOptions, single: Single): Guard[] => {
  const guards = new Set<Guard>();
  const typeInfo = new TypeInfo(schema);
  const note = (node: FieldNode): void => {
    const parent = typeInfo.getParentType();
    if (!parent) return;
    for (const type of [parent, ...(isAbstractType(parent) ? schema.getPossibleTypes(parent) : [])]) {
      const guard = supergraph.guardOf(type.name, node.name.value);
      if (guard) guards.add(guard);
    }
  };
  visit(documentOf(single), visitWithTypeInfo(typeInfo, { [Kind.FIELD]: note }));
  return [...guards];
};

/** What one form differs in from another. */
type Choice = {
  readonly denied: ReadonlySet<Guard>;
  readonly percentage: number;
  readonly conditions: Conditions;
};

/** Makes an operation's forms as they are asked for: most operations have one. */
export const createForms = (options: FormsOptions, single: SafelyNamed): Forms => {
  const { schema, supergraph, planner, labels, compiling } = options;
  const guards = guardsOf(options, single);
  const names = conditionsOf(documentOf(single));
  const shares = [...planner.overridePercentages].sort((a, b) => a - b);
  const forms = new Map<string, Form>();

  const planFor = ({ denied, percentage, conditions }: Choice) => {
    const isDenied = (type: string, field: string): boolean => {
      const guard = supergraph.guardOf(type, field);
      return guard !== null && denied.has(guard);
    };
    const allowed =
      denied.size === 0
        ? single
        : prune(schema, single, (parent, { name }) => isDenied(parent.name, name.value));
    if (!allowed) return { plan: null, step: null, introspect: null };
    const plan = planOperation({ planner, schema, overrides: { labels, percentage } }, allowed, conditions);
    const step = plan && compilePlan(plan, compiling);
    return { plan, step, introspect: introspectionOf(schema, allowed) };
  };

  const make = (choice: Choice): Form => {
    const { denied, conditions } = choice;
    const write = createWriter({
      schema,
      ...single,
      conditions,
      denied: (type, field) => {
        const guard = supergraph.guardOf(type, field);
        return guard && denied.has(guard) ? guards.indexOf(guard) : null;
      },
    });
    return { ...planFor(choice), write, clientName: single.clientName };
  };

  const formFor = (denied: ReadonlySet<Guard>, values: Values): Form => {
    const percentage = shares.length > 0 ? shareOf(shares, Math.random() * 100) : 100;
    const ofGuards = guards.map((guard) => (denied.has(guard) ? 1 : 0)).join('');
    const key = `${ofGuards}|${percentage}|${names.map((name) => (values[name] === true ? 1 : 0)).join('')}`;
    const known = forms.get(key);
    if (known) return known;
    const conditions = new Map(names.map((name) => [name, values[name] === true]));
    const form = make({ denied, percentage, conditions });
    if (forms.size < maxForms) forms.set(key, form);
    return form;
  };

  return {
    guards,
    formOf: (values, viewer) =>
      formFor(new Set(guards.filter((guard) => refusalOf(guard, viewer) !== null)), values),
    warm: () => {
      formFor(new Set(), {});
      if (guards.length > 0) formFor(new Set(guards), {});
    },
  };
};

/** Requests between two shares have the same plan. The lower one stands for them all: a share holds below itself. */
const shareOf = (shares: readonly number[], drawn: number): number =>
  shares.findLast((share) => share <= drawn) ?? 0;
