import {
  type FetchNode,
  type FetchNodePathSegment,
  type FetchRewrite,
  type FlattenNodePathSegment,
  type PlanNode as HiveNode,
  QueryPlanner,
  type RequiresSelection,
} from '@graphql-hive/router-query-planner';
import { type DefinitionNode, isTypeDefinitionNode, Kind, parse, print } from 'graphql';
import { namesOfObjects } from '../graph/supergraph.ts';
import type { Fetch, Path, PlanNode, Planner, Requirement, Rewrite, RewriteStep } from './planner.ts';

const requirementOf = (selection: RequiresSelection): Requirement => {
  switch (selection.kind) {
    case 'Field': {
      const selections = selection.selections?.map(requirementOf) ?? null;
      return { kind: 'field', name: selection.name, as: selection.alias ?? selection.name, selections };
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

const fetchOf = (node: Omit<FetchNode, 'kind'>): Fetch => ({
  subgraph: node.serviceName,
  text: node.operation,
  operationName: node.operationName,
  operation: node.operationKind ?? 'query',
  variables: node.variableUsages ?? [],
});

type Changing = Pick<FetchNode, 'requires' | 'inputRewrites' | 'outputRewrites'>;

/** Reads where a fetch belongs and what it changes. */
const createReading = (namesOf: (type: string) => readonly string[]) => {
  const pathOf = (segments: readonly FlattenNodePathSegment[]): Path =>
    segments.map((segment) => {
      if (segment === '@') return { kind: 'each' };
      if ('Field' in segment) return { kind: 'field', name: segment.Field };
      return { kind: 'types', names: segment.TypeCondition.flatMap(namesOf) };
    });

  const stepOf = (step: FetchNodePathSegment): RewriteStep =>
    'Key' in step
      ? { kind: 'key', name: step.Key }
      : { kind: 'types', names: step.TypenameEquals.flatMap(namesOf) };

  const rewriteOf = (rewrite: FetchRewrite): Rewrite => {
    if ('KeyRenamer' in rewrite) {
      const { path, renameKeyTo } = rewrite.KeyRenamer;
      return { kind: 'rename', path: path.map(stepOf), to: renameKeyTo };
    }
    const { path, setValueTo } = 'ValueSetter' in rewrite ? rewrite.ValueSetter : rewrite;
    return { kind: 'set', path: path.map(stepOf), value: setValueTo };
  };

  const changesOf = ({ requires, inputRewrites, outputRewrites }: Changing) => ({
    requires: (requires ?? []).map(requirementOf),
    inputRewrites: (inputRewrites ?? []).map(rewriteOf),
    outputRewrites: (outputRewrites ?? []).map(rewriteOf),
  });

  return { pathOf, changesOf };
};

/** Turns the nodes of Hive's plans into ours. */
const createTranslation = (namesOf: (type: string) => readonly string[]) => {
  const { pathOf, changesOf } = createReading(namesOf);

  const rootOf = (node: Omit<FetchNode, 'kind'>): PlanNode => ({
    kind: 'root',
    fetch: fetchOf(node),
    outputRewrites: changesOf(node).outputRewrites,
  });

  const listOf = (nodes: readonly HiveNode[]): PlanNode[] =>
    nodes.map(nodeOf).filter((node) => node !== null);

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
        const batch = { alias: '_entities', variable: 'representations', paths: [pathOf(node.path)] };
        return {
          kind: 'entities',
          fetch: fetchOf(node.node),
          batches: [{ ...batch, ...changesOf(node.node) }],
        };
      }
      case 'BatchFetch': {
        const batches = node.entityBatch.aliases.map((batch) => ({
          alias: batch.alias,
          variable: batch.representationsVariableName,
          paths: batch.paths.map(pathOf),
          ...changesOf(batch),
        }));
        return { kind: 'entities', fetch: fetchOf(node), batches };
      }
      case 'Defer':
        throw new Error('The plan defers a part, which nobody asked for.');
    }
  };
  return nodeOf;
};

/** What federation adds to a supergraph for its own use, some of which the planner leaves in what clients see. */
const ownNames = /^(join|link|federation|context|authenticated|requiresScopes|policy|cost)__/;

/** The schema without that, without hidden members of unions, and without what every schema has by itself. */
const withoutOwn = (sdl: string): string => {
  const { definitions } = parse(sdl, { noLocation: true });
  const known = new Set(definitions.flatMap((node) => (isTypeDefinitionNode(node) ? node.name.value : [])));
  const mended = definitions
    .filter((node) => !('name' in node && node.name && ownNames.test(node.name.value)))
    .map((node): DefinitionNode => {
      if (node.kind === Kind.UNION_TYPE_DEFINITION)
        return { ...node, types: (node.types ?? []).filter(({ name }) => known.has(name.value)) };
      if (node.kind === Kind.OBJECT_TYPE_DEFINITION)
        return { ...node, fields: (node.fields ?? []).filter(({ name }) => !name.value.startsWith('__')) };
      return node;
    });
  return print({ kind: Kind.DOCUMENT, definitions: mended });
};

/** Plans by the Rust planner of Hive Router, which comes as a binary inside its package. */
export const createHivePlanner = (supergraphSdl: string): Planner => {
  const planner = new QueryPlanner(supergraphSdl);
  const nodeOf = createTranslation(namesOfObjects(supergraphSdl));
  return {
    publicSdl: withoutOwn(planner.consumerSchema),
    overridePercentages: planner.overridePercentages,
    plan: (text, operationName, { labels, percentage }) => {
      const { node } = planner.plan(text, operationName, new Set(labels), percentage);
      return node ? nodeOf(node) : null;
    },
  };
};
