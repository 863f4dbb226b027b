import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type Front,
  type Log,
  type NotReady,
  type Pages,
  type PublicKeys,
  log as processLog,
  requestIdOf,
  within,
} from '@storegraph/server';
import type { Engine, EventSource } from '../engine.ts';
import type { Answer } from '../run/answer.ts';
import { createCrossOrigin } from './cross-origin.ts';
import { createEndedSessions, type EndedSessions } from './ended-sessions.ts';
import { createEndpoint } from './endpoint.ts';
import { openExchange } from './exchange.ts';
import type { Caller } from './head.ts';
import type { AnswerStore } from './kept-answers.ts';
import { defaultLimits, type FrontLimits } from './limits.ts';
import { type Http2, openListener } from './listener.ts';
import { type Guards, type Opened, type Resolve, type Runner, resolveText } from './operation.ts';
import { createOutflows } from './outflow.ts';
import type { Refusal } from './refusal.ts';
import { addressOf, createRoutes, graphqlPath, sendJson } from './routes.ts';

/** What the front needs to know of the graph it serves. */
export type FrontOptions = {
  /** 0 takes a free one. */
  readonly port: number;
  /** Loopback when left out: to be reached from elsewhere is a decision. */
  readonly host?: string | undefined;
  readonly http2?: Http2 | undefined;
  /** Asked for each request, so that a reload can put another in its place. */
  readonly engine: () => Engine;
  /** How subscriptions are opened; by the engine itself when left out. */
  readonly subscribe?: ((opened: Opened, caller: Caller) => Promise<EventSource | Answer>) | undefined;
  /** Finds persisted operations; the text as it was sent when left out. */
  readonly resolve?: Resolve | undefined;
  readonly guards?: Guards | undefined;
  /** Keeps answers; none when left out. */
  readonly answers?: AnswerStore | undefined;
  readonly sockets?: Sockets | undefined;
  /** Told of each request that is refused as HTTP, whatever operation it may hold. */
  readonly refused?: ((refusal: Refusal) => void) | undefined;
  readonly keys: PublicKeys;
  /** Whose tokens are refused though they hold; nobody's when left out. */
  readonly ended?: EndedSessions | undefined;
  /** Pages of which other sites may read answers (`https://shop.example`); none when left out. */
  readonly origins?: readonly string[] | undefined;
  /** How many proxies of ours append to `x-forwarded-for`; none when left out. */
  readonly trustedProxies?: number | undefined;
  /** What does not work right now; empty when all does. */
  readonly notReady: () => Promise<readonly NotReady[]>;
  readonly pages?: Pages | undefined;
  /** No GraphiQL, no batches, no details of the schema in errors. */
  readonly production?: boolean | undefined;
  readonly limits?: Partial<FrontLimits> | undefined;
  readonly log?: Log | undefined;
};

/** Whoever speaks WebSocket on the endpoint's path. */
export type Sockets = {
  readonly take: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly stop: () => Promise<void>;
};

const name = 'router';

const runnerOf = ({
  engine,
  production = false,
  log = processLog,
  resolve = resolveText,
  guards = {},
  ended = createEndedSessions(log),
  subscribe = (opened, caller) => opened.engine.subscribe(opened.prepared, opened.values, caller),
}: FrontOptions): Runner => ({ engine, production, log, resolve, guards, ended, subscribe });

const refuseUpgrade = (socket: Duplex, status: string): void => {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n`);
};

type Answerer = {
  readonly answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly stop: () => void;
};

const createAnswerer = (options: FrontOptions, limits: FrontLimits, isClosing: () => boolean): Answerer => {
  const { keys, pages, origins = [], trustedProxies = 0, answers = null, production = false } = options;
  const { refused = () => undefined } = options;
  const runner = runnerOf(options);
  const crossOrigin = createCrossOrigin(origins);
  const outflows = createOutflows(limits);
  const endpoint = createEndpoint({ runner, outflows, limits, keys, trustedProxies, answers, refused });
  const notReady = async () => (isClosing() ? [{ name, reason: 'It is stopping.' }] : options.notReady());
  const answerPage = createRoutes({ notReady, pages, production, keys });

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { path, search } = addressOf(request);
    if (path !== graphqlPath) return answerPage(request, response, path);
    if (request.method === 'OPTIONS') return crossOrigin.answerPreflight(request, response);
    const exchange = openExchange(request, response, {
      requestId: requestIdOf(request.headers),
      isClosing,
      variesByOrigin: crossOrigin.varies,
      crossOrigin: crossOrigin.headersFor(request),
    });
    return endpoint.answer(exchange, search);
  };

  return {
    answer: (request, response) =>
      answer(request, response).catch((error) => {
        runner.log.error('A request failed.', { error });
        if (response.headersSent) response.destroy();
        else sendJson(response, 500, { errors: [{ message: 'Something went wrong on our side.' }] });
      }),
    stop: endpoint.stop,
  };
};

/** Serves the graph over HTTP, with health pages, and hands WebSockets on. */
export const startFront = async (options: FrontOptions): Promise<Front> => {
  const { port: wantedPort, host = '127.0.0.1', http2 = null, sockets, production = false } = options;
  const limits = { ...defaultLimits(production), ...options.limits };
  let isStopping = false;
  const answerer = createAnswerer(options, limits, () => isStopping);

  const listener = await openListener(
    { port: wantedPort, host, http2, limits },
    {
      request: (request, response) => void answerer.answer(request, response),
      upgrade: (request, socket, head) => {
        if (isStopping) return refuseUpgrade(socket, '503 Service Unavailable');
        if (sockets && addressOf(request).path === graphqlPath) return sockets.take(request, socket, head);
        refuseUpgrade(socket, '404 Not Found');
      },
    },
  );

  const scheme = http2 === null || http2 === 'cleartext' ? 'http' : 'https';
  return {
    url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${listener.port}${graphqlPath}`,
    port: listener.port,
    stop: async () => {
      isStopping = true;
      const closed = listener.close();
      answerer.stop();
      await Promise.all([within(limits.drainMs, closed), sockets?.stop()]);
      listener.destroy();
    },
  };
};
