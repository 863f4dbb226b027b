import {
  anonymous,
  type Call,
  createKeys,
  createLog,
  type Front,
  type MountedSubgraph,
  mountSubgraph,
  type Request,
  type Subgraph,
  serveSubgraph,
} from '@storegraph/server';
import { parse } from 'graphql';
import { compose } from '../../../scripts/compose.ts';
import { createEngine, type Engine } from '../engine.ts';
import { createApolloPlanner } from '../plan/apollo-planner.ts';
import { createHivePlanner } from '../plan/hive-planner.ts';
import { httpTransport } from '../reach/http-transport.ts';
import { localTransport } from '../reach/local-transport.ts';
import type { Transport } from '../reach/transport.ts';
import { isAnswer } from '../run/answer.ts';
import type { Graph, Part } from './graph-case.ts';

/** What an answer says, as far as all engines must agree. */
export type Said = { readonly data: unknown; readonly errors: readonly string[] };

export const planners = { hive: createHivePlanner, apollo: createApolloPlanner };
export type PlannerName = keyof typeof planners;

/** The subgraphs of a graph, standing; with engines over them. */
export type Stand = {
  readonly supergraphSdl: string;
  readonly mounted: readonly MountedSubgraph[];
  readonly transports: (reach: 'local' | 'http') => readonly Transport[];
  readonly engine: (planner: PlannerName, reach: 'local' | 'http') => Engine;
  /** Ends one subgraph's server, as if its machine had gone. */
  readonly cut: (name: string) => Promise<void>;
  readonly stop: () => Promise<void>;
};

const nothing = async (): Promise<void> => undefined;

/** Errors are the point of many cases, and their log is not. */
const log = createLog(() => undefined);

const subgraphOf = ({ name, sdl, resolvers }: Part): Subgraph<Request> => ({
  ...{ name, resolvers, isReady: nothing, start: nothing, stop: nothing },
  typeDefs: parse(sdl),
  context: (request) => ({ ...request }),
});

export const composeParts = (parts: readonly Part[]): string => {
  const { supergraphSdl, problems } = compose(parts.map(subgraphOf));
  if (problems) throw new Error(problems.join('\n'));
  return supergraphSdl;
};

/** Mounts the subgraphs of a graph in this process and serves them over sockets as well. */
export const openStand = async ({ parts, labels = [] }: Pick<Graph, 'parts' | 'labels'>): Promise<Stand> => {
  const supergraphSdl = composeParts(parts);
  const keys = await createKeys();
  const subgraphs = parts.map(subgraphOf);
  const mounted = subgraphs.map((subgraph) => mountSubgraph(subgraph, { keys, log }));
  const fronts = new Map<string, Front>();
  for (const subgraph of subgraphs)
    fronts.set(subgraph.name, await serveSubgraph(subgraph, { port: 0, keys, log }));
  const engines: Engine[] = [];

  const transportsBy = (reach: 'local' | 'http'): Transport[] =>
    reach === 'local'
      ? mounted.map(localTransport)
      : [...fronts].map(([name, { url }]) => httpTransport({ name, url, retryDelayMs: () => 0, log }));

  return {
    supergraphSdl,
    mounted,
    transports: transportsBy,
    engine: (planner, reach) => {
      const engine = createEngine({
        ...{ supergraphSdl, log, labels: new Set(labels) },
        transports: transportsBy(reach),
        createPlanner: planners[planner],
      });
      engines.push(engine);
      return engine;
    },
    cut: async (name) => {
      await fronts.get(name)?.stop();
    },
    stop: async () => {
      await Promise.all(engines.map((engine) => engine.close()));
      await Promise.all([...fronts.values(), ...mounted].map((one) => one.stop()));
    },
  };
};

export const newCall = (): Call => ({
  token: undefined,
  viewer: anonymous,
  requestId: 'r-1',
  deadlineAt: Date.now() + 10_000,
});

type Written = {
  readonly data?: unknown;
  readonly errors?: readonly {
    readonly path?: readonly (string | number)[];
    readonly extensions?: { readonly code?: string };
  }[];
};

/** What an answer says, in the form cases are written in. */
export const said = ({ data = null, errors = [] }: Written): Said => ({
  data,
  errors: errors.map(({ path = [], extensions }) => `${path.join('.')} ${extensions?.code}`).sort(),
});

/** Asks an engine as a client would. */
export const ask = async (
  engine: Engine,
  operation: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<Said> => {
  const prepared = engine.prepare(operation);
  if (isAnswer(prepared)) return said(JSON.parse(prepared.body));
  const coerced = prepared.coerce(variables);
  if ('errors' in coerced) return said({ errors: coerced.errors });
  const { body } = await engine.run(prepared, coerced.values, newCall());
  return said(JSON.parse(body));
};
