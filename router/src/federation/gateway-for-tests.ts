import {
  operationFromDocument,
  ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
  Supergraph,
} from '@apollo/federation-internals';
import type { GraphQLDataSource } from '@apollo/gateway';
// Its class is left out: it sends usage figures to Apollo when it is made.
import { executeQueryPlan } from '@apollo/gateway/dist/executeQueryPlan.js';
import { buildOperationContext } from '@apollo/gateway/dist/operationContext.js';
import { QueryPlanner } from '@apollo/query-planner';
import { createLog, type MountedSubgraph } from '@storegraph/server';
import { getVariableValues, Kind, parse } from 'graphql';
import { type Said, said } from './stand-for-tests.ts';

type GatewayRequest = Parameters<typeof executeQueryPlan>[2];
type GatewayAnswer = Awaited<ReturnType<GraphQLDataSource['process']>>;

const log = createLog(() => undefined);

const sourceOf = (subgraph: MountedSubgraph): GraphQLDataSource => ({
  process: async ({ request: { query = '', variables, operationName } }) => {
    const answer = await subgraph.execute({ query, variables, operationName });
    // Over the wire, as the gateway has it: it writes into what it gets.
    return JSON.parse(JSON.stringify(answer)) as GatewayAnswer;
  },
});

/** Runs queries and mutations as `@apollo/gateway` does, to compare with. */
export const createGateway = (
  {
    supergraphSdl,
    mounted,
  }: { readonly supergraphSdl: string; readonly mounted: readonly MountedSubgraph[] },
  labels: readonly string[] = [],
) => {
  const supergraph = Supergraph.build(supergraphSdl, {
    supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
  });
  const apiSchema = supergraph.apiSchema();
  const schema = apiSchema.toGraphQLJSSchema();
  const supergraphSchema = supergraph.schema.toGraphQLJSSchema();
  const planner = new QueryPlanner(supergraph);
  const sources = Object.fromEntries(mounted.map((subgraph) => [subgraph.name, sourceOf(subgraph)]));
  const overrideConditions = new Map(
    [...supergraphSdl.matchAll(/overrideLabel: "([^"]+)"/g)].map(([, label = '']) => [
      label,
      labels.includes(label),
    ]),
  );

  return async (text: string, given: Readonly<Record<string, unknown>> = {}): Promise<Said> => {
    const document = parse(text);
    const definition = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
    const { coerced: variables = {} } = getVariableValues(
      schema,
      definition?.variableDefinitions ?? [],
      given,
    );
    const plan = planner.buildQueryPlan(operationFromDocument(apiSchema, document), { overrideConditions });
    const context = buildOperationContext({ schema, operationDocument: document });
    // The gateway's execution reads no more of its request than this.
    const request = { logger: log, metrics: {}, request: { variables } } as unknown as GatewayRequest;
    const result = await executeQueryPlan(plan, sources, request, context, supergraphSchema, apiSchema);
    // A null where none may be, without an error of a subgraph: the gateway hides the reason among the extensions.
    const errors = result.errors ?? result.extensions?.['valueCompletion'];
    return said(JSON.parse(JSON.stringify({ ...result, errors })));
  };
};
