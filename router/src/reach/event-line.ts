import { createClient, type SubscribePayload } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { FailureCode } from './failure.ts';
import type { SubgraphAnswer } from './transport.ts';

/** Who is told what comes for one subscription. */
export type Listener = {
  /** As it came: it may be anything. */
  readonly next: (event: unknown) => void;
  /** Nothing more comes; with the errors that the subgraph ended it with, if it did. */
  readonly end: (errors?: SubgraphAnswer['errors']) => void;
  /** The line broke, or was refused. */
  readonly lost: (code: FailureCode) => void;
};

/** One socket of one caller. It connects for its first listener and closes with its last. */
export type EventLine = {
  /** Why it did not come about; null when it did. */
  readonly connected: Promise<FailureCode | null>;
  /** How many listen. */
  readonly size: () => number;
  /** Answers how to stop listening. */
  readonly listen: (payload: SubscribePayload, listener: Listener) => () => void;
  readonly close: () => void;
};

export type EventLineOptions = {
  /** `ws://…` or `wss://…`. */
  readonly address: string;
  readonly token: string | undefined;
  readonly maxAnswerBytes: number;
  /** It takes no listener any more. `reason` where it broke. */
  readonly ended: (reason: string | null) => void;
};

/** Proxies drop a connection after a silent minute. */
const pingMs = 25_000;

/** A peer that answers no ping in this time is gone, whatever the network says. */
const pongLimitMs = 5_000;

const connectLimitMs = 5_000;

/** Closed because of the token: it is wrong, or has come to its end. */
const tokenCodes: readonly unknown[] = [4401, 4403];

const closingOf = (event: unknown): { readonly code: unknown; readonly reason: string } => {
  const { code, reason, message } = event as { code?: unknown; reason?: unknown; message?: unknown };
  return { code, reason: `${code ?? ''} ${reason || message || ''}`.trim() };
};

const socketOf = (maxPayload: number) =>
  // A class, because graphql-ws makes its sockets with `new` and gives them no options.
  class extends WebSocket {
    constructor(address: string, protocol: string) {
      super(address, protocol, { maxPayload, handshakeTimeout: connectLimitMs, perMessageDeflate: false });
    }
  };

const watchPongs = (lost: () => void) => {
  let timer: NodeJS.Timeout | undefined;
  return {
    pinged: (isReceived: boolean): void => {
      if (!isReceived) timer = setTimeout(lost, pongLimitMs);
    },
    ponged: (isReceived: boolean): void => {
      if (isReceived) clearTimeout(timer);
    },
    stop: (): void => clearTimeout(timer),
  };
};

/** Opens a line. */
export const createEventLine = (options: EventLineOptions): EventLine => {
  const { address, token, maxAnswerBytes, ended } = options;
  const listeners = new Set<Listener>();
  let settle: (outcome: FailureCode | null) => void = () => undefined;
  const connected = new Promise<FailureCode | null>((resolve) => {
    settle = resolve;
  });
  let isOver = false;

  const finish = (code: FailureCode, reason: string | null): void => {
    if (isOver) return;
    isOver = true;
    pongs.stop();
    // At once: after some close codes graphql-ws connects again by itself, and events would be missing unseen.
    void client.dispose()?.catch(() => undefined);
    ended(reason);
    settle(code);
    for (const { lost } of listeners) lost(code);
  };
  const broke = (event: unknown): void => {
    const { code, reason } = closingOf(event);
    finish(tokenCodes.includes(code) ? 'UNAUTHENTICATED' : 'SUBGRAPH_UNREACHABLE', reason);
  };
  const pongs = watchPongs(() => client.terminate());
  const client = createClient({
    ...{ url: address, webSocketImpl: socketOf(maxAnswerBytes), retryAttempts: 0 },
    ...{ keepAlive: pingMs, connectionAckWaitTimeout: connectLimitMs },
    ...(token !== undefined && { connectionParams: { authorization: `Bearer ${token}` } }),
    on: { connected: () => settle(null), closed: broke, ping: pongs.pinged, pong: pongs.ponged },
  });

  const listen: EventLine['listen'] = (payload, listener) => {
    const remove = (): boolean => {
      const was = listeners.delete(listener);
      if (was && listeners.size === 0) finish('SUBGRAPH_UNREACHABLE', null);
      return was;
    };
    listeners.add(listener);
    const leave = client.subscribe(payload, {
      next: (event) => listener.next(event),
      error: (error) => {
        if (!Array.isArray(error)) return broke(error);
        if (remove()) listener.end(error);
      },
      complete: () => {
        if (remove()) listener.end();
      },
    });
    return () => {
      if (!listeners.has(listener)) return;
      leave();
      remove();
    };
  };
  return {
    ...{ connected, listen },
    size: () => listeners.size,
    close: () => finish('SUBGRAPH_UNREACHABLE', null),
  };
};
