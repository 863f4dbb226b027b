import { tagsOfMixed } from '../cache/tags.ts';
import type { PlanNode } from '../plan/planner.ts';
import { createSubquery } from '../reach/subquery.ts';
import type { Keeping, SubgraphAnswer, SubgraphError, Subquery } from '../reach/transport.ts';
import { entitiesStep } from './entities.ts';
import { mergeInto } from './merge.ts';
import type { IsOfType } from './representation.ts';
import { applyRewrites } from './rewrite.ts';
import { rootFieldsOf } from './root-fields.ts';
import { noteError, noteExtensions, noteTags, pathOf, pick, type Run } from './run.ts';
import { isData, type Place } from './walk.ts';

/** What the supergraph says that plans are compiled by. */
export type Compiling = {
  readonly isOfType: IsOfType;
  readonly keepingOf: (text: string) => Keeping;
};

/** A part of a plan, ready to run. Null where nothing is to be waited for. */
export type Step = (run: Run) => Promise<void> | null;

type RootNode = Extract<PlanNode, { kind: 'root' }>;

/** An error without a path is about everything that was asked for, where nothing of it came. */
const placesOfError = (error: SubgraphError, lost: readonly string[]): (Place | undefined)[] => {
  const path = pathOf(error);
  return path || lost.length === 0 ? [path] : lost.map((name) => [name]);
};

/** Takes the answer of a root fetch into the run. */
export const takeRoot = (
  run: Run,
  { outputRewrites }: RootNode,
  subquery: Subquery,
  answer: SubgraphAnswer,
): void => {
  const { data, errors } = answer;
  if (isData(data)) {
    if (outputRewrites.length > 0) applyRewrites(data, outputRewrites);
    mergeInto(run.data, data);
  }
  for (const error of errors ?? []) {
    for (const place of placesOfError(error, isData(data) ? [] : rootFieldsOf(subquery.document())))
      noteError(run, subquery.subgraph, error, place);
  }
  noteExtensions(run, answer);
};

const rootStep = (node: RootNode, { keepingOf }: Compiling): Step => {
  const { fetch } = node;
  const subquery = createSubquery({ ...fetch, kind: fetch.operation, keeping: keepingOf(fetch.text) });
  return async (run) => {
    const transport = run.transports.get(fetch.subgraph);
    if (!transport) throw new Error(`The plan asks the subgraph ${fetch.subgraph}, which is not there.`);
    noteTags(run, tagsOfMixed(fetch.subgraph));
    takeRoot(
      run,
      node,
      subquery,
      await transport.fetch(subquery, pick(run.values, fetch.variables), run.call),
    );
  };
};

const sequence = (steps: readonly Step[]): Step => {
  return async (run) => {
    for (const step of steps) await step(run);
  };
};

const parallel = (steps: readonly Step[]): Step => {
  return (run) => {
    const waiting: Promise<void>[] = [];
    for (const step of steps) {
      const work = step(run);
      if (work) waiting.push(work);
    }
    return waiting.length === 0 ? null : Promise.all(waiting).then(() => undefined);
  };
};

/** Makes the functions that a plan is run by. */
export const compilePlan = (node: PlanNode, compiling: Compiling): Step => {
  const compile = (inner: PlanNode): Step => compilePlan(inner, compiling);
  switch (node.kind) {
    case 'sequence': {
      const [only, ...others] = node.nodes;
      return only && others.length === 0 ? compile(only) : sequence(node.nodes.map(compile));
    }
    case 'parallel':
      return parallel(node.nodes.map(compile));
    case 'condition': {
      const ifTrue = node.ifTrue ? compile(node.ifTrue) : null;
      const ifFalse = node.ifFalse ? compile(node.ifFalse) : null;
      return (run) => (run.values[node.variable] === true ? ifTrue : ifFalse)?.(run) ?? null;
    }
    case 'root':
      return rootStep(node, compiling);
    case 'entities':
      return entitiesStep(node, compiling);
  }
};
