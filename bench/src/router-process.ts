import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { EventLog } from '@storegraph/events';
import { httpTransport, localTransport, startRouter } from '@storegraph/router';
import { createLog, mountSubgraph, type PublicKeys, type Subgraph, startTracing } from '@storegraph/server';
import { type DocumentNode, execute, type GraphQLSchema, parse } from 'graphql';
import { compose, monolith, openSubgraphs, subgraphs } from './router-graph.ts';

/** One of the servers that are compared: `WAY JSON`. Tells its port, then its CPU time whenever it is asked. */

const silent = createLog(() => {});
const json = { 'content-type': 'application/json' };

const listen = (answer: RequestListener): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer(answer);
    // A server on a port has an address with a port.
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

const read = (request: IncomingMessage): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => resolve(text));
  });

/** Runs each different body once and gives its answer again: what is compared is the router, not its subgraphs. */
const serveFromMemory = (schema: GraphQLSchema): Promise<number> => {
  const known = new Map<string, Buffer>();
  const answerTo = async (body: string): Promise<Buffer> => {
    const { query, variables } = JSON.parse(body);
    const result = await execute({ schema, document: parse(query), variableValues: variables });
    return Buffer.from(JSON.stringify(result));
  };
  return listen(async (request, response) => {
    const body = await read(request);
    const answer = known.get(body) ?? (await answerTo(body));
    known.set(body, answer);
    response.writeHead(200, { ...json, 'content-length': answer.length });
    response.end(answer);
  });
};

const nothing = async (): Promise<void> => undefined;

const asSubgraph = ({ name, typeDefs, resolvers }: (typeof subgraphs)[number]): Subgraph => ({
  ...{ name, typeDefs, resolvers, isReady: nothing, start: nothing, stop: nothing },
  context: () => ({}),
});

/** A log in which nothing happens. */
const silentUntil = (signal: AbortSignal): AsyncIterableIterator<never> => ({
  [Symbol.asyncIterator]() {
    return this;
  },
  next: () =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve({ value: undefined, done: true }));
    }),
});

type Ours = { readonly urls: readonly string[]; readonly keys: PublicKeys; readonly collector: string };

const startOurs = async ({ urls, keys, collector }: Ours): Promise<number> => {
  await startTracing({ serviceName: 'router', endpoint: collector, log: silent });
  const transports = subgraphs.map((subgraph, at) => {
    const url = urls[at];
    if (url !== undefined) return httpTransport({ name: subgraph.name, url, log: silent });
    return localTransport(mountSubgraph(asSubgraph(subgraph), { keys, production: true, log: silent }));
  });
  // They publish nothing, so whatever may be kept stays right.
  const logs = subgraphs.map(
    ({ name }): EventLog => ({
      ...{ publisher: name, head: async () => 0, read: async () => [], keepFor: nothing },
      follow: (_after, signal) => silentUntil(signal),
    }),
  );
  const { port } = await startRouter({
    ...{ supergraphSdl: compose(urls), transports, keys, port: 0, production: true },
    // Everything on that production has on, but the list of published operations, for Apollo's has none.
    settings: {
      operations: { mode: 'off' },
      rates: [{ per: 'address', operations: 1_000_000_000, seconds: 60 }],
    },
    ...{ logs, metricsPort: 0 },
    log: silent,
  });
  return port;
};

const startApollo = async (urls: readonly string[]): Promise<number> => {
  process.env['APOLLO_TELEMETRY_DISABLED'] = '1';
  const { ApolloServer } = await import('@apollo/server');
  const { startStandaloneServer } = await import('@apollo/server/standalone');
  const { ApolloGateway, LocalGraphQLDataSource } = await import('@apollo/gateway');
  const schemas = new Map(
    openSubgraphs.map(({ name, typeDefs, resolvers }) => [
      name,
      buildSubgraphSchema({ typeDefs, resolvers }),
    ]),
  );
  const buildService = ({ name }: { name: string }) => {
    const schema = schemas.get(name);
    if (!schema) throw new Error(`There is no subgraph ${name}.`);
    return new LocalGraphQLDataSource(schema);
  };
  const gateway = new ApolloGateway({
    supergraphSdl: compose(urls, openSubgraphs),
    ...(urls.length === 0 && { buildService }),
  });
  const server = new ApolloServer({ gateway });
  const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' } });
  return Number(new URL(url).port);
};

const startMonolith = (): Promise<number> => {
  const schema = buildSubgraphSchema(monolith);
  const documents = new Map<string, DocumentNode>();
  return listen(async (request, response) => {
    const { query, variables } = JSON.parse(await read(request));
    const document = documents.get(query) ?? parse(query);
    documents.set(query, document);
    const text = JSON.stringify(await execute({ schema, document, variableValues: variables }));
    response.writeHead(200, { ...json, 'content-length': Buffer.byteLength(text) });
    response.end(text);
  });
};

/** A collector of traces, which throws them away. */
const startCollector = (): Promise<number> =>
  listen(async (request, response) => {
    await read(request);
    response.writeHead(200, json).end('{}');
  });

const startRaw = (text: string): Promise<number> => {
  const length = Buffer.byteLength(text);
  return listen(async (request, response) => {
    await read(request);
    response.writeHead(200, { ...json, 'content-length': length });
    response.end(text);
  });
};

const [way = '', argument = '[]'] = process.argv.slice(2);
const start = async (): Promise<number | number[]> => {
  const given = JSON.parse(argument);
  switch (way) {
    case 'subgraphs':
      return Promise.all(subgraphs.map((one) => serveFromMemory(buildSubgraphSchema(one))));
    case 'collector':
      return startCollector();
    case 'ours':
      return startOurs(given);
    case 'apollo':
      return startApollo(given);
    case 'monolith':
      return startMonolith();
    case 'raw':
      return startRaw(given);
    default:
      throw new Error(`There is no ${way} to measure.`);
  }
};

process.on('message', () => process.send?.(process.cpuUsage()));
// In order, so that a profile is written where one was asked for.
process.on('SIGTERM', () => process.exit(0));
process.send?.(await start());
