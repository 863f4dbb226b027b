import type { GraphQLDataSource } from '@apollo/gateway';
import type { Call, GraphResult, MountedSubgraph, ResultExtensions } from '@storegraph/server';

type GatewayAnswer = Awaited<ReturnType<GraphQLDataSource['process']>>;

/** The fetches that one operation makes from its subgraphs, with what their answers said beside the data. */
export type Fetches = {
  readonly sources: Record<string, GraphQLDataSource>;
  readonly extensions: () => ResultExtensions;
};

/** An answer that is there before it is asked for: the event of a subscription. */
export type KnownAnswer = { readonly subgraph: string; readonly query: string; readonly answer: GraphResult };

/** Calls the subgraphs of this process directly, as the caller, under the caller's deadline. */
export const createFetches = (
  subgraphs: readonly MountedSubgraph[],
  { token, requestId, deadlineAt }: Call,
  known?: KnownAnswer,
): Fetches => {
  const replayed: string[] = [];
  let statements: number | null = null;

  const take = ({ data, errors, extensions }: GraphResult): GatewayAnswer => {
    replayed.push(...(extensions?.idempotency?.replayed ?? []));
    if (extensions?.trace) statements = (statements ?? 0) + extensions.trace.statements;
    return {
      ...(data !== undefined && { data }),
      ...(errors && { errors: errors.map((error) => error.toJSON()) }),
    };
  };

  const sourceOf = (subgraph: MountedSubgraph): GraphQLDataSource => ({
    process: async ({ request: { query = '', variables, operationName } }) => {
      if (known?.subgraph === subgraph.name && known.query === query) return take(known.answer);
      return take(await subgraph.execute({ query, variables, operationName, token, requestId, deadlineAt }));
    },
  });

  return {
    sources: Object.fromEntries(subgraphs.map((subgraph) => [subgraph.name, sourceOf(subgraph)])),
    extensions: () => ({
      ...(replayed.length > 0 && { idempotency: { replayed } }),
      ...(statements !== null && { trace: { statements } }),
    }),
  };
};
