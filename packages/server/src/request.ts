import { type Ending, signalOf } from './ending.ts';
import type { OpenedOperation } from './operation.ts';
import type { Request } from './subgraph.ts';

/** For how long an answer holds, as far as those who made it have said. */
export type Age = { holdsForMs: number };

const shorten =
  (age: Age): Request['holdsForMs'] =>
  (ms) => {
    age.holdsForMs = Math.min(age.holdsForMs, Math.max(0, Math.floor(ms)));
  };

const signal =
  (ending: Ending): Request['signal'] =>
  () =>
    signalOf(ending);

/** What a subgraph is told of a request. */
export const requestOf = (
  { viewer, requestId, address, deadlineAt }: OpenedOperation,
  ending: Ending,
  age: Age,
): Request => ({
  viewer,
  requestId,
  address: address ?? null,
  deadlineAt,
  holdsForMs: shorten(age),
  signal: signal(ending),
});
