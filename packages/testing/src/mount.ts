import { randomUUID } from 'node:crypto';
import { type Bus, createInProcessBus, type EventLog } from '@storegraph/events';
import {
  type Ask,
  AskError,
  anonymous,
  type GraphResult,
  mountSubgraph,
  type Subgraph,
  type Viewer,
} from '@storegraph/server';
import { testDatabase } from './database.ts';

/** A subgraph over a database of the test's own, asked through GraphQL as the router asks it. */
export type Mounted = {
  /** Runs a query or mutation; as nobody in particular when no viewer is given, from wherever is said. */
  execute(operation: string, variables?: object, viewer?: Viewer, address?: string): Promise<Answer>;
  /** Opens a subscription; throws the errors that keep it from opening. */
  subscribe(
    operation: string,
    variables?: object,
    viewer?: Viewer,
  ): Promise<AsyncIterableIterator<GraphResult>>;
  readonly bus: Bus;
  /** The facts the subgraph has published. */
  readonly log: EventLog;
  readonly url: string;
  /** Stops it and drops its database; fails when a connection was left open. */
  stop(): Promise<void>;
};

/** An answer as a client gets it, with the number of SQL statements it took. */
export type Answer = {
  // biome-ignore lint/suspicious/noExplicitAny: an answer has the shape of its operation, which is text.
  data: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above, for what a test looks at in an error.
  errors: readonly any[] | undefined;
  extensions: Record<string, unknown>;
  statements: number;
};

type Create<Context> = (needs: { postgresUrl: string; bus: Bus; ask: Ask }) => Promise<Subgraph<Context>>;

/** A test that needs an answer hands in who gives it. */
const askNobody: Ask = async (subgraph) => {
  throw new AskError(subgraph, 'UNREACHABLE', 'this test has no other subgraphs.');
};

/** Mounts a subgraph by its own composition root, over a database copied from a migrated template. */
export const mountForTest = async <Context>(
  create: Create<Context>,
  options: { bus?: Bus; ask?: Ask } = {},
): Promise<Mounted> => {
  const database = await testDatabase(`template_${create.name}`, async (postgresUrl) => {
    const subgraph = await create({ postgresUrl, bus: createInProcessBus(), ask: askNobody });
    await subgraph.stop();
  });
  const { bus = createInProcessBus(), ask = askNobody } = options;
  const mounted = mountSubgraph(await create({ postgresUrl: database.url, bus, ask }));
  await mounted.start();
  return {
    bus,
    url: database.url,
    log: await bus.log(mounted.name),
    execute: async (query, variables = {}, viewer = anonymous, address = undefined) => {
      const {
        data,
        errors,
        extensions = {},
      } = await mounted.execute({ query, variables: asJson(variables), viewer, address });
      return asJson({ data, errors, extensions, statements: extensions.trace?.statements ?? 0 });
    },
    subscribe: async (query, variables = {}, viewer = anonymous) => {
      const opened = await mounted.subscribe({ query, variables: asJson(variables), viewer });
      if (!('next' in opened)) throw new Error(opened.errors?.map(({ message }) => message).join(' '));
      return opened;
    },
    stop: async () => {
      await mounted.stop();
      await database.drop();
    },
  };
};

/** What arrives of a value at the other end of a wire. */
const asJson = <T>(value: T) => JSON.parse(JSON.stringify(value)) as T & Record<string, unknown>;

/** A member of staff with these scopes. */
export const staff = (...scopes: string[]): Viewer => ({
  kind: 'staff',
  id: 'tester',
  scopes: new Set(scopes),
});

/** A fresh idempotency key. */
export const key = (): string => randomUUID();
