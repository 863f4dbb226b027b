import {
  type Front,
  type Log,
  type MountedSubgraph,
  type Pages,
  type PublicKeys,
  log as processLog,
  startFront,
  whyNotReady,
} from '@storegraph/server';
import { createEngine } from './engine.ts';
import { startPage } from './start-page.ts';

/** What the endpoint is made of. */
export type RouterOptions = {
  /** The text of schema/supergraph.graphql. */
  readonly supergraphSdl: string;
  /** Every subgraph the supergraph names. They stay the caller's: it starts them before and stops them after. */
  readonly subgraphs: readonly MountedSubgraph[];
  /** What tokens are verified with. */
  readonly keys: PublicKeys;
  /** 0 takes a free one. */
  readonly port: number;
  /** 127.0.0.1 when left out. */
  readonly host?: string;
  /** Answers requests outside GraphQL; what it leaves at `/` is a page that says where things are. */
  readonly pages?: Pages;
  /** Hides schema details and traces; no introspection. */
  readonly production?: boolean;
  readonly log?: Log;
};

/** Serves the one endpoint of the shop over subgraphs of this process. */
export const startRouter = async (options: RouterOptions): Promise<Front> => {
  const { subgraphs, pages, production = false, log = processLog } = options;
  const engine = createEngine({ ...options, production, log });
  return startFront({
    ...options,
    ...engine,
    name: 'router',
    pages: (request, response) => pages?.(request, response) || startPage(request, response),
    notReady: async () => (await Promise.all(subgraphs.map(whyNotReady))).flat(),
  });
};
