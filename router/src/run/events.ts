import { type Call, defaultDeadlineMs, isStream, mapStream } from '@storegraph/server';
import type { Values } from '../prepare/prepared.ts';
import type { SubgraphAnswer } from '../reach/transport.ts';
import { type Answer, refuse } from './answer.ts';
import { finish } from './finish.ts';
import { openingOf } from './opening.ts';
import type { Running } from './operation.ts';
import { createRun, noteError, pathOf, pick } from './run.ts';
import { type Compiling, takeRoot } from './steps.ts';

/** The answers to the events of a subscription; its `return()` settles at once. */
export type EventSource = AsyncIterableIterator<Answer> & { return(): Promise<IteratorResult<Answer>> };

type Opened = {
  readonly call: Call;
  readonly compiling: Compiling;
  readonly failed: (error: unknown) => Answer;
};

/** Opens a subscription at the subgraph that has its events, and runs the rest of the plan for each of them. */
export const openEvents = async (
  running: Running,
  values: Values,
  { call, compiling, failed }: Opened,
): Promise<EventSource | Answer> => {
  const { form, transports } = running;
  const opening = openingOf(form, compiling);
  // Every field of it is kept from this viewer.
  if (!opening) return finish({ ...running, run: createRun({ ...running, values, call }) });
  const { root, subquery, rest } = opening;
  const transport = transports.get(subquery.subgraph);
  if (!transport) throw new Error(`There is no way to the subgraph ${subquery.subgraph}.`);
  const source = await transport.subscribe(subquery, pick(values, root.fetch.variables), call);
  if (!isStream(source)) {
    const run = createRun({ ...running, values, call });
    for (const error of source.errors ?? []) noteError(run, subquery.subgraph, error, pathOf(error));
    return refuse(200, run.errors);
  }
  return mapStream<SubgraphAnswer, Answer>(source, {
    map: async (event) => {
      // The trace of its opening is over long before its last event.
      const perEvent = { ...call, deadlineAt: Date.now() + defaultDeadlineMs, trace: undefined };
      const run = createRun({ ...running, values, call: perEvent });
      takeRoot(run, root, subquery, event);
      await rest?.(run);
      return finish({ ...running, run });
    },
    failed,
    ended: () => undefined,
  });
};
