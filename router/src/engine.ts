import {
  asGraphQLError,
  type Call,
  type Log,
  maskErrors,
  log as processLog,
  type Soon,
} from '@storegraph/server';
import { buildSchema, GraphQLError, type GraphQLSchema } from 'graphql';
import { keepingOf } from './cache/keeping.ts';
import { readSupergraph, type SubgraphPlace } from './graph/supergraph.ts';
import { defaultOperationLimits, type OperationLimits } from './guard/limits.ts';
import { createHivePlanner } from './plan/hive-planner.ts';
import type { Planner } from './plan/planner.ts';
import { NotPlanned } from './prepare/plan-operation.ts';
import { type Planned, prepare } from './prepare/prepare.ts';
import type { Prepared, Values } from './prepare/prepared.ts';
import { createRecent } from './prepare/recent.ts';
import type { Transport } from './reach/transport.ts';
import { type Answer, isAnswer } from './run/answer.ts';
import { type EventSource, openEvents } from './run/events.ts';
import { type Running, runOperation } from './run/operation.ts';

export type { EventSource };

/** Runs operations of the public graph over the subgraphs that answer its parts. */
export type Engine = {
  /** What clients see. */
  readonly schema: GraphQLSchema;
  /** Parses, checks and plans an operation, each text once; an answer when it is refused. */
  readonly prepare: (text: string, operationName?: string) => Prepared | Answer;
  /** Finds the plans of an operation before it is run, so that its first caller does not wait for them. */
  readonly warm: (prepared: Prepared) => void;
  /** Runs a query or a mutation. */
  readonly run: (prepared: Prepared, values: Values, call: Call) => Soon<Answer>;
  /** Opens a subscription; an answer when that does not work. */
  readonly subscribe: (prepared: Prepared, values: Values, call: Call) => Promise<EventSource | Answer>;
  readonly close: () => Promise<void>;
};

export type EngineOptions = {
  readonly supergraphSdl: string;
  /** A way to each subgraph that the supergraph names. */
  readonly transports: readonly Transport[];
  /** Hive's when left out. */
  readonly createPlanner?: (supergraphSdl: string) => Planner;
  /** No introspection, no suggestions, no traces. */
  readonly production?: boolean;
  /** How large an operation may be; as the defaults say when left out. */
  readonly limits?: OperationLimits;
  /** The progressive overrides that hold by name. */
  readonly labels?: ReadonlySet<string>;
  readonly log?: Log;
};

/** Clients send few different operations; a thousand of them take a few megabytes. */
const maxRemembered = 1_000;

/** The characters of their texts together: whoever sends the largest there may be, each another, fills 300 MB. */
const maxRememberedLength = 2_000_000;

/** A way to each subgraph, or a sentence that names those that none leads to. */
const transportsTo = (
  places: readonly SubgraphPlace[],
  transports: readonly Transport[],
): ReadonlyMap<string, Transport> => {
  const byName = new Map(transports.map((transport) => [transport.name, transport]));
  const missing = places.filter(({ name }) => !byName.has(name)).map(({ name }) => name);
  if (missing.length === 0) return byName;
  throw new Error(`The supergraph needs subgraphs that no transport leads to: ${missing.join(', ')}.`);
};

/** What becomes of exceptions of ours. */
const createFailures = ({ production, log }: { readonly production: boolean; readonly log: Log }) => {
  /** The operation is as it should be, so whoever sent it is told what to do instead. */
  const noteNotPlanned = (error: NotPlanned): GraphQLError => {
    log.error('The planner finds no way for an operation; PLANNER=apollo may.', { error });
    return new GraphQLError(
      'No plan was found for this operation. Ask for its parts in operations of their own.',
      { extensions: { code: 'OPERATION_NOT_PLANNED' } },
    );
  };

  /** An exception of ours is logged once and told by its id. */
  const safely = <T>(call: Call, work: () => Soon<T>): Soon<T | Answer> => {
    try {
      const working = work();
      return working instanceof Promise ? working.catch((error: unknown) => failed(error, call)) : working;
    } catch (error) {
      return failed(error, call);
    }
  };

  const failed = (thrown: unknown, { requestId }: Call): Answer => {
    const error = thrown instanceof NotPlanned ? noteNotPlanned(thrown) : thrown;
    const errors = maskErrors([asGraphQLError(error)], { subgraph: 'router', requestId, production, log });
    return { body: JSON.stringify({ data: null, errors }), refusedWith: null, hasErrors: true };
  };

  return { failed, safely, noteNotPlanned };
};

/** Builds the engine, or throws when the supergraph names a subgraph that cannot be reached. */
export const createEngine = (options: EngineOptions): Engine => {
  const { supergraphSdl, createPlanner = createHivePlanner, production = false, log = processLog } = options;
  const supergraph = readSupergraph(supergraphSdl);
  const transports = transportsTo(supergraph.subgraphs, options.transports);
  const planner = createPlanner(supergraphSdl);
  const schema = buildSchema(planner.publicSdl, { assumeValid: true });

  const compiling = {
    isOfType: supergraph.isOfType,
    keepingOf: (text: string) => keepingOf({ schema, supergraph }, text),
  };
  const preparing = {
    ...{ schema, supergraph, planner, production },
    compiling,
    labels: options.labels ?? new Set<string>(),
    limits: options.limits ?? defaultOperationLimits,
  };
  const recent = createRecent<Planned>(maxRemembered, maxRememberedLength);
  const plans = new WeakMap<Prepared, Planned>();

  const runningOf = (prepared: Prepared, values: Values, call: Call): Running => {
    const planned = plans.get(prepared);
    if (!planned) throw new Error('This operation was prepared by another engine.');
    const { guards, formOf } = planned.forms;
    return { form: formOf(values, call.viewer), guards, transports, production };
  };

  const { failed, safely, noteNotPlanned } = createFailures({ production, log });

  return {
    schema,
    prepare: (text, operationName) => {
      const key = operationName === undefined ? text : `${operationName}\n${text}`;
      const known = recent.read(key);
      if (known) return known.prepared;
      const planned = prepare(preparing, text, operationName);
      // What is wrong is not remembered: it would push out what is used.
      if (isAnswer(planned)) return planned;
      recent.write(key, planned);
      plans.set(planned.prepared, planned);
      return planned.prepared;
    },
    warm: (prepared) => {
      try {
        plans.get(prepared)?.forms.warm();
      } catch (error) {
        if (!(error instanceof NotPlanned)) throw error;
        // It keeps no other operation from being served.
        noteNotPlanned(error);
      }
    },
    run: (prepared, values, call) =>
      safely(call, () =>
        runOperation(runningOf(prepared, values, call), { values, call, isKept: prepared.caching !== null }),
      ),
    subscribe: async (prepared, values, call) =>
      safely(call, () =>
        openEvents(runningOf(prepared, values, call), values, {
          ...{ call, compiling },
          failed: (error) => failed(error, call),
        }),
      ),
    close: async () => {
      await Promise.all(options.transports.map((transport) => transport.close()));
    },
  };
};
