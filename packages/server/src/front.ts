import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { GraphQLSchema } from 'graphql';
import { type IncomingOperation, startHttpProtocol } from './apollo.ts';
import { requestIdOf } from './call.ts';
import { asGraphQLError, maskErrors } from './errors.ts';
import type { PublishedFacts } from './facts.ts';
import { type Log, log as processLog } from './log.ts';
import { createRoutes, graphqlPath, type NotReady, type Pages, pathOf, refuse } from './routes.ts';
import type { GraphResult } from './run.ts';
import { createSockets, type Execution } from './sockets.ts';
import type { PublicKeys } from './tokens.ts';
import { within } from './within.ts';

/** What a server needs to know of the graph it serves. */
export type FrontOptions = Execution & {
  /** Stands in the log. */
  readonly name: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Loopback when left out: to be reached from elsewhere is a decision. */
  readonly host?: string | undefined;
  readonly schema: GraphQLSchema;
  /** What does not work right now; empty when all does. */
  readonly notReady: () => Promise<readonly NotReady[]>;
  readonly keys: PublicKeys;
  /** What is published, for the other services of the shop. */
  readonly facts?: PublishedFacts | undefined;
  readonly pages?: Pages | undefined;
  readonly production?: boolean | undefined;
  readonly log?: Log | undefined;
};

/** A server that is listening. */
export type Front = {
  readonly url: string;
  readonly port: number;
  /** Takes nothing new, finishes what is in flight (at most ten seconds), closes sockets with 1001. */
  readonly stop: () => Promise<void>;
};

type Naming = { readonly name: string; readonly production: boolean; readonly log: Log };

/** As long as an operation takes at most when nothing else is said. */
const drainMs = 10_000;

/** A body of 1.5 MiB arrives in this time even by a slow phone. */
const requestTimeoutMs = 30_000;

/** Longer than the minute after which load balancers drop an idle connection, so that they do it first. */
const keepAliveMs = 65_000;

const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      // A server on a port has an address with a port; a string would be a pipe's name.
      resolve((server.address() as AddressInfo).port);
    });
  });

/** An exception of ours must not reach a client, nor end a socket that carries other operations. */
const safely =
  <Answer>(run: (operation: IncomingOperation) => Promise<Answer>, { name, production, log }: Naming) =>
  async (operation: IncomingOperation): Promise<Answer | GraphResult> => {
    try {
      return await run(operation);
    } catch (error) {
      const { requestId } = operation.call;
      return { errors: maskErrors([asGraphQLError(error)], { subgraph: name, requestId, production, log }) };
    }
  };

/** Serves a graph over HTTP and WebSocket, with health pages. */
export const startFront = async (options: FrontOptions): Promise<Front> => {
  const { name, port: wantedPort, host = '127.0.0.1', schema, keys, facts, pages } = options;
  const { log = processLog, production = false } = options;
  const open = new Set<ServerResponse>();
  let isStopping = false;

  const naming = { name, production, log };
  const execute = safely(options.execute, naming);
  const subscribe = safely(options.subscribe, naming);
  const protocol = await startHttpProtocol({ schema, execute, production, log });
  const sockets = createSockets({ schema, execute, subscribe, keys, production, log });
  const notReady = async () => (isStopping ? [{ name, reason: 'It is stopping.' }] : options.notReady());
  const answer = createRoutes({ name, protocol, keys, notReady, facts, pages });

  const server = createServer({ requestTimeout: requestTimeoutMs, keepAliveTimeout: keepAliveMs });
  server.on('request', (request, response) => {
    const requestId = requestIdOf(request.headers);
    response.setHeader('x-request-id', requestId);
    if (isStopping) response.setHeader('connection', 'close');
    open.add(response);
    response.once('close', () => open.delete(response));
    void answer(request, response, requestId).catch((error) => refuse(response, error, requestId, log));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (pathOf(request).path === graphqlPath && !isStopping) return sockets.take(request, socket, head);
    socket.on('error', () => socket.destroy());
    socket.end(
      `HTTP/1.1 ${isStopping ? '503 Service Unavailable' : '404 Not Found'}\r\nconnection: close\r\n\r\n`,
    );
  });

  const port = await listen(server, wantedPort, host);
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}${graphqlPath}`,
    port,
    stop: async () => {
      isStopping = true;
      // Without it a connection that is kept alive would hold the stop up after its answer.
      for (const response of open) if (!response.headersSent) response.setHeader('connection', 'close');
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([within(drainMs, closed), sockets.stop()]);
      server.closeAllConnections();
      await protocol.stop();
    },
  };
};
