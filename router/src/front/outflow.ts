import type { EventSource } from '../engine.ts';
import { type Answer, refuse } from '../run/answer.ts';
import { sessionEnded } from './ended-sessions.ts';
import { type Exchange, isGone } from './exchange.ts';
import type { Caller } from './head.ts';
import type { FrontLimits } from './limits.ts';
import { type Runner, refusalOf } from './operation.ts';
import { BadRequest } from './refusal.ts';

/** How events are written into one long answer. */
export type Framing = {
  readonly contentType: string;
  /** Tells the client at once that it is open. */
  readonly opening: string;
  /** Keeps proxies from taking silence for death. */
  readonly beat: string;
  readonly ending: string;
};

/** An answer that goes on: a stream of events to one reader. */
export type Outflow = {
  /** Cuts a reader that has left too much unread: it costs the others nothing. */
  readonly send: (text: string) => void;
  readonly end: () => void;
};

/** All streams of a front. */
export type Outflows = {
  /** Throws when there is no room for another; asked before anything is opened that would have to be closed. */
  readonly check: () => void;
  readonly open: (exchange: Exchange, framing: Framing, closed: () => void) => Outflow;
  /** Ends every stream, so that clients connect again elsewhere. */
  readonly stop: () => void;
};

/** What a caller is told who would be one stream too many. */
export const full = (): BadRequest =>
  new BadRequest(503, 'SERVICE_UNAVAILABLE', 'Too many streams are open. Try again in a moment.', {
    headers: { 'retry-after': '5' },
  });

/** Bounds what streams may hold, together and each. */
export const createOutflows = ({ maxStreams, maxUnsentBytes, heartbeatMs }: FrontLimits): Outflows => {
  const live = new Set<Outflow>();

  const open: Outflows['open'] = (exchange, framing, closed) => {
    const { request, response, headers } = exchange;
    const send = (text: string): void => {
      if (response.writableLength > maxUnsentBytes) response.destroy();
      if (!isGone(exchange) && !response.writableEnded) response.write(text);
    };
    const beating = setInterval(send, heartbeatMs, framing.beat);
    const outflow = {
      send,
      end: () => {
        if (!response.writableEnded) response.end(framing.ending);
      },
    };
    if (isGone(exchange)) {
      clearInterval(beating);
      closed();
      return outflow;
    }
    live.add(outflow);
    response.once('close', () => {
      clearInterval(beating);
      live.delete(outflow);
      closed();
    });
    response.writeHead(200, [
      ...headers,
      ...['content-type', framing.contentType, 'cache-control', 'no-store, no-transform'],
      // nginx would hold events back until its buffer is full.
      ...['x-accel-buffering', 'no'],
      // A stream ends when the server stops, and its connection must not hold that up.
      ...(request.httpVersionMajor === 1 ? ['connection', 'close'] : []),
    ]);
    send(framing.opening);
    return outflow;
  };

  return {
    open,
    check: () => {
      if (live.size >= maxStreams) throw full();
    },
    stop: () => {
      for (const outflow of live) outflow.end();
    },
  };
};

/** The longest delay a timer takes; a longer one would fire at once. */
const maxTimerMs = 2 ** 31 - 1;

/** What a reader is told whose token ended: a stream can be open for weeks, and its viewer's rights must not be. */
const expired = (): Answer =>
  refuse(401, [
    {
      message: 'The token has expired. Get a new one and subscribe again.',
      extensions: { code: 'UNAUTHENTICATED' },
    },
  ]);

/**
 * Hands each event on until the source ends, the token expires or its session ends, or the reader leaves by
 * `source.return()`.
 */
export const pump = async (
  source: EventSource,
  { caller, runner }: { readonly caller: Caller; readonly runner: Runner },
  take: (answer: Answer) => void,
): Promise<void> => {
  const { viewer, expiresAt, requestId } = caller;
  let isOver = false;
  const end = (last: Answer): void => {
    isOver = true;
    take(last);
    void source.return();
  };
  const delayMs = Math.min(Math.max(0, expiresAt - Date.now()), maxTimerMs);
  const timer = Number.isFinite(expiresAt) ? setTimeout(() => end(expired()), delayMs) : undefined;
  const unwatch = runner.ended.watch(viewer, () => end(refusalOf(sessionEnded(), requestId, runner)));
  try {
    for await (const answer of source) if (!isOver) take(answer);
  } catch (error) {
    take(refusalOf(error, requestId, runner));
  } finally {
    clearTimeout(timer);
    unwatch();
  }
};
