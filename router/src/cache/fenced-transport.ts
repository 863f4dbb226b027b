import type { Transport } from '../reach/transport.ts';
import type { FactFeed } from './fact-feed.ts';

/**
 * Lets a mutation end when the caches have heard of what it changed, so that nobody who was told of a change reads
 * what was before it.
 */
export const fencedTransport = (transport: Transport, feed: FactFeed): Transport => ({
  ...transport,
  fetch: async (subquery, variables, call) => {
    const answer = await transport.fetch(subquery, variables, call);
    if (subquery.kind === 'mutation') await feed.caughtUp([transport.name]);
    return answer;
  },
});
