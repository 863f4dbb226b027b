import type { MountedSubgraph } from '@storegraph/server';
import type { Transport } from './transport.ts';

/** The way to a subgraph of this process. The router has verified who asks, and is its own witness for it. */
export const localTransport = (mounted: MountedSubgraph): Transport => ({
  name: mounted.name,
  fetch: ({ document, operationName }, variables, { viewer, requestId, deadlineAt, address }) =>
    mounted.execute({ query: document(), operationName, variables, viewer, requestId, deadlineAt, address }),
  subscribe: ({ document, operationName }, variables, { viewer, requestId, deadlineAt, address }) =>
    mounted.subscribe({
      ...{ query: document(), operationName, variables, viewer, requestId, deadlineAt, address },
    }),
  isReady: mounted.isReady,
  // It was mounted by somebody else, who stops it.
  close: async () => undefined,
});
