import { markReplay } from '@storegraph/idempotency';
import { GraphQLError, parse } from 'graphql';
import { createLog, type Log } from './log.ts';
import type { Request, Subgraph } from './subgraph.ts';

const typeDefs = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requiresScopes"])
  scalar DateTime
  scalar AttributeValue
  scalar Base64
  scalar Locale
  scalar Region
  scalar Currency
  scalar MinorUnits
  type Query {
    note(id: ID!): Note
    notes(first: Int! = 2): [Note!]!
    echo(
      at: DateTime
      value: AttributeValue
      bytes: Base64
      locale: Locale
      region: Region
      currency: Currency
      units: MinorUnits
    ): Echo!
    who: String!
    deadlineAt: Float!
    passing(ms: Float!): String!
    slow: String
    fails(how: String!): String
    sealed: String @requiresScopes(scopes: [["notes:read", "notes:sealed"], ["notes:all"]])
  }
  type Mutation {
    noteSave(text: String!): NoteSaved! @requiresScopes(scopes: [["notes:write"]])
    noteRepeat: NoteSaved!
  }
  type Subscription {
    noteAdded(after: Int! = 0): Note!
    sealedAdded: Note @requiresScopes(scopes: [["notes:read"]])
  }
  type Note @key(fields: "id") {
    id: ID!
    text: String!
    author: String @requiresScopes(scopes: [["notes:read"]])
  }
  type NoteSaved { note: Note! }
  type Echo {
    at: DateTime
    value: AttributeValue
    bytes: Base64
    locale: Locale
    region: Region
    currency: Currency
    units: MinorUnits
  }
`);

type Note = { id: string; text: string; author: string };
type Context = Request;

/** A promise that the test settles. */
export const createGate = () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
};

const note = (id: number): Note => ({ id: String(id), text: `Note ${id}`, author: 'Ada' });

const failures: Readonly<Record<string, () => Error>> = {
  bug: () => new Error('select * from secrets failed'),
  uncoded: () => new GraphQLError('select * from secrets failed'),
  refused: () => new GraphQLError('The shop is closed.', { extensions: { code: 'CLOSED' } }),
  'cursor too old': () => Object.assign(new Error('7 is gone'), { code: 'CURSOR_TOO_OLD' }),
  busy: () => Object.assign(new Error('32 are waiting'), { code: 'BUSY' }),
  cancelled: () =>
    new Error('Failed query', { cause: Object.assign(new Error('canceled'), { code: '57014' }) }),
};

/** A subgraph with everything this package treats specially, and the handles a test needs on it. */
export const createNotes = () => {
  const slow = { entered: createGate(), answer: createGate() };
  const streams = { opened: 0, signals: [] as AbortSignal[] };
  const lifecycle: string[] = [];
  const logged: Record<string, unknown>[] = [];
  const log: Log = createLog((line) => logged.push(JSON.parse(line)));
  const ready: { reason: string | null } = { reason: null };
  let wake = createGate();
  let newest = 2;

  async function* follow(after: number, signal: AbortSignal): AsyncGenerator<Note> {
    streams.opened += 1;
    streams.signals.push(signal);
    for (let sent = after; ; ) {
      while (sent < newest) {
        sent += 1;
        yield note(sent);
      }
      await wake.opened;
    }
  }

  const streamOf = {
    subscribe: (_: unknown, { after = newest }: { after?: number }, { signal }: Context) =>
      follow(after, signal()),
    resolve: (event: Note) => event,
  };
  const resolvers = {
    Query: {
      note: (_: unknown, { id }: { id: string }) => note(Number(id)),
      notes: (_: unknown, { first }: { first: number }) =>
        Array.from({ length: first }, (_one, index) => note(index)),
      echo: (_: unknown, args: object) => args,
      who: (_: unknown, __: unknown, { viewer }: Context) =>
        viewer.kind === 'anonymous' ? 'anonymous' : `${viewer.kind}:${viewer.id}`,
      deadlineAt: (_: unknown, __: unknown, { deadlineAt }: Context) => deadlineAt,
      passing: (_: unknown, { ms }: { ms: number }, { holdsForMs }: Context) => {
        holdsForMs(ms);
        return 'for now';
      },
      slow: async () => {
        slow.entered.open();
        await slow.answer.opened;
        return 'at last';
      },
      fails: (_: unknown, { how }: { how: string }) => {
        throw failures[how]?.();
      },
      sealed: () => 'the seal is broken',
    },
    Mutation: {
      noteSave: () => ({ note: note(3) }),
      noteRepeat: () => markReplay({ note: note(3) }),
    },
    Subscription: { noteAdded: streamOf, sealedAdded: streamOf },
    Note: { __resolveReference: ({ id }: { id: string }) => note(Number(id)) },
  };
  const subgraph: Subgraph<Context> = {
    name: 'notes',
    typeDefs,
    resolvers,
    context: (request) => ({ ...request }),
    isReady: async () => {
      if (ready.reason !== null) throw new Error(ready.reason);
    },
    start: async () => void lifecycle.push('start'),
    stop: async () => void lifecycle.push('stop'),
  };
  const add = () => {
    newest += 1;
    wake.open();
    wake = createGate();
  };
  return { subgraph, slow, streams, lifecycle, logged, log, ready, add };
};
