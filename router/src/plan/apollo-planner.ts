import {
  operationFromDocument,
  ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
  Supergraph,
} from '@apollo/federation-internals';
import {
  type PlanNode as ApolloNode,
  type FetchDataRewrite,
  type FetchNode,
  QueryPlanner,
  type QueryPlanSelectionNode,
} from '@apollo/query-planner';
import { parse, printSchema } from 'graphql';
import { namesOfObjects } from '../graph/supergraph.ts';
import type { Path, PlanNode, Planner, Requirement, Rewrite, RewriteStep } from './planner.ts';

/** Elastic-licensed parts, so this file is loaded only where it is asked for. */

const segmentOf = (segment: string | number): Path[number] =>
  segment === '@' ? { kind: 'each' } : { kind: 'field', name: String(segment) };

const requirementsOf = (selection: QueryPlanSelectionNode): readonly Requirement[] => {
  if (selection.kind === 'Field') {
    const selections = selection.selections?.flatMap(requirementsOf) ?? null;
    const name = selection.alias ?? selection.name;
    return [{ kind: 'field', name, as: name, selections }];
  }
  const selections = selection.selections.flatMap(requirementsOf);
  return selection.typeCondition === undefined
    ? selections
    : [{ kind: 'fragment', type: selection.typeCondition, selections }];
};

const fragmentPrefix = '... on ';

/** Turns the nodes of Apollo's plans into ours. */
const createTranslation = (namesOf: (type: string) => readonly string[]) => {
  const stepOf = (step: string): RewriteStep =>
    step.startsWith(fragmentPrefix)
      ? { kind: 'types', names: namesOf(step.slice(fragmentPrefix.length)) }
      : { kind: 'key', name: step };
  const rewriteOf = (rewrite: FetchDataRewrite): Rewrite =>
    rewrite.kind === 'KeyRenamer'
      ? { kind: 'rename', path: rewrite.path.map(stepOf), to: rewrite.renameKeyTo }
      : { kind: 'set', path: rewrite.path.map(stepOf), value: rewrite.setValueTo };

  const fetchOf = (node: FetchNode, path: Path | null): PlanNode => {
    const fetch = {
      subgraph: node.serviceName,
      text: node.operation,
      operationName: node.operationName,
      operation: node.operationKind,
      variables: node.variableUsages ?? [],
    };
    const outputRewrites = (node.outputRewrites ?? []).map(rewriteOf);
    if (!path || !node.requires?.length) return { kind: 'root', fetch, outputRewrites };
    const batch = {
      ...{ alias: '_entities', variable: 'representations', paths: [path] },
      requires: node.requires.flatMap(requirementsOf),
      inputRewrites: (node.inputRewrites ?? []).map(rewriteOf),
      outputRewrites,
    };
    return { kind: 'entities', fetch, batches: [batch] };
  };

  const nodeOf = (node: ApolloNode, path: Path | null = null): PlanNode => {
    switch (node.kind) {
      case 'Sequence':
        return { kind: 'sequence', nodes: node.nodes.map((inner) => nodeOf(inner, path)) };
      case 'Parallel':
        return { kind: 'parallel', nodes: node.nodes.map((inner) => nodeOf(inner, path)) };
      case 'Condition':
        return {
          kind: 'condition',
          variable: node.condition,
          ifTrue: node.ifClause ? nodeOf(node.ifClause, path) : null,
          ifFalse: node.elseClause ? nodeOf(node.elseClause, path) : null,
        };
      case 'Flatten':
        return nodeOf(node.node, [...(path ?? []), ...node.path.map(segmentOf)]);
      case 'Fetch':
        return fetchOf(node, path);
      case 'Defer':
        throw new Error('The plan defers a part, which nobody asked for.');
    }
  };
  return nodeOf;
};

/** Overrides by a share of requests are labelled so; the others have names of their own. */
const shareLabel = /^percent\((\d+(?:\.\d+)?)\)$/;

/** Plans by `@apollo/query-planner`: where the other planner has no binary, and to compare the two. */
export const createApolloPlanner = (supergraphSdl: string): Planner => {
  const supergraph = Supergraph.build(supergraphSdl, {
    supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
    // It was validated when it was composed, and that takes a third of the start.
    validateSupergraph: false,
  });
  const apiSchema = supergraph.apiSchema();
  const planner = new QueryPlanner(supergraph);
  const nodeOf = createTranslation(namesOfObjects(supergraphSdl));
  const labels = [...supergraphSdl.matchAll(/overrideLabel: "([^"]+)"/g)].map(([, label = '']) => label);
  const shareOf = (label: string): number | null => {
    const share = shareLabel.exec(label)?.[1];
    return share === undefined ? null : Number(share);
  };
  return {
    publicSdl: printSchema(apiSchema.toGraphQLJSSchema()),
    overridePercentages: labels.map(shareOf).filter((share) => share !== null),
    plan: (text, operationName, overrides) => {
      const named = operationName === null ? {} : { operationName };
      const operation = operationFromDocument(apiSchema, parse(text), named);
      const isOverridden = (label: string): boolean => {
        const share = shareOf(label);
        return share === null ? overrides.labels.has(label) : overrides.percentage < share;
      };
      const overrideConditions = new Map(labels.map((label) => [label, isOverridden(label)]));
      const { node } = planner.buildQueryPlan(operation, { overrideConditions });
      if (node?.kind !== 'Subscription') return node ? nodeOf(node) : null;
      const rest = node.rest ? [nodeOf(node.rest)] : [];
      return { kind: 'sequence', nodes: [nodeOf(node.primary), ...rest] };
    },
  };
};
