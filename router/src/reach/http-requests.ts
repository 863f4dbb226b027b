import { setTimeout as pause } from 'node:timers/promises';
import type { Call, Log, Soon } from '@storegraph/server';
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

const leftAlone: Outcome = { answer: 'SUBGRAPH_BROKEN', verdict: 'unknown', mayRetry: false };

/** A third attempt finds what a second did not only where something is starting. */
const maxRetries = 2;

/** Asks one subgraph: once, or as often as a query may be asked. */
export const createHttpRequests = (options: HttpRequestsOptions) => {
  const { name, dispatcher, path, acceptsPacked, timeoutMs, maxAnswerBytes } = options;
  const { retryDelayMs, breaker, log } = options;

  const send = ({ kind, body, call }: Asking): Promise<Outcome> => {
    const remainingMs = remainingUntil(call.deadlineAt);
    if (remainingMs <= 0) return Promise.resolve(failed('DEADLINE_EXCEEDED', 'Nothing was sent.'));
    const limitMs = kind === 'mutation' ? remainingMs : Math.min(remainingMs, timeoutMs);
    const headers = requestHeaders(call, { limitMs, acceptsPacked });
    const sent = { path, headers, body, limitMs, maxAnswerBytes };
    return exchange(dispatcher, sent).then((received) => judge(received, limitMs === remainingMs));
  };

  const note = ({ verdict, reason }: Outcome, { requestId }: Call): void => {
    if (verdict === 'ill') log.warn('A subgraph failed.', { subgraph: name, requestId, reason });
    if (!breaker.note(verdict)) return;
    log.warn(breaker.isOpen() ? 'A subgraph is left alone.' : 'A subgraph is well again.', {
      subgraph: name,
    });
  };

  /** Asks again after its pause, where what came of it lets us and there is time. */
  const goOn = (outcome: Outcome, asking: Asking, retry: number): Soon<Outcome> => {
    note(outcome, asking.call);
    if (!outcome.mayRetry || asking.kind !== 'query' || retry === maxRetries) return outcome;
    const delayMs = retryDelayMs(retry);
    if (Date.now() + delayMs >= asking.call.deadlineAt) return outcome;
    return pause(delayMs).then(() => attempt(asking, retry + 1));
  };

  const attempt = (asking: Asking, retry: number): Promise<Outcome> =>
    breaker.mayGo()
      ? send(asking).then((outcome) => goOn(outcome, asking, retry))
      : Promise.resolve(leftAlone);

  const ask = (asking: Asking): Promise<Outcome> => attempt(asking, 0);

  /** `send` goes past the breaker. */
  return { ask, send };
};
