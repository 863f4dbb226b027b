import { anonymous, type Log, log as processLog } from '@storegraph/server';
import { Pool } from 'undici';
import { createBreaker } from './breaker.ts';
import { createEventSockets } from './event-sockets.ts';
import { failure, failureMessage } from './failure.ts';
import { createHttpRequests } from './http-requests.ts';
import type { Transport } from './transport.ts';

export type HttpTransportOptions = {
  /** The subgraph's name in the supergraph. */
  readonly name: string;
  /** Its GraphQL endpoint, `http://…` or `https://…`; its WebSocket is at the same place. */
  readonly url: string;
  /** What a query may take at most; 5 s when left out, which leaves its caller as long to do without. A mutation has all the time of its caller. */
  readonly timeoutMs?: number;
  /** 16 MiB when left out. */
  readonly maxAnswerBytes?: number;
  /** Whether answers may come as gzip or Brotli. Off when left out: 5 kB take 4 µs on a line of 10 Gbit/s, and 190 µs to pack and unpack. */
  readonly acceptsPacked?: boolean;
  /** How long to wait before the first and the second repetition of a query. */
  readonly retryDelayMs?: (retry: number) => number;
  readonly breaker?: { readonly maxFailures: number; readonly openMs: number };
  /** The clock of the breaker. */
  readonly now?: () => number;
  readonly log?: Log;
};

/** A connection carries one request at a time; a subgraph of one process has no use for more at once. */
const maxConnections = 128;

/** As many as wait for those connections for a second when an answer takes 100 ms. */
const maxUnderWay = 1_024;

/** Within a datacentre a connection is there in a millisecond or never. */
const connectTimeoutMs = 2_000;

/** Any time between nothing and 50, then 100 ms: those who failed together shall not come back together. */
const jittered = (retry: number): number => Math.random() * 50 * 2 ** retry;

/** In a row, with not one success among all callers between them. */
const defaultBreaker = { maxFailures: 10, openMs: 2_000 };

const readyLimitMs = 2_000;

const nobody = { token: undefined, viewer: anonymous, requestId: 'is-ready' };

/** The way to a subgraph over HTTP; its subscriptions come over WebSocket (graphql-transport-ws). */
export const httpTransport = (options: HttpTransportOptions): Transport => {
  const { name, timeoutMs = 5_000, maxAnswerBytes = 16 * 1024 * 1024, log = processLog } = options;
  const { acceptsPacked = false, retryDelayMs = jittered, now = Date.now } = options;
  const url = new URL(options.url);
  const breaker = createBreaker({ ...(options.breaker ?? defaultBreaker), now });
  // Its own time limits are off: each request has one, for all of it.
  const pool = new Pool(url.origin, {
    ...{ connections: maxConnections, headersTimeout: 0, bodyTimeout: 0 },
    connect: { timeout: connectTimeoutMs },
  });
  const { ask, send } = createHttpRequests({
    ...{ name, dispatcher: pool, path: url.pathname + url.search, timeoutMs, maxAnswerBytes, log },
    ...{ retryDelayMs, breaker, acceptsPacked },
  });
  const sockets = createEventSockets({ name, url, maxAnswerBytes, log });
  let underWay = 0;
  let closing: Promise<void> | null = null;

  return {
    name,
    fetch: (subquery, variables, call) => {
      if (underWay >= maxUnderWay) return failure(subquery, 'SERVICE_UNAVAILABLE');
      const body = `${subquery.wire},"variables":${JSON.stringify(variables)}}`;
      underWay += 1;
      return ask({ kind: subquery.kind, body, call }).then(
        ({ answer }) => {
          underWay -= 1;
          return typeof answer === 'string' ? failure(subquery, answer) : answer;
        },
        (error: unknown) => {
          underWay -= 1;
          throw error;
        },
      );
    },
    subscribe: sockets.subscribe,
    isReady: async () => {
      const call = { ...nobody, deadlineAt: Date.now() + readyLimitMs };
      const { answer } = await send({ kind: 'query', body: '{"query":"{__typename}"}', call });
      if (typeof answer === 'string') throw new Error(failureMessage(name, answer));
    },
    close: async () => {
      sockets.close();
      closing ??= pool.close();
      await closing;
    },
  };
};
