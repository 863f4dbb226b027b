import type { EventLog } from '@storegraph/events';
import {
  type Front,
  type Log,
  type Pages,
  type PublicKeys,
  log as processLog,
  whyNotReady,
} from '@storegraph/server';
import type { Redis } from 'ioredis';
import { type Caches, startCaches } from './cache/caches.ts';
import { createEngine, type Engine } from './engine.ts';
import { createEndedSessions } from './front/ended-sessions.ts';
import { startFront } from './front/front.ts';
import type { Http2 } from './front/listener.ts';
import { type Runner, refusalOf } from './front/operation.ts';
import { readSupergraph, type SubgraphPlace } from './graph/supergraph.ts';
import { createGuards } from './guard/guards.ts';
import { createAutomatic } from './persisted/automatic.ts';
import { createResolve, type Published } from './persisted/operations.ts';
import { watchPublished } from './persisted/published.ts';
import { createHivePlanner } from './plan/hive-planner.ts';
import type { Planner } from './plan/planner.ts';
import type { Transport } from './reach/transport.ts';
import { createWays, givenWays, type Ways } from './reach/ways.ts';
import { isAnswer } from './run/answer.ts';
import { type FullSettings, fullSettings, type Settings } from './settings.ts';
import { startPage } from './start-page.ts';
import { asSource } from './stream/as-source.ts';
import { createSharing } from './stream/shared.ts';
import { createSockets } from './stream/sockets.ts';
import { startWatching, type Watching } from './watch/watching.ts';

/** What the endpoint is made of. */
export type RouterOptions = {
  /** The text of schema/supergraph.graphql. */
  readonly supergraphSdl: string;
  /**
   * A way to every subgraph the supergraph names: they stay the caller's, who closes them after the router. Or how
   * one is made to a subgraph's address: those follow the supergraph when it is another, and end with the router.
   */
  readonly transports: readonly Transport[] | ((place: SubgraphPlace) => Transport);
  /**
   * The facts of the subgraphs whose answers may be kept, each for as long as its subgraph stays where it is;
   * account's also say whose session has ended. They stay the caller's.
   */
  readonly logs?: readonly EventLog[];
  /** What tokens are verified with. */
  readonly keys: PublicKeys;
  /** 0 takes a free one. */
  readonly port: number;
  /** 127.0.0.1 when left out. */
  readonly host?: string;
  /** Answers requests outside GraphQL; what it leaves at `/` is a page that says where things are. */
  readonly pages?: Pages;
  /** Published operations only, no introspection, no details in errors; tight limits. */
  readonly production?: boolean;
  readonly settings?: Settings;
  /** Hive's when left out. */
  readonly createPlanner?: (supergraphSdl: string) => Planner;
  /** Where several routers keep what they count and learn together; each for itself when left out. */
  readonly redis?: Redis;
  /** Where Prometheus may ask, apart from the port of the graph; nothing is counted when left out. */
  readonly metricsPort?: number;
  /** HTTP/2 beside HTTP/1.1: with a certificate, or in the clear behind a proxy of ours. */
  readonly http2?: Http2;
  readonly log?: Log;
};

/** The endpoint, listening. */
export type Router = Front & {
  /** Puts another supergraph in the place of this one, without a request failing. Throws, and keeps this one, when it cannot. */
  readonly reload: (supergraphSdl: string) => void;
};

/** Prepares what was published, so that its first caller does not wait for a plan; says what fits the graph no more. */
const prepareAll = (
  engine: Engine,
  published: Published,
  { log, know }: { readonly log: Log; readonly know: Watching['know'] },
): void => {
  for (const text of published.texts()) {
    const prepared = engine.prepare(text);
    if (isAnswer(prepared)) {
      log.warn('A published operation does not fit the graph.', { errors: prepared.body });
    } else {
      engine.warm(prepared);
      if (prepared.name !== null) know(prepared.name);
    }
  }
};

const addressOf = ({ name, url }: SubgraphPlace): string => `${name} ${url}`;

/** A supergraph, ready to be served. */
type Graph = {
  readonly engine: Engine;
  readonly transports: readonly Transport[];
  /** Leads to its subgraphs from now on. */
  readonly take: () => void;
};

/** What outlives every supergraph. */
type Around = {
  readonly settings: FullSettings;
  readonly ways: Ways;
  readonly caches: Caches;
  readonly watching: Watching;
};

const graphMaker =
  (
    { production = false, createPlanner = createHivePlanner, log = processLog }: RouterOptions,
    { settings, ways, caches, watching }: Around,
  ) =>
  (supergraphSdl: string): Graph => {
    const { subgraphs } = readSupergraph(supergraphSdl);
    const transports = ways.to(subgraphs);
    const engine = createEngine({
      ...{ supergraphSdl, production, log },
      createPlanner: (sdl) => watching.planner(createPlanner(sdl)),
      transports: transports.map((transport) => caches.around(watching.transport(transport))),
      limits: settings.limits,
      labels: new Set(settings.overrideLabels),
    });
    return { engine: watching.engine(engine), transports, take: () => ways.take(subgraphs) };
  };

/** Serves the one endpoint of the shop. */
export const startRouter = async (options: RouterOptions): Promise<Router> => {
  const { transports: given, logs = [], keys, pages, production = false, log = processLog } = options;
  const settings = fullSettings(options.settings ?? {}, production);
  const maxBytes = settings.cacheMegabytes * 1024 * 1024;
  const { metricsPort, host, redis = null } = options;
  const watching = await startWatching(metricsPort === undefined ? null : { port: metricsPort, host });
  const ended = createEndedSessions(log);
  const caches = await startCaches(logs, { maxBytes, ended, log });
  const ways = typeof given === 'function' ? createWays(given) : givenWays(given);
  const make = graphMaker(options, { settings, ways, caches, watching });
  let graph = make(options.supergraphSdl);
  const begunWith = typeof given === 'function' ? readSupergraph(options.supergraphSdl).subgraphs : [];
  graph.take();
  const about = { log, know: watching.know };
  const published = await watchPublished(settings.operations.folder, {
    changed: (all) => prepareAll(graph.engine, all, about),
    log,
  });

  const follow = watching.follow(
    createSharing((error, { requestId }) => refusalOf(error, requestId, { production, log })),
  );
  const runner: Runner = {
    ...{ production, log, ended },
    engine: () => graph.engine,
    guards: watching.guards(createGuards(settings, redis)),
    resolve: watching.resolve(
      createResolve({
        ...{ mode: settings.operations.mode, published: published.current, log },
        automatic: settings.operations.automatic ? createAutomatic(redis) : null,
      }),
    ),
    subscribe: asSource(follow),
  };
  const { origins, trustedProxies } = settings;
  const front = await startFront({
    ...options,
    ...runner,
    ...{ origins, trustedProxies },
    answers: watching.answers(caches.answers),
    refused: watching.refused,
    sockets: watching.sockets(createSockets({ runner, follow, keys, trustedProxies })),
    pages: (request, response) => pages?.(request, response) || startPage(request, response),
    notReady: async () => (await Promise.all(graph.transports.map(whyNotReady))).flat(),
  });
  return {
    ...front,
    reload: (supergraphSdl) => {
      const next = make(supergraphSdl);
      prepareAll(next.engine, published.current(), about);
      next.take();
      graph = next;
      caches.clear();
      const stay = new Set(readSupergraph(supergraphSdl).subgraphs.map(addressOf));
      for (const place of begunWith) if (!stay.has(addressOf(place))) caches.leave(place.name);
    },
    stop: async () => {
      published.stop();
      await front.stop();
      await caches.stop();
      await watching.stop();
      await ways.close();
    },
  };
};
