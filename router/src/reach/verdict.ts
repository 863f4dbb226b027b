import { readAnswer } from './answer-text.ts';
import type { Verdict } from './breaker.ts';
import type { Received } from './exchange.ts';
import type { FailureCode } from './failure.ts';
import type { SubgraphAnswer } from './transport.ts';

const contentTypePattern = /^application\/(?:graphql-response\+)?json\s*(?:;|$)/i;

/** What proxies and servers say that cannot pass a request on right now. */
const unavailable: ReadonlySet<number> = new Set([502, 503, 504]);

/** What came of one request. */
export type Outcome = {
  readonly answer: SubgraphAnswer | FailureCode;
  readonly verdict: Verdict;
  readonly mayRetry: boolean;
  /** For the log, where something is wrong. */
  readonly reason?: string;
};

export const failed = (answer: FailureCode, reason: string, mayRetry = false): Outcome => ({
  ...{ answer, reason, mayRetry },
  // When the caller's own time was too short, it says nothing about the subgraph.
  verdict: answer === 'DEADLINE_EXCEEDED' ? 'unknown' : 'ill',
});

/** Judges what came back. `isCallersLimit` tells whose time was up. */
export const judge = (received: Received, isCallersLimit: boolean): Outcome => {
  if ('failed' in received) {
    const { failed: how, reason } = received;
    if (how === 'late') return failed(isCallersLimit ? 'DEADLINE_EXCEEDED' : 'SUBGRAPH_TIMEOUT', reason);
    if (how === 'cut') return failed('SUBGRAPH_UNREACHABLE', reason, true);
    return failed('SUBGRAPH_GARBAGE', reason);
  }
  const { status, contentType, text } = received;
  const answer = contentTypePattern.test(contentType) ? readAnswer(text) : null;
  if (answer && !unavailable.has(status)) return { answer, verdict: 'well', mayRetry: false };
  const reason = `It answered ${status} ${contentType}.`;
  if (!unavailable.has(status)) return failed('SUBGRAPH_GARBAGE', reason);
  return { answer: answer ?? 'SUBGRAPH_UNREACHABLE', verdict: 'ill', mayRetry: true, reason };
};
