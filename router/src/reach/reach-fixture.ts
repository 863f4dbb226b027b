import {
  anonymous,
  type Call,
  createKeys,
  createLog,
  type Keys,
  type Log,
  mountSubgraph,
  type Request,
  type Subgraph,
  serveSubgraph,
  signToken,
  type Viewer,
} from '@storegraph/server';
import { GraphQLError, parse } from 'graphql';
import { httpTransport } from './http-transport.ts';
import { localTransport } from './local-transport.ts';
import { createSubquery } from './subquery.ts';
import type { Subquery, Transport } from './transport.ts';

/** A promise that the test settles. */
export const createGate = () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
};

const typeDefs = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  type Query { box(id: ID!): Box boxes: [Box!]! echo(text: String!, numbers: [Int!]): String! who: String! must: String! slow: String }
  type Mutation { boxSave(label: String!): Box! }
  type Subscription { boxChanged(after: Int! = 0): Box! whoChanged: String! refused: String }
  type Box @key(fields: "id") { id: ID! label: String! fails: String inner: Box }
`);

const box = (id: string) => ({
  __typename: 'Box',
  id,
  label: `Box ${id}`,
  inner: { id: `${id}.1`, label: 'Inner' },
});

const who = ({ viewer }: Request) =>
  viewer.kind === 'anonymous' ? 'anonymous' : `${viewer.kind}:${viewer.id}`;

/** Boxes; their changes come when the test says so. */
export const createBoxes = () => {
  const slow = { entered: createGate(), answer: createGate() };
  const asked = { boxes: 0, requestIds: [] as string[] };
  const streams = { opened: 0, closed: 0 };
  let wake = createGate();
  let newest = 0;

  async function* changes(after: number, { signal }: Request) {
    streams.opened += 1;
    signal().addEventListener('abort', () => {
      streams.closed += 1;
    });
    for (let told = after; ; told += 1) {
      while (told >= newest) await wake.opened;
      yield told + 1;
    }
  }

  const subgraph: Subgraph<Request> = {
    name: 'boxes',
    typeDefs,
    resolvers: {
      Query: {
        box: (_: unknown, { id }: { id: string }) => box(id),
        boxes: () => {
          asked.boxes += 1;
          return [box('1'), box('2')];
        },
        echo: (_: unknown, { text, numbers }: { text: string; numbers?: number[] }) =>
          `${text} ${numbers?.join() ?? ''}`.trim(),
        who: (_: unknown, __: unknown, request: Request) => who(request),
        must: () => {
          throw new GraphQLError('It must not be.', { extensions: { code: 'MUST_NOT', why: [1] } });
        },
        slow: async () => {
          slow.entered.open();
          await slow.answer.opened;
          return 'at last';
        },
      },
      Mutation: { boxSave: (_: unknown, { label }: { label: string }) => ({ ...box('9'), label }) },
      Subscription: {
        boxChanged: {
          subscribe: (_: unknown, { after }: { after: number }, request: Request) => changes(after, request),
          resolve: (id: number) => box(String(id)),
        },
        whoChanged: {
          subscribe: (_: unknown, __: unknown, request: Request) => changes(0, request),
          resolve: (_: unknown, __: unknown, request: Request) => who(request),
        },
        refused: {
          subscribe: () => {
            throw new GraphQLError('Not now.', { extensions: { code: 'NOT_NOW' } });
          },
        },
      },
      Box: {
        __resolveReference: ({ id }: { id: string }) => (id === 'none' ? null : box(id)),
        fails: () => {
          throw new GraphQLError('No.', { extensions: { code: 'NO' } });
        },
      },
    },
    context: (request) => {
      asked.requestIds.push(request.requestId);
      return { ...request };
    },
    isReady: async () => undefined,
    start: async () => undefined,
    stop: async () => undefined,
  };
  const change = () => {
    newest += 1;
    wake.open();
    wake = createGate();
  };
  return { subgraph, slow, asked, streams, change };
};

/** A log whose lines a test can read. */
export const createLines = () => {
  const lines: Record<string, unknown>[] = [];
  const log: Log = createLog((line) => lines.push(JSON.parse(line)));
  return { lines, log };
};

export const ask = (text: string, kind: Subquery['kind'] = 'query'): Subquery =>
  createSubquery({ subgraph: 'boxes', text, operationName: undefined, kind });

export const nobody = (more: Partial<Call> = {}): Call => ({
  ...{ token: undefined, viewer: anonymous, requestId: 'request-1', deadlineAt: Date.now() + 10_000 },
  ...more,
});

/** A customer, as the router has checked it: a token, and whose it is. */
export const customer = async (keys: Keys, subject: string): Promise<Call> => {
  const viewer: Viewer = { kind: 'customer', id: subject, scopes: new Set() };
  return nobody({ viewer, token: await signToken(keys, { subject, role: 'customer' }) });
};

/** The same boxes behind each kind of way. */
export const reachBoxes = async (kind: 'local' | 'http') => {
  const boxes = createBoxes();
  const keys = await createKeys();
  const { log, lines } = createLines();
  const options = { keys, log, port: 0 };
  if (kind === 'local') {
    const mounted = mountSubgraph(boxes.subgraph, options);
    const transport: Transport = localTransport(mounted);
    return { ...boxes, keys, lines, transport, stop: () => mounted.stop() };
  }
  const served = await serveSubgraph(boxes.subgraph, options);
  const transport = httpTransport({ name: 'boxes', url: served.url, log });
  const stop = async () => {
    await transport.close();
    await served.stop();
  };
  return { ...boxes, keys, lines, transport, stop };
};
