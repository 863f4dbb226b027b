import { type Front, startFront } from './front.ts';
import type { Log } from './log.ts';
import { mountSubgraph } from './mount.ts';
import type { NotReady } from './routes.ts';
import type { Subgraph } from './subgraph.ts';
import type { PublicKeys } from './tokens.ts';
import { startTracing } from './tracing.ts';
import { within } from './within.ts';

/** How a subgraph is served. */
export type ServeOptions = {
  /** 0 takes a free one. */
  readonly port: number;
  /** 127.0.0.1 when left out. */
  readonly host?: string;
  /** What tokens are verified with. */
  readonly keys: PublicKeys;
  /** Hides schema details and traces from callers; no introspection. */
  readonly production?: boolean;
  /** Where spans are sent, OTLP over HTTP; nowhere when left out. */
  readonly collector?: string | undefined;
  readonly log?: Log;
};

/** A probe asks every few seconds and does not wait long for its answer. */
const readyLimitMs = 2_000;

/** What keeps a part from answering, in the form the health page shows; empty when nothing does. */
export const whyNotReady = async (part: {
  readonly name: string;
  readonly isReady: () => Promise<void>;
}): Promise<NotReady[]> => {
  try {
    const outcome = await within(readyLimitMs, part.isReady());
    return outcome === 'late'
      ? [{ name: part.name, reason: `It did not say within ${readyLimitMs / 1000} s.` }]
      : [];
  } catch (error) {
    return [{ name: part.name, reason: error instanceof Error ? error.message : String(error) }];
  }
};

/** Starts a subgraph and serves it over HTTP and WebSocket at `/graphql`. */
export const serveSubgraph = async <Context>(
  subgraph: Subgraph<Context>,
  options: ServeOptions,
): Promise<Front> => {
  const { collector } = options;
  const tracing =
    collector === undefined ? null : await startTracing({ serviceName: subgraph.name, endpoint: collector });
  const mounted = mountSubgraph(subgraph, options);
  await mounted.start();
  const listening = startFront({
    ...options,
    name: subgraph.name,
    facts: subgraph.facts,
    schema: mounted.schema,
    execute: async ({ document, call, ...operation }) =>
      mounted.execute({ ...operation, ...call, query: document }),
    subscribe: ({ document, call, ...operation }) =>
      mounted.subscribe({ ...operation, ...call, query: document }),
    notReady: () => whyNotReady(mounted),
  });
  const front = await listening.catch(async (error: unknown) => {
    await mounted.stop();
    throw error;
  });
  return {
    ...front,
    stop: async () => {
      await front.stop();
      await mounted.stop();
      await tracing?.stop();
    },
  };
};
