import { after, type Soon } from '@storegraph/server';
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
export type Step = (run: Run) => Soon<void>;

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
  return (run) => {
    const transport = run.transports.get(fetch.subgraph);
    if (!transport) throw new Error(`The plan asks the subgraph ${fetch.subgraph}, which is not there.`);
    if (run.tags) noteTags(run, tagsOfMixed(fetch.subgraph));
    const answered = transport.fetch(subquery, pick(run.values, fetch.variables), run.call);
    return after(answered, (answer) => takeRoot(run, node, subquery, answer));
  };
};

const sequence = (steps: readonly Step[]): Step => {
  const from = (at: number, run: Run): Soon<void> => {
    for (let next = at; next < steps.length; next += 1) {
      const working = steps[next]?.(run);
      if (working instanceof Promise) return working.then(() => from(next + 1, run));
    }
  };
  return (run) => from(0, run);
};

const parallel = (steps: readonly Step[]): Step => {
  return (run) => {
    const waiting: Promise<void>[] = [];
    for (const step of steps) {
      try {
        const work = step(run);
        if (work instanceof Promise) waiting.push(work);
      } catch (error) {
        // Thrown with the others, which run already and must not fail for nobody.
        waiting.push(Promise.reject(error));
      }
    }
    return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => undefined);
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
      return (run) => (run.values[node.variable] === true ? ifTrue : ifFalse)?.(run);
    }
    case 'root':
      return rootStep(node, compiling);
    case 'entities':
      return entitiesStep(node, compiling);
  }
};
