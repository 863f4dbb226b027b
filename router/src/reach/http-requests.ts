import { setTimeout as pause } from 'node:timers/promises';
import type { Call, Log } from '@storegraph/server';
import type { Dispatcher } from 'undici';
import type { Breaker } from './breaker.ts';
import { remainingUntil } from './by-deadline.ts';
import { exchange } from './exchange.ts';
import { requestHeaders } from './request-headers.ts';
import type { Subquery } from './transport.ts';
import { failed, judge, type Outcome } from './verdict.ts';

export type HttpRequestsOptions = {
  readonly name: string;
  readonly dispatcher: Dispatcher;
  readonly path: string;
  readonly acceptsPacked: boolean;
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly retryDelayMs: (retry: number) => number;
  readonly breaker: Breaker;
  readonly log: Log;
};

/** A question, its body ready to be sent, and whose it is. */
export type Asking = { readonly kind: Subquery['kind']; readonly body: string; readonly call: Call };

/** A third attempt finds what a second did not only where something is starting. */
const maxRetries = 2;

/** Asks one subgraph: once, or as often as a query may be asked. */
export const createHttpRequests = (options: HttpRequestsOptions) => {
  const { name, dispatcher, path, acceptsPacked, timeoutMs, maxAnswerBytes } = options;
  const { retryDelayMs, breaker, log } = options;

  const send = async ({ kind, body, call }: Asking): Promise<Outcome> => {
    const remainingMs = remainingUntil(call.deadlineAt);
    if (remainingMs <= 0) return failed('DEADLINE_EXCEEDED', 'Nothing was sent.');
    const limitMs = kind === 'mutation' ? remainingMs : Math.min(remainingMs, timeoutMs);
    const headers = requestHeaders(call, { limitMs, acceptsPacked });
    const received = await exchange(dispatcher, { path, headers, body, limitMs, maxAnswerBytes });
    return judge(received, limitMs === remainingMs);
  };

  const attempt = async (asking: Asking): Promise<Outcome> => {
    if (!breaker.mayGo()) return { answer: 'SUBGRAPH_BROKEN', verdict: 'unknown', mayRetry: false };
    const outcome = await send(asking);
    const { reason, verdict } = outcome;
    const { requestId } = asking.call;
    if (verdict === 'ill') log.warn('A subgraph failed.', { subgraph: name, requestId, reason });
    if (breaker.note(verdict)) {
      log.warn(breaker.isOpen() ? 'A subgraph is left alone.' : 'A subgraph is well again.', {
        subgraph: name,
      });
    }
    return outcome;
  };

  const ask = async (asking: Asking): Promise<Outcome> => {
    for (let retry = 0; ; retry += 1) {
      const outcome = await attempt(asking);
      if (!outcome.mayRetry || asking.kind !== 'query' || retry === maxRetries) return outcome;
      const delayMs = retryDelayMs(retry);
      if (Date.now() + delayMs >= asking.call.deadlineAt) return outcome;
      await pause(delayMs);
    }
  };

  /** `send` goes past the breaker. */
  return { ask, send };
};
