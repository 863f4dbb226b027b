import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createKeys, log, readSchema } from '@storegraph/server';
import { type WebSocket, WebSocketServer } from 'ws';
import { createEngine } from '../../router/src/engine.ts';
import { createEndedSessions } from '../../router/src/front/ended-sessions.ts';
import { type Runner, refusalOf, resolveText } from '../../router/src/front/operation.ts';
import type { SubgraphAnswer, Transport } from '../../router/src/reach/transport.ts';
import { createSharing } from '../../router/src/stream/shared.ts';
import { createSockets } from '../../router/src/stream/sockets.ts';
import { compose } from '../../scripts/compose.ts';
import { bareText, type FromServer, type ToServer, variantIdOf } from './fanout-protocol.ts';

/** One process that holds all sockets and publishes when it is told to: `ours` or `bare`. */
const [way = 'ours'] = process.argv.slice(2);

/** Publishes one event for each of the first so many variants. */
type Publish = (event: number, variants: number) => void;

type Push = (answer: SubgraphAnswer) => void;

const changeOf = (id: string, cursor: number): SubgraphAnswer => ({
  data: {
    stockChanged: { cursor: String(cursor), variant: { id }, stock: { status: 'IN_STOCK', available: 42 } },
  },
});

/** A subgraph that tells the state at once and then what is published; the engine above it is the real one. */
const createInventory = () => {
  const followers = new Map<string, Set<Push>>();
  let cursor = 100_000_000;

  const follow = (variantId: string) => {
    const waiting = [changeOf(variantId, cursor)];
    let wanted: ((result: IteratorResult<SubgraphAnswer>) => void) | null = null;
    const push: Push = (answer) => {
      waiting.push(answer);
      wake();
    };
    const wake = () => {
      const value = wanted && waiting.shift();
      if (!wanted || !value) return;
      const resolve = wanted;
      wanted = null;
      resolve({ value, done: false });
    };
    followers.set(variantId, (followers.get(variantId) ?? new Set()).add(push));
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: () =>
        new Promise<IteratorResult<SubgraphAnswer>>((resolve) => {
          wanted = resolve;
          wake();
        }),
      return: async () => {
        followers.get(variantId)?.delete(push);
        wanted?.({ value: undefined, done: true });
        return { value: undefined, done: true as const };
      },
    };
  };
  const subscribe: Transport['subscribe'] = async (_subquery, variables) =>
    follow(String(Object.values(variables).flat()[0]));
  const publish: Publish = (event, variants) => {
    cursor = 100_000_000 + event;
    for (let variant = 0; variant < variants; variant += 1) {
      const variantId = variantIdOf(variant);
      for (const push of followers.get(variantId) ?? []) push(changeOf(variantId, cursor));
    }
  };
  return { subscribe, publish };
};

const startOurs = async (server: ReturnType<typeof createServer>): Promise<Publish> => {
  const inventory = createInventory();
  const transportOf = (name: string): Transport => ({
    name,
    fetch: async () => ({ errors: [{ message: 'Nothing is fetched here.' }] }),
    subscribe: inventory.subscribe,
    isReady: async () => undefined,
    close: async () => undefined,
  });
  const names = ['inventory', 'product'];
  const { supergraphSdl = '' } = compose(names.map((name) => ({ name, typeDefs: readSchema(name) })));
  const engine = createEngine({ supergraphSdl, transports: names.map(transportOf), production: true });
  const runner: Runner = {
    ...{ engine: () => engine, resolve: resolveText, guards: {}, production: true, log },
    ended: createEndedSessions(log),
    subscribe: ({ prepared, values }, caller) => engine.subscribe(prepared, values, caller),
  };
  const sockets = createSockets({
    runner,
    follow: createSharing((error, { requestId }) => refusalOf(error, requestId, runner)),
    keys: await createKeys(),
    // The clients count bytes and answer no pings.
    limits: { maxSocketsPerAddress: 100_000, maxSockets: 100_000, heartbeatMs: 3_600_000 },
  });
  server.on('upgrade', sockets.take);
  return inventory.publish;
};

/** What `ws` does by itself: the same bytes, made once for each variant and sent to each of its sockets. */
const startBare = (server: ReturnType<typeof createServer>): Publish => {
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  const followers = new Map<string, Set<WebSocket>>();
  sockets.on('connection', (socket) => {
    socket.on('message', (message) => {
      const variantId = /"ids":\["([^"]+)"/.exec(String(message))?.[1];
      if (variantId === undefined) return socket.send('{"type":"connection_ack"}');
      followers.set(variantId, (followers.get(variantId) ?? new Set()).add(socket));
      socket.send(bareText(variantId, 100_000_000));
    });
  });
  return (event, variants) => {
    for (let variant = 0; variant < variants; variant += 1) {
      const variantId = variantIdOf(variant);
      const bytes = Buffer.from(bareText(variantId, 100_000_000 + event));
      for (const socket of followers.get(variantId) ?? []) socket.send(bytes, { binary: false });
    }
  };
};

const tell = (message: FromServer) => process.send?.(message);

const server = createServer();
const publish = way === 'ours' ? await startOurs(server) : startBare(server);
await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 10_000 }, resolve));

process.on('message', (message: ToServer) => {
  if (message.do === 'publish') {
    const at = process.hrtime.bigint();
    publish(message.event, message.variants);
    tell({ is: 'published', atNs: String(at) });
    return;
  }
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  tell({ is: 'usage', cpuMicros: user + system, memoryBytes: process.memoryUsage.rss() });
});
process.once('disconnect', () => process.exit(0));
tell({ is: 'listening', port: (server.address() as AddressInfo).port });
