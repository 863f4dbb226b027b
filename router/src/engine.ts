import {
  asGraphQLError,
  type Call,
  defaultDeadlineMs,
  type GraphResult,
  type IncomingOperation,
  isStream,
  type Log,
  type MountedSubgraph,
  mapStream,
  maskErrors,
  type ResultStream,
} from '@storegraph/server';
import { GraphQLError, type GraphQLSchema, getOperationAST, getVariableValues } from 'graphql';
import { createFetches } from './fetches.ts';
import { createPlanner } from './planner.ts';

/** Runs operations of the public graph over the subgraphs that answer its parts. */
export type Engine = {
  readonly schema: GraphQLSchema;
  readonly execute: (operation: IncomingOperation) => Promise<GraphResult>;
  readonly subscribe: (operation: IncomingOperation) => Promise<ResultStream<GraphResult> | GraphResult>;
};

const refusal = (code: string, message: string): GraphResult => ({
  errors: [new GraphQLError(message, { extensions: { code } })],
});

const pick = (variables: Readonly<Record<string, unknown>>, names: readonly string[] = []) =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => names.includes(name)));

/** Null when the operation can be run, else why not. */
const check = (
  schema: GraphQLSchema,
  { document, operationName, variables }: IncomingOperation,
  wantsStream: boolean,
): GraphResult | null => {
  const operation = getOperationAST(document, operationName);
  if (!operation)
    return refusal('OPERATION_RESOLUTION_FAILURE', 'Name the operation to run in `operationName`.');
  if ((operation.operation === 'subscription') !== wantsStream) {
    return refusal(
      'BAD_REQUEST',
      'Subscriptions are answered over WebSocket (graphql-transport-ws) on this path; queries and mutations are no subscriptions.',
    );
  }
  const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], variables, {
    maxErrors: 20,
  });
  if (!errors) return null;
  return { errors: errors.map(({ message, nodes }) => badInput(message, nodes)) };
};

const badInput = (message: string, nodes: GraphQLError['nodes']): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' }, ...(nodes && { nodes }) });

/** Builds the engine, or throws when the supergraph names a subgraph that is not there. */
export const createEngine = ({
  supergraphSdl,
  subgraphs,
  production,
  log,
}: {
  readonly supergraphSdl: string;
  readonly subgraphs: readonly MountedSubgraph[];
  readonly production: boolean;
  readonly log: Log;
}): Engine => {
  const { schema, subgraphNames, planOf, subscriptionPlanOf, run } = createPlanner(supergraphSdl, log);
  const byName = new Map(subgraphs.map((subgraph) => [subgraph.name, subgraph]));
  const missing = subgraphNames.filter((name) => !byName.has(name));
  if (missing.length > 0)
    throw new Error(`The supergraph needs subgraphs that are not mounted: ${missing.join(', ')}.`);

  const failed = (error: unknown, { requestId }: Call): GraphResult => ({
    errors: maskErrors([asGraphQLError(error)], { subgraph: 'router', requestId, production, log }),
  });

  const execute = async (operation: IncomingOperation): Promise<GraphResult> =>
    check(schema, operation, false) ??
    run(planOf(operation), operation, createFetches(subgraphs, operation.call));

  const subscribe = async (
    operation: IncomingOperation,
  ): Promise<ResultStream<GraphResult> | GraphResult> => {
    const refused = check(schema, operation, true);
    if (refused) return refused;
    const plan = subscriptionPlanOf(operation);
    const owner = plan && byName.get(plan.opening.serviceName);
    if (!owner) return refusal('BAD_REQUEST', 'A subscription selects a field that has events.');
    const { call, variables } = operation;
    const { operation: query, operationName, variableUsages } = plan.opening;
    const opening = { query, operationName, variables: pick(variables, variableUsages) };
    const source = await owner.subscribe({ ...opening, ...call, viewer: undefined });
    if (!isStream(source)) return source;
    return mapStream(source[Symbol.asyncIterator](), {
      map: (answer: GraphResult) => {
        const perEvent = { ...call, deadlineAt: Date.now() + defaultDeadlineMs };
        return run(
          plan.perEvent,
          operation,
          createFetches(subgraphs, perEvent, { subgraph: owner.name, query, answer }),
        );
      },
      failed: (error) => failed(error, call),
      ended: () => undefined,
    });
  };

  return { schema, execute, subscribe };
};
