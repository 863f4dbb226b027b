import type { Fact } from '@storegraph/events';
import { isReplay, onceTelling, staffActed } from '@storegraph/idempotency';
import { callerScope, type Viewer } from '@storegraph/server';

/** What is done here is done once for a key, and told for the audit log where somebody of the staff did it. */
export const once = onceTelling('inventory.staff_acted');

type Outcome = { readonly __typename: string };

/** What is kept under no key has not happened yet. */
const notKept = ['IdempotencyConflict', 'HoldExpired'];

/** The same for requests to the stock, which keeps its keys itself: how to tell of an answer, where staff ask. */
export const tellingOf = <Answer>(
  viewer: Viewer,
  command: { readonly operation: string; readonly input: unknown },
  outcomeOf: (answer: Answer) => Outcome,
): ((answer: Answer) => Fact | null) | undefined => {
  if (viewer.kind !== 'staff') return undefined;
  return (answer) => {
    const outcome = outcomeOf(answer);
    if (isReplay(outcome) || notKept.includes(outcome.__typename)) return null;
    return staffActed('inventory.staff_acted', { scope: callerScope(viewer), ...command }, outcome);
  };
};
