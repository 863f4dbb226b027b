import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  createServer as createHttp2Server,
  createSecureServer,
  type Http2Server,
  type ServerHttp2Session,
} from 'node:http2';
import {
  type AddressInfo,
  createServer as createNetServer,
  type Server as NetServer,
  type Socket,
} from 'node:net';
import type { Duplex } from 'node:stream';
import type { FrontLimits } from './limits.ts';

/** HTTP/2 beside HTTP/1.1 on one port: in the clear behind a proxy of ours, or with a certificate. */
export type Http2 = 'cleartext' | { readonly cert: string | Buffer; readonly key: string | Buffer };

export type Handlers = {
  readonly request: (request: IncomingMessage, response: ServerResponse) => void;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
};

/** A server that listens for whatever protocol it was made for. */
export type Listener = {
  readonly port: number;
  /** Takes no new connection; settles when the last one has ended. */
  readonly close: () => Promise<void>;
  /** Ends what is left. */
  readonly destroy: () => void;
};

/** How a connection of HTTP/2 begins when both sides know it beforehand (RFC 9113, 3.4). */
const preface = 'PRI';

/** A client that says nothing is not waited for longer than for the head of a request. */
const headersTimeoutMs = 10_000;

const serverOptions = ({ maxHeaderBytes, requestTimeoutMs, keepAliveMs }: FrontLimits) => ({
  maxHeaderSize: maxHeaderBytes,
  requestTimeout: requestTimeoutMs,
  headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
  keepAliveTimeout: keepAliveMs,
  // How often Node looks for requests over their time: its own half minute would double ours.
  connectionsCheckingInterval: Math.ceil(requestTimeoutMs / 10),
});

/** A session is bounded in what one connection may ask at a time and in what its headers may take. */
const sessionOptions = ({ maxHeaderBytes }: FrontLimits) => ({
  settings: { maxConcurrentStreams: 100, maxHeaderListSize: maxHeaderBytes },
});

const listen = (server: NetServer, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      // A server on a port has an address with a port; a string would be a pipe's name.
      resolve((server.address() as AddressInfo).port);
    });
  });

/** Hands each connection to the protocol that its first bytes speak. */
const listenForBoth = (one: Server, two: Http2Server): NetServer =>
  createNetServer((socket: Socket) => {
    socket.on('error', () => socket.destroy());
    socket.setTimeout(headersTimeoutMs, () => socket.destroy());
    socket.once('data', (first: Buffer) => {
      socket.setTimeout(0);
      socket.pause();
      socket.unshift(first);
      if (first.toString('latin1').startsWith(preface)) return void two.emit('connection', socket);
      one.emit('connection', socket);
      socket.resume();
    });
  });

type Servers = { readonly bound: NetServer; readonly one: Server | null; readonly two: Http2Server | null };

const createServers = (http2: Http2 | null, limits: FrontLimits): Servers => {
  if (http2 === null) {
    const one = createServer(serverOptions(limits));
    return { bound: one, one, two: null };
  }
  if (http2 === 'cleartext') {
    const one = createServer(serverOptions(limits));
    // It gets its connections from another; Node watches a server's time limits from this event on.
    one.emit('listening');
    const two = createHttp2Server(sessionOptions(limits));
    return { bound: listenForBoth(one, two), one, two };
  }
  const secure = createSecureServer({
    ...http2,
    ...sessionOptions(limits),
    ...serverOptions(limits),
    allowHTTP1: true,
  });
  return { bound: secure, one: null, two: secure };
};

/** Opens the port. */
export const openListener = async (
  {
    port,
    host,
    http2,
    limits,
  }: {
    readonly port: number;
    readonly host: string;
    readonly http2: Http2 | null;
    readonly limits: FrontLimits;
  },
  handlers: Handlers,
): Promise<Listener> => {
  const { bound, one, two } = createServers(http2, limits);
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  for (const server of [one, two]) {
    // Node's compatibility layer gives HTTP/2 requests the shape of those of HTTP/1.1, but not its types.
    (server as Server | null)?.on('request', handlers.request);
    server?.on('upgrade', handlers.upgrade);
  }
  two?.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.setTimeout(limits.keepAliveMs, () => session.close());
    session.once('close', () => sessions.delete(session));
  });
  bound.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  return {
    port: await listen(bound, port, host),
    close: () => {
      const closed = new Promise<void>((resolve) => bound.close(() => resolve()));
      // Whoever has got its answer is not waited for, though it was told that the connection is kept.
      for (const server of [one, two]) Object.assign(server ?? {}, { keepAliveTimeout: 1 });
      if (one !== null && one !== bound) one.close();
      for (const session of sessions) session.close();
      // Browsers open connections ahead of need; to Node those are busy, and would hold a stop up.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      return closed;
    },
    destroy: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
};
