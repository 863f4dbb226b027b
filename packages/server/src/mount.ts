import { GraphQLError, type GraphQLSchema } from 'graphql';
import { createEnding, end } from './ending.ts';
import { createExecutableSchema } from './executable-schema.ts';
import { type Log, log as processLog } from './log.ts';
import {
  defaultDeadlineMs,
  newRequestId,
  type OpenedOperation,
  type Operation,
  openOperation,
} from './operation.ts';
import { createPreparer } from './prepare.ts';
import { createRunner, type GraphResult } from './run.ts';
import { after, type Soon } from './soon.ts';
import { mapStream, type ResultStream } from './stream.ts';
import type { Subgraph } from './subgraph.ts';
import type { PublicKeys } from './tokens.ts';
import { within } from './within.ts';

/** How a subgraph is mounted. */
export type MountOptions = {
  /** What tokens are verified with; without it every token is refused. */
  readonly keys?: PublicKeys;
  /** Hides schema details and traces from callers. */
  readonly production?: boolean;
  readonly log?: Log;
};

/** A subgraph that can be asked in this process. Nothing it answers holds a stack or SQL. */
export type MountedSubgraph = {
  readonly name: string;
  readonly schema: GraphQLSchema;
  /** Runs a query or a mutation. */
  readonly execute: (operation: Operation) => Soon<GraphResult>;
  /** Opens a subscription: a stream of results, or one result with the errors that kept it from opening. */
  readonly subscribe: (operation: Operation) => Promise<ResultStream<GraphResult> | GraphResult>;
  /** Throws the reason while the subgraph cannot answer. */
  readonly isReady: () => Promise<void>;
  /** Starts the subgraph's background work. */
  readonly start: () => Promise<void>;
  /** Ends subscriptions, waits for what is in flight (at most ten seconds), then stops the subgraph. */
  readonly stop: () => Promise<void>;
};

/** How long a stop waits for what is in flight: as long as an operation takes at most when nothing else is said. */
export const drainMs = 10_000;

const needsStream = (): GraphQLError =>
  new GraphQLError('Subscriptions are answered over WebSocket (graphql-transport-ws) on this path.', {
    extensions: { code: 'BAD_REQUEST' },
  });

const needsNoStream = (): GraphQLError =>
  new GraphQLError('Only subscriptions open a stream.', { extensions: { code: 'BAD_REQUEST' } });

/** Makes a subgraph answer operations in this process. It starts nothing: call `start()` for background work. */
export const mountSubgraph = <Context>(
  subgraph: Subgraph<Context>,
  { keys, production = false, log = processLog }: MountOptions = {},
): MountedSubgraph => {
  const executable = createExecutableSchema(subgraph);
  const { run, open, failed, idle } = createRunner(subgraph, executable, { production, log });
  const prepare = createPreparer(executable.schema, { production });
  const streams = new Set<ResultStream<GraphResult>>();

  const check = (operation: Operation): Soon<OpenedOperation | GraphResult> => {
    const requestId = operation.requestId ?? newRequestId();
    return openOperation({ ...operation, requestId }, { prepare, keys });
  };

  const runChecked = (checked: OpenedOperation | GraphResult): Soon<GraphResult> => {
    if (!('kind' in checked)) return checked;
    if (checked.kind === 'subscription') return { errors: [needsStream()] };
    const ending = createEnding();
    return after(run(checked, ending), (result) => {
      end(ending);
      return result;
    });
  };

  const execute = (operation: Operation): Soon<GraphResult> => after(check(operation), runChecked);

  const subscribe = async (operation: Operation): Promise<ResultStream<GraphResult> | GraphResult> => {
    const checked = await check(operation);
    if (!('kind' in checked)) return checked;
    if (checked.kind !== 'subscription') return { errors: [needsNoStream()] };
    const ending = createEnding();
    const source = await open(checked, ending);
    if (!('next' in source)) {
      end(ending);
      return source;
    }
    const stream = mapStream(source, {
      // The trace of its opening is over long before its last event.
      map: async (event) =>
        run({ ...checked, deadlineAt: Date.now() + defaultDeadlineMs, trace: undefined }, ending, event),
      failed: (error) => failed(error, checked.requestId),
      ended: () => {
        end(ending);
        streams.delete(stream);
      },
    });
    streams.add(stream);
    return stream;
  };

  return {
    name: subgraph.name,
    schema: executable.schema,
    execute,
    subscribe,
    isReady: subgraph.isReady,
    start: subgraph.start,
    stop: async () => {
      await Promise.all([...streams].map((stream) => stream.return()));
      await within(drainMs, idle());
      await subgraph.stop();
    },
  };
};
