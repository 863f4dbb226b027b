import { after, type Call } from '@storegraph/server';
import type { Engine, EventSource } from '../engine.ts';
import type { Caller } from '../front/head.ts';
import type { Planner } from '../plan/planner.ts';
import type { Prepared } from '../prepare/prepared.ts';
import type { Transport } from '../reach/transport.ts';
import { isAnswer, refuse } from '../run/answer.ts';
import type { Metrics } from './metrics.ts';
import { codeOfFetch, outcomeOf } from './outcome.ts';

const secondsSince = (startedMs: number): number => (performance.now() - startedMs) / 1_000;

/** What the client calls itself. The front hands on its whole caller; a `Call` is what of it engines need. */
export const clientOf = (call: Call): string | null => (call as Partial<Caller>).client?.name ?? null;

/** Tells when a stream of events is over, whoever ends it. */
const untilOver = (source: EventSource, over: () => void): EventSource => {
  let isOver = false;
  const end = (): void => {
    if (!isOver) over();
    isOver = true;
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: async () => {
      const step = await source.next();
      if (step.done) end();
      return step;
    },
    return: () => {
      end();
      return source.return();
    },
  };
};

/** Tells of variables that do not fit, which is found out before anybody is asked to run anything. */
const meteredOperation = (prepared: Prepared, metrics: Metrics): Prepared => ({
  ...prepared,
  coerce: (variables) => {
    const outcome = prepared.coerce(variables);
    if ('errors' in outcome) metrics.answered(prepared, null, outcomeOf(refuse(400, outcome.errors)));
    return outcome;
  },
});

/** Counts what an engine prepares, refuses, runs and opens, and how long it takes. */
export const meteredEngine = (engine: Engine, metrics: Metrics): Engine => {
  const metered = new WeakMap<Prepared, Prepared>();
  const originals = new WeakMap<Prepared, Prepared>();
  const originalOf = (prepared: Prepared): Prepared => originals.get(prepared) ?? prepared;

  return {
    ...engine,
    prepare: (text, operationName) => {
      const startedMs = performance.now();
      const prepared = engine.prepare(text, operationName);
      if (isAnswer(prepared)) {
        metrics.answered(null, null, outcomeOf(prepared));
        return prepared;
      }
      const known = metered.get(prepared);
      metrics.prepared(!known, secondsSince(startedMs));
      if (known) return known;
      const made = meteredOperation(prepared, metrics);
      metered.set(prepared, made);
      originals.set(made, prepared);
      return made;
    },
    run: (prepared, values, call) => {
      const startedMs = performance.now();
      return after(engine.run(originalOf(prepared), values, call), (answer) => {
        metrics.took(prepared, secondsSince(startedMs));
        metrics.answered(prepared, clientOf(call), outcomeOf(answer));
        return answer;
      });
    },
    subscribe: async (prepared, values, call) => {
      const source = await engine.subscribe(originalOf(prepared), values, call);
      if (isAnswer(source)) {
        metrics.answered(prepared, clientOf(call), outcomeOf(source));
        return source;
      }
      metrics.upstreams.rise();
      return untilOver(source, metrics.upstreams.fall);
    },
  };
};

/** Measures how long plans take to find. */
export const meteredPlanner = (planner: Planner, metrics: Metrics): Planner => ({
  ...planner,
  plan: (...asked) => {
    const startedMs = performance.now();
    try {
      return planner.plan(...asked);
    } finally {
      metrics.planned(secondsSince(startedMs));
    }
  },
});

/** Counts and measures what a subgraph is asked. */
export const meteredTransport = (transport: Transport, metrics: Metrics): Transport => ({
  ...transport,
  fetch: (subquery, variables, call) => {
    const startedMs = performance.now();
    return after(transport.fetch(subquery, variables, call), (answer) => {
      metrics.fetched(transport.name, codeOfFetch(answer), secondsSince(startedMs));
      return answer;
    });
  },
});
