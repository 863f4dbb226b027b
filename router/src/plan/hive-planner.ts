import {
  type FetchNode,
  type FetchNodePathSegment,
  type FetchRewrite,
  type FlattenNodePathSegment,
  type PlanNode as HiveNode,
  QueryPlanner,
  type RequiresSelection,
} from '@graphql-hive/router-query-planner';
import { parse, print } from 'graphql';
import type {
  EntityBatch,
  Fetch,
  Path,
  PlanNode,
  Planner,
  Requirement,
  Rewrite,
  RewriteStep,
} from './planner.ts';

const segmentOf = (segment: FlattenNodePathSegment): Path[number] => {
  if (segment === '@') return { kind: 'each' };
  if ('Field' in segment) return { kind: 'field', name: segment.Field };
  return { kind: 'types', names: segment.TypeCondition };
};

const requirementOf = (selection: RequiresSelection): Requirement => {
  switch (selection.kind) {
    case 'Field': {
      const selections = selection.selections?.map(requirementOf) ?? null;
      return { kind: 'field', name: selection.alias ?? selection.name, selections };
    }
    case 'InlineFragment':
      return {
        kind: 'fragment',
        type: selection.typeCondition,
        selections: selection.selections.map(requirementOf),
      };
    case 'FragmentSpread':
      throw new Error('The planner asked for a named fragment in a key, which it never does.');
  }
};

const stepOf = (step: FetchNodePathSegment): RewriteStep =>
  'Key' in step ? { kind: 'key', name: step.Key } : { kind: 'types', names: step.TypenameEquals };

const rewriteOf = (rewrite: FetchRewrite): Rewrite => {
  if ('KeyRenamer' in rewrite) {
    const { path, renameKeyTo } = rewrite.KeyRenamer;
    return { kind: 'rename', path: path.map(stepOf), to: renameKeyTo };
  }
  const { path, setValueTo } = 'ValueSetter' in rewrite ? rewrite.ValueSetter : rewrite;
  return { kind: 'set', path: path.map(stepOf), value: setValueTo };
};

const fetchOf = (node: Omit<FetchNode, 'kind'>): Fetch => ({
  subgraph: node.serviceName,
  text: node.operation,
  operationName: node.operationName,
  operation: node.operationKind ?? 'query',
  variables: node.variableUsages ?? [],
});

const entitiesOf = (path: Path, node: FetchNode): PlanNode => {
  const batch: EntityBatch = {
    alias: '_entities',
    variable: 'representations',
    paths: [path],
    requires: (node.requires ?? []).map(requirementOf),
    inputRewrites: (node.inputRewrites ?? []).map(rewriteOf),
    outputRewrites: (node.outputRewrites ?? []).map(rewriteOf),
  };
  return { kind: 'entities', fetch: fetchOf(node), batches: [batch] };
};

const rootOf = (node: Omit<FetchNode, 'kind'>): PlanNode => ({
  kind: 'root',
  fetch: fetchOf(node),
  outputRewrites: (node.outputRewrites ?? []).map(rewriteOf),
});

const listOf = (nodes: readonly HiveNode[]): PlanNode[] => nodes.map(nodeOf).filter((node) => node !== null);

const nodeOf = (node: HiveNode): PlanNode | null => {
  switch (node.kind) {
    case 'Sequence':
      return { kind: 'sequence', nodes: listOf(node.nodes) };
    case 'Parallel':
      return { kind: 'parallel', nodes: listOf(node.nodes) };
    case 'Condition':
      return {
        kind: 'condition',
        variable: node.condition,
        // Where there is no such clause the planner says null, whatever its types say.
        ifTrue: node.ifClause ? nodeOf(node.ifClause) : null,
        ifFalse: node.elseClause ? nodeOf(node.elseClause) : null,
      };
    case 'Fetch':
      return rootOf(node);
    case 'Subscription':
      return rootOf(node.primary);
    case 'Flatten': {
      if (node.node.kind !== 'Fetch') throw new Error(`The plan flattens a ${node.node.kind}.`);
      return entitiesOf(node.path.map(segmentOf), node.node);
    }
    case 'BatchFetch':
      return {
        kind: 'entities',
        fetch: fetchOf(node),
        batches: node.entityBatch.aliases.map((batch) => ({
          alias: batch.alias,
          variable: batch.representationsVariableName,
          paths: batch.paths.map((path) => path.map(segmentOf)),
          requires: batch.requires.map(requirementOf),
          inputRewrites: (batch.inputRewrites ?? []).map(rewriteOf),
          outputRewrites: (batch.outputRewrites ?? []).map(rewriteOf),
        })),
      };
    case 'Defer':
      throw new Error('The plan defers a part, which nobody asked for.');
  }
};

/** What federation adds to a supergraph for its own use, some of which the planner leaves in what clients see. */
const ownNames = /^(join|link|federation|context|authenticated|requiresScopes|policy|cost)__/;

const withoutOwn = (sdl: string): string => {
  const document = parse(sdl, { noLocation: true });
  const definitions = document.definitions.filter(
    (node) => !('name' in node && node.name && ownNames.test(node.name.value)),
  );
  return print({ ...document, definitions });
};

/** Plans by the Rust planner of Hive Router, which comes as a binary inside its package. */
export const createHivePlanner = (supergraphSdl: string): Planner => {
  const planner = new QueryPlanner(supergraphSdl);
  return {
    publicSdl: withoutOwn(planner.consumerSchema),
    overridePercentages: planner.overridePercentages,
    plan: (text, operationName, { labels, percentage }) => {
      const { node } = planner.plan(text, operationName, new Set(labels), percentage);
      return node ? nodeOf(node) : null;
    },
  };
};
