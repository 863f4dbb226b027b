import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ExecutionArgs, GraphQLError, type GraphQLSchema } from 'graphql';
import { type Context, handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { IncomingOperation } from './apollo.ts';
import { type Call, identify } from './call.ts';
import { maxBodyBytes } from './http.ts';
import type { Log } from './log.ts';
import { defaultDeadlineMs, newRequestId } from './operation.ts';
import { createPreparer } from './prepare.ts';
import type { GraphResult } from './run.ts';
import type { ResultStream } from './stream.ts';
import { bearerToken, type PublicKeys } from './tokens.ts';
import { within } from './within.ts';

/** How operations are run, whatever they came in by. */
export type Execution = {
  /** Runs a query or a mutation. */
  readonly execute: (operation: IncomingOperation) => Promise<GraphResult>;
  /** Opens a subscription, or says in one result why not. */
  readonly subscribe: (operation: IncomingOperation) => Promise<ResultStream<GraphResult> | GraphResult>;
};

export type SocketOptions = Execution & {
  readonly schema: GraphQLSchema;
  readonly keys: PublicKeys;
  readonly production: boolean;
  readonly log: Log;
};

/** GraphQL over WebSocket (graphql-transport-ws). */
export type Sockets = {
  /** Takes over a connection that asked to become a WebSocket. */
  readonly take: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Closes every socket with 1001, so that clients connect again elsewhere. */
  readonly stop: () => Promise<void>;
};

/** A page of the dashboard has a dozen. */
const maxOperationsPerSocket = 100;

/** Proxies drop a connection after a silent minute; a peer that does not answer in time is gone. */
const heartbeatMs = 25_000;

/** How long a client may take to answer a close. */
const closeLimitMs = 2_000;

/** The longest delay a timer takes; a longer one would fire at once. */
const maxTimerMs = 2 ** 31 - 1;

const going = { code: 1001, reason: 'The server is stopping: connect again.' };
const forbidden = 4403;
const internalError = 4500;

type Extra = { readonly socket: WebSocket; token: string | undefined };
type Params = Record<string, unknown>;

const tokenOf = (params: Readonly<Params> | undefined): string | undefined => {
  const { authorization, Authorization } = params ?? {};
  const header = authorization ?? Authorization;
  return bearerToken(header === undefined || header === null ? undefined : String(header));
};

const tooMany = (): GraphQLError =>
  new GraphQLError(`One socket carries at most ${maxOperationsPerSocket} operations at a time.`, {
    extensions: { code: 'TOO_MANY_OPERATIONS' },
  });

/** Ends with the token: a socket can be open for weeks, and the rights of its viewer must not be. */
const closeAt = (socket: WebSocket, expiresAt: number): void => {
  if (!Number.isFinite(expiresAt)) return;
  const end = (): void => socket.close(forbidden, 'The token has expired: connect again with a new one.');
  const timer = setTimeout(end, Math.min(Math.max(0, expiresAt - Date.now()), maxTimerMs));
  socket.once('close', () => clearTimeout(timer));
};

/** Checks the token in the first message; a wrong one ends the socket with the reason. */
const connect = async (
  { connectionParams, extra }: Context<Params, Extra>,
  keys: PublicKeys,
): Promise<boolean> => {
  try {
    const token = tokenOf(connectionParams);
    const { expiresAt } = await identify(keys, token);
    extra.token = token;
    closeAt(extra.socket, expiresAt);
    return true;
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    extra.socket.close(forbidden, error.message);
    return false;
  }
};

const createProtocol = ({ schema, execute, subscribe, keys, production }: SocketOptions) => {
  const prepare = createPreparer(schema, { production });

  // Whatever is wrong with one operation is told to that one: an exception would end the whole socket.
  const begin = async (
    { extra: { token }, subscriptions }: Context<Params, Extra>,
    _id: string,
    { query, variables, operationName }: SubscribePayload,
  ): Promise<ExecutionArgs | readonly GraphQLError[]> => {
    if (Object.keys(subscriptions).length > maxOperationsPerSocket) return [tooMany()];
    const { document, errors } = prepare(query);
    if (errors) return errors;
    try {
      const { viewer } = await identify(keys, token);
      const call: Call = {
        token,
        viewer,
        requestId: newRequestId(),
        deadlineAt: Date.now() + defaultDeadlineMs,
      };
      return {
        schema,
        document,
        operationName: operationName ?? null,
        variableValues: variables ?? null,
        contextValue: call,
      };
    } catch (error) {
      if (error instanceof GraphQLError) return [error];
      throw error;
    }
  };

  const operationOf = ({
    document,
    operationName,
    variableValues,
    contextValue,
  }: ExecutionArgs): IncomingOperation => ({
    document,
    operationName: operationName ?? undefined,
    variables: variableValues ?? {},
    // `begin` put it there; the type of graphql-js knows only unknown.
    call: contextValue as Call,
  });

  return makeServer<Params, Extra>({
    onConnect: (context) => connect(context, keys),
    onSubscribe: begin,
    execute: (args) => execute(operationOf(args)),
    subscribe: (args) => subscribe(operationOf(args)),
    connectionInitWaitTimeout: 10_000,
  });
};

const startHeartbeat = (socket: WebSocket): void => {
  let isAlive = true;
  socket.on('pong', () => {
    isAlive = true;
  });
  const timer = setInterval(() => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
  }, heartbeatMs);
  socket.once('close', () => clearInterval(timer));
};

/** Speaks graphql-transport-ws by `graphql-ws` over `ws`. */
export const createSockets = (options: SocketOptions): Sockets => {
  const { log } = options;
  const protocol = createProtocol(options);
  const server = new WebSocketServer({ noServer: true, maxPayload: maxBodyBytes, handleProtocols });

  const open = (socket: WebSocket): void => {
    const fail = (error: unknown): void => {
      log.error('A socket failed.', { error });
      socket.close(internalError, 'Something went wrong on our side.');
    };
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        // Waiting until it is written is what slows a stream down to what its reader takes.
        send: (message) =>
          new Promise((resolve) => {
            if (socket.readyState !== socket.OPEN) return resolve();
            socket.send(message, () => resolve());
          }),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (take) => socket.on('message', (message) => void take(String(message)).catch(fail)),
      },
      { socket, token: undefined },
    );
    socket.once('close', (code, reason) => void closed(code, String(reason)).catch(fail));
    // The peer broke the protocol or the line; `close` follows.
    socket.on('error', (error) => log.warn('A socket broke.', { error: error.message }));
    startHeartbeat(socket);
  };

  return {
    take: (request, socket, head) => server.handleUpgrade(request, socket, head, open),
    stop: async () => {
      for (const socket of server.clients) socket.close(going.code, going.reason);
      await within(closeLimitMs, new Promise<void>((resolve) => server.close(() => resolve())));
      for (const socket of server.clients) socket.terminate();
    },
  };
};
