import type { Call, MountedSubgraph, Operation } from '@storegraph/server';
import type { Subquery, Transport } from './transport.ts';

type Variables = Readonly<Record<string, unknown>>;

const operationOf = (
  { document, operationName }: Subquery,
  variables: Variables,
  { viewer, requestId, deadlineAt, address, trace }: Call,
): Operation => {
  const query = document();
  return { query, operationName, variables, viewer, requestId, deadlineAt, address, trace };
};

/** The way to a subgraph of this process. The router has verified who asks, and is its own witness for it. */
export const localTransport = (mounted: MountedSubgraph): Transport => ({
  name: mounted.name,
  fetch: (...asked) => mounted.execute(operationOf(...asked)),
  subscribe: (...asked) => mounted.subscribe(operationOf(...asked)),
  isReady: mounted.isReady,
  // It was mounted by somebody else, who stops it.
  close: async () => undefined,
});
