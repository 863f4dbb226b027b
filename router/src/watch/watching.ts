import { isTraced } from '@storegraph/server';
import type { Engine } from '../engine.ts';
import type { Sockets } from '../front/front.ts';
import type { AnswerStore } from '../front/kept-answers.ts';
import type { Guards, Resolve } from '../front/operation.ts';
import type { Refusal } from '../front/refusal.ts';
import type { Planner } from '../plan/planner.ts';
import type { Transport } from '../reach/transport.ts';
import type { Follow } from '../stream/shared.ts';
import { meteredEngine, meteredPlanner, meteredTransport } from './metered-engine.ts';
import {
  meteredAnswers,
  meteredFollow,
  meteredGuards,
  meteredResolve,
  meteredSockets,
} from './metered-front.ts';
import { createMetrics } from './metrics.ts';
import { type MetricsServerOptions, serveMetrics } from './metrics-server.ts';
import { outcomeOf } from './outcome.ts';
import { createTracing } from './traced.ts';

/** Puts what operators see around the parts of a router. */
export type Watching = {
  readonly engine: (engine: Engine) => Engine;
  readonly planner: (planner: Planner) => Planner;
  /** Around the way itself: what a cache answers was not fetched. */
  readonly transport: (transport: Transport) => Transport;
  readonly resolve: (resolve: Resolve) => Resolve;
  readonly guards: (guards: Guards) => Guards;
  readonly answers: (answers: AnswerStore) => AnswerStore;
  readonly sockets: (sockets: Sockets) => Sockets;
  readonly follow: (follow: Follow) => Follow;
  /** A request was refused as HTTP. */
  readonly refused: (refusal: Refusal) => void;
  /** Keeps the name of a published operation apart from what callers make up. */
  readonly know: (operation: string) => void;
  /** Where Prometheus finds the metrics; null where nobody counts. */
  readonly metricsUrl: string | null;
  readonly stop: () => Promise<void>;
};

const same = <T>(part: T): T => part;

/** Where nobody collects spans none are made: a fetch has no use for two more promises. */
const spans = () => (isTraced() ? createTracing() : { engine: same, planner: same, transport: same });

const spansOnly = (): Watching => ({
  ...spans(),
  ...{ resolve: same, guards: same, answers: same, sockets: same, follow: same },
  ...{ know: () => undefined, refused: () => undefined },
  metricsUrl: null,
  stop: async () => undefined,
});

/** Counts and measures, and serves what comes of it; null makes spans alone. */
export const startWatching = async (serving: MetricsServerOptions | null): Promise<Watching> => {
  if (serving === null) return spansOnly();
  const metrics = createMetrics();
  const server = await serveMetrics(metrics, serving);
  const traced = spans();
  return {
    engine: (engine) => meteredEngine(traced.engine(engine), metrics),
    planner: (planner) => traced.planner(meteredPlanner(planner, metrics)),
    transport: (transport) => traced.transport(meteredTransport(transport, metrics)),
    resolve: (resolve) => meteredResolve(resolve, metrics),
    guards: (guards) => meteredGuards(guards, metrics),
    answers: (answers) => meteredAnswers(answers, metrics),
    sockets: (sockets) => meteredSockets(sockets, metrics),
    follow: (follow) => meteredFollow(follow, metrics),
    refused: (refusal) => metrics.refused(refusal.refusedWith ?? 500, outcomeOf(refusal)),
    know: metrics.know,
    metricsUrl: server.url,
    stop: server.stop,
  };
};
