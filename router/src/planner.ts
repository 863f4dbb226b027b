import {
  operationFromDocument,
  ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
  Supergraph,
} from '@apollo/federation-internals';
// Not from the package's index, which loads composition and HTTP clients: that is 0.15 s of each start.
import { executeQueryPlan } from '@apollo/gateway/dist/executeQueryPlan.js';
import { buildOperationContext } from '@apollo/gateway/dist/operationContext.js';
import { type FetchNode, type PlanNode, type QueryPlan, QueryPlanner } from '@apollo/query-planner';
import type { GraphResult, Log } from '@storegraph/server';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import type { Fetches } from './fetches.ts';

/** What is to be run: a document and, where it holds several operations, the name of one. */
export type Wanted = { readonly document: DocumentNode; readonly operationName: string | undefined };

/** How a subscription is run: one fetch opens it, the rest follows each event. */
export type SubscriptionPlan = { readonly opening: FetchNode; readonly perEvent: QueryPlan };

export type Planner = {
  /** The schema that clients see. */
  readonly schema: GraphQLSchema;
  readonly subgraphNames: readonly string[];
  readonly planOf: (wanted: Wanted) => QueryPlan;
  /** Null where nothing is subscribed to, as in `subscription { __typename }`. */
  readonly subscriptionPlanOf: (wanted: Wanted) => SubscriptionPlan | null;
  readonly run: (
    plan: QueryPlan,
    wanted: Wanted & { readonly variables: Readonly<Record<string, unknown>> },
    fetches: Fetches,
  ) => Promise<GraphResult>;
};

type GatewayRequest = Parameters<typeof executeQueryPlan>[2];

const sequence = (first: FetchNode, rest: PlanNode | undefined): QueryPlan => ({
  kind: 'QueryPlan',
  node: { kind: 'Sequence', nodes: rest ? [first, rest] : [first] },
});

/**
 * Plans and runs operations by the parts `@apollo/gateway` is made of. Its class `ApolloGateway` is left out:
 * its constructor sends usage figures to Apollo and asks the cloud's metadata address where it runs, unless an
 * environment variable forbids it; it refuses a supergraph with `@requiresScopes`; and it runs no subscriptions.
 * The scopes need no router here: each subgraph enforces its own.
 */
export const createPlanner = (supergraphSdl: string, log: Log): Planner => {
  const supergraph = Supergraph.build(supergraphSdl, {
    supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
    // It was validated when it was composed, and that takes a third of the start.
    validateSupergraph: false,
  });
  const apiSchema = supergraph.apiSchema();
  const schema = apiSchema.toGraphQLJSSchema();
  const supergraphSchema = supergraph.schema.toGraphQLJSSchema();
  const planner = new QueryPlanner(supergraph);
  const plans = new WeakMap<DocumentNode, Map<string, QueryPlan>>();

  const planOf = ({ document, operationName = '' }: Wanted): QueryPlan => {
    const ofDocument = plans.get(document) ?? new Map<string, QueryPlan>();
    plans.set(document, ofDocument);
    const known = ofDocument.get(operationName);
    if (known) return known;
    const operation = operationFromDocument(
      apiSchema,
      document,
      operationName === '' ? {} : { operationName },
    );
    const plan = planner.buildQueryPlan(operation);
    ofDocument.set(operationName, plan);
    return plan;
  };

  const run: Planner['run'] = async (
    plan,
    { document, operationName, variables },
    { sources, extensions },
  ) => {
    const context = buildOperationContext({
      schema,
      operationDocument: document,
      ...(operationName !== undefined && { operationName }),
    });
    // The gateway's execution reads no more of its request than this.
    const request = { logger: log, metrics: {}, request: { variables } } as unknown as GatewayRequest;
    const result = await executeQueryPlan(plan, sources, request, context, supergraphSchema, apiSchema);
    // A null where none may be, without an error of a subgraph: the gateway hides the reason among the extensions.
    const errors = result.errors ?? result.extensions?.['valueCompletion'];
    return { ...(errors && { errors }), data: result.data ?? null, extensions: extensions() };
  };

  return {
    schema,
    subgraphNames: supergraph.subgraphsMetadata().map(({ name }) => name),
    planOf,
    subscriptionPlanOf: (wanted) => {
      const { node } = planOf(wanted);
      if (node?.kind !== 'Subscription') return null;
      return { opening: node.primary, perEvent: sequence(node.primary, node.rest) };
    },
    run,
  };
};
