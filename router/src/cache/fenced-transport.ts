import { after } from '@storegraph/server';
import type { Transport } from '../reach/transport.ts';
import type { FactFeed } from './fact-feed.ts';

/**
 * Lets a mutation end when this router has heard of what it changed, so that nobody who was told of a change reads
 * what was before it, or is answered in a session that it has ended.
 */
export const fencedTransport = (transport: Transport, feed: FactFeed): Transport => ({
  ...transport,
  fetch: (subquery, variables, call) => {
    const answered = transport.fetch(subquery, variables, call);
    if (subquery.kind !== 'mutation') return answered;
    return after(answered, (answer) => feed.caughtUp([transport.name]).then(() => answer));
  },
});
