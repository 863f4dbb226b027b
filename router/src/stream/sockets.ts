import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { type Log, type PublicKeys, requestIdOf } from '@storegraph/server';
import { GraphQLError } from 'graphql';
import { GRAPHQL_TRANSPORT_WS_PROTOCOL, handleProtocols } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Sockets } from '../front/front.ts';
import { type Caller, callerOf, type Identifying } from '../front/head.ts';
import type { Runner } from '../front/operation.ts';
import { BadRequest } from '../front/refusal.ts';
import { closing } from './closing.ts';
import { type Conversation, createConversation } from './conversation.ts';
import { createNextFrames } from './frame.ts';
import { createHeartbeat } from './heartbeat.ts';
import { createSeats, defaultSocketLimits, type SocketLimits } from './limits.ts';
import type { Follow } from './shared.ts';
import { createWire } from './wire.ts';

export type SocketOptions = {
  readonly runner: Runner;
  readonly follow: Follow;
  readonly keys: PublicKeys;
  /** How many proxies of ours append to `x-forwarded-for`; none when left out. */
  readonly trustedProxies?: number | undefined;
  readonly limits?: Partial<SocketLimits> | undefined;
};

/** What the payload of the first message may say in place of headers, which a browser's WebSocket cannot set. */
const payloadHeaders = [
  'authorization',
  'apollographql-client-name',
  'apollographql-client-version',
  'graphql-client-name',
  'graphql-client-version',
];

const headersIn = (payload: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(payload).flatMap(([name, value]) =>
      typeof value === 'string' && payloadHeaders.includes(name.toLowerCase())
        ? [[name.toLowerCase(), value]]
        : [],
    ),
  );

const refuseUpgrade = (socket: Duplex, status: string): void => {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\nretry-after: 5\r\n\r\n`);
};

const identifyBy =
  ({ headers, socket }: IncomingMessage, identifying: Identifying) =>
  async (payload: Readonly<Record<string, unknown>>): Promise<Caller> => {
    // Of a request it is only these two that say who calls.
    const request = { headers: { ...headers, ...headersIn(payload) }, socket } as IncomingMessage;
    return callerOf(request, requestIdOf(headers), identifying);
  };

const listen = (socket: WebSocket, conversation: Conversation, log: Log): void => {
  socket.on('message', (data, isBinary) => {
    if (isBinary) conversation.close([closing.badMessage[0], 'Messages are text.']);
    else conversation.hear(String(data));
  });
  socket.on('ping', conversation.count);
  socket.on('pong', conversation.count);
  // The peer broke the protocol or the line; `close` follows.
  socket.on('error', (error) => log.warn('A socket broke.', { error: error.message }));
};

/** Speaks graphql-transport-ws on the connections that the front hands over. */
export const createSockets = (options: SocketOptions): Sockets => {
  const { runner, keys, trustedProxies = 0 } = options;
  const limits = { ...defaultSocketLimits, ...options.limits };
  const identifying = { keys, trustedProxies, ended: runner.ended };
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.maxMessageBytes,
    handleProtocols,
  });
  const open = new Map<WebSocket, Conversation>();
  const seatsByAccount = createSeats(limits.maxSocketsPerViewer);
  const seatsByAddress = createSeats(limits.maxSocketsPerAddress);
  const heartbeat = createHeartbeat(limits.heartbeatMs);
  const nextFrame = createNextFrames();
  let isStopping = false;

  const converse = (socket: WebSocket, connection: Duplex, request: IncomingMessage): Conversation => {
    const wire = createWire(socket, connection, limits, () => conversation.close(closing.tooSlow));
    const conversation = createConversation(wire, {
      ...{ runner, follow: options.follow, limits, seats: seatsByAccount, nextFrame },
      identify: identifyBy(request, identifying),
    });
    return conversation;
  };

  const begin = (socket: WebSocket, connection: Duplex, request: IncomingMessage, address: string): void => {
    const conversation = converse(socket, connection, request);
    open.set(socket, conversation);
    heartbeat.add(socket);
    listen(socket, conversation, runner.log);
    socket.once('close', () => {
      conversation.end();
      open.delete(socket);
      seatsByAddress.free(address);
    });
    if (socket.protocol !== GRAPHQL_TRANSPORT_WS_PROTOCOL) conversation.close(closing.wrongProtocol);
    else if (isStopping) conversation.close(closing.going);
  };

  const admit = async (request: IncomingMessage, connection: Duplex, head: Buffer): Promise<void> => {
    const { address } = await callerOf(request, requestIdOf(request.headers), identifying);
    if (open.size >= limits.maxSockets) return refuseUpgrade(connection, '503 Service Unavailable');
    if (!seatsByAddress.take(address)) return refuseUpgrade(connection, '429 Too Many Requests');
    let isOpen = false;
    connection.once('close', () => {
      if (!isOpen) seatsByAddress.free(address);
    });
    server.handleUpgrade(request, connection, head, (socket) => {
      isOpen = true;
      begin(socket, connection, request, address);
    });
  };

  return {
    take: (request, connection, head) => {
      connection.on('error', () => connection.destroy());
      admit(request, connection, head).catch((error: unknown) => {
        const isRefusal = error instanceof BadRequest || error instanceof GraphQLError;
        if (!isRefusal) runner.log.error('A socket could not be opened.', { error });
        refuseUpgrade(connection, isRefusal ? '401 Unauthorized' : '500 Internal Server Error');
      });
    },
    stop: async () => {
      isStopping = true;
      heartbeat.stop();
      await drain(open, limits);
    },
  };
};

/** How often some of the sockets are closed while a stop spreads them. */
const drainStepMs = 50;

const drain = async (open: Map<WebSocket, Conversation>, limits: SocketLimits): Promise<void> => {
  const closed = [...open.keys()].map(
    (socket) => new Promise<void>((resolve) => void socket.once('close', () => resolve())),
  );
  const steps = Math.max(1, Math.floor(limits.drainMs / drainStepMs));
  const perStep = Math.max(1, Math.ceil(open.size / steps));
  let inStep = 0;
  for (const conversation of [...open.values()]) {
    conversation.close(closing.going);
    inStep += 1;
    if (inStep < perStep) continue;
    inStep = 0;
    await pause(drainStepMs);
  }
  await Promise.race([Promise.all(closed), pause(limits.closeTimeoutMs, null, { ref: false })]);
  for (const socket of open.keys()) socket.terminate();
};
