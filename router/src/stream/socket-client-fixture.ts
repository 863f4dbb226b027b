import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createKeys, createLog } from '@storegraph/server';
import { type ClientOptions, WebSocket } from 'ws';
import { createEndedSessions } from '../front/ended-sessions.ts';
import { createFixtureEngine } from '../front/engine-fixture.ts';
import { type Guards, type Runner, refusalOf, resolveText } from '../front/operation.ts';
import type { SocketLimits } from './limits.ts';
import { createSharing } from './shared.ts';
import { createSockets } from './sockets.ts';

type Message = { readonly type: string; readonly id?: string; readonly payload?: unknown };

/** A WebSocket whose messages a test reads one after the other. */
export const connectTo = async (
  url: string,
  protocol = 'graphql-transport-ws',
  options: ClientOptions = {},
) => {
  const socket = new WebSocket(url, protocol, options);
  const heard: Message[] = [];
  let wake: () => void = () => undefined;
  socket.on('message', (data) => {
    heard.push(JSON.parse(String(data)));
    wake();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  const next = async (): Promise<Message> => {
    for (;;) {
      const message = heard.shift();
      if (message) return message;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const say = (message: unknown) =>
    socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  const subscribe = (id: string, query: string, variables = {}) =>
    say({ type: 'subscribe', id, payload: { query, variables } });
  return { socket, say, next, subscribe, closed };
};

/** Sockets on a port of their own, over the engine that the tests of the front have. */
export const startSockets = async (options: { limits?: Partial<SocketLimits>; guards?: Guards } = {}) => {
  const keys = await createKeys();
  const fixture = createFixtureEngine();
  const logged: unknown[] = [];
  const log = createLog((line) => logged.push(JSON.parse(line)));
  const ended = createEndedSessions(log);
  const runner: Runner = {
    ...{ engine: () => fixture.engine, resolve: resolveText, guards: options.guards ?? {} },
    ...{ subscribe: ({ engine, prepared, values }, caller) => engine.subscribe(prepared, values, caller) },
    ...{ production: true, log, ended },
  };
  const follow = createSharing((error, { requestId }) => refusalOf(error, requestId, runner));
  const sockets = createSockets({ runner, follow, keys, limits: options.limits });
  const server = createServer().on('upgrade', sockets.take);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const connect = (protocol?: string, clientOptions?: ClientOptions) =>
    connectTo(url, protocol, clientOptions);
  /** A client that has been acknowledged. */
  const greet = async (payload?: Record<string, unknown>) => {
    const client = await connect();
    client.say({ type: 'connection_init', payload });
    const { type } = await client.next();
    if (type !== 'connection_ack') throw new Error(`Expected to be acknowledged, not ${type}.`);
    return client;
  };
  const stop = async () => {
    await sockets.stop();
    server.close();
    server.closeAllConnections();
  };
  return { ...fixture, url, keys, logged, ended, connect, greet, stop };
};
