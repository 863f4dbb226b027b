import type { SubgraphAnswer, SubgraphEvents } from './transport.ts';

/** Events on their way from a socket to whoever reads them. */
export type EventQueue = {
  readonly events: SubgraphEvents;
  readonly push: (event: SubgraphAnswer) => void;
  /** What waits is still read. */
  readonly end: (last?: SubgraphAnswer) => void;
};

/** Seconds of the busiest stream. Whoever is this far behind reads no more. */
const maxWaiting = 1_000;

const done = { value: undefined, done: true } as const;

type Waiter = (result: IteratorResult<SubgraphAnswer>) => void;

/** A queue whose `return()` settles at once, and with it whoever waits for the next event. */
export const createEventQueue = ({
  left,
  fellBehind,
}: {
  /** The reader has gone, or has been given up. */
  readonly left: () => void;
  /** The last thing a reader is told that does not keep up. */
  readonly fellBehind: () => SubgraphAnswer;
}): EventQueue => {
  let waiting: SubgraphAnswer[] = [];
  let readers: Waiter[] = [];
  let isOver = false;

  const stop = (): void => {
    isOver = true;
    for (const answer of readers) answer(done);
    readers = [];
  };
  const hand = (event: SubgraphAnswer): void => {
    const reader = readers.shift();
    if (reader) reader({ value: event, done: false });
    else waiting.push(event);
  };

  const events: SubgraphEvents = {
    [Symbol.asyncIterator]: () => events,
    next: () =>
      new Promise((resolve) => {
        const event = waiting.shift();
        if (event) return resolve({ value: event, done: false });
        if (isOver) return resolve(done);
        readers.push(resolve);
      }),
    return: async () => {
      waiting = [];
      if (!isOver) {
        stop();
        left();
      }
      return done;
    },
  };

  return {
    events,
    push: (event) => {
      if (isOver) return;
      hand(event);
      if (waiting.length <= maxWaiting) return;
      waiting = [fellBehind()];
      stop();
      left();
    },
    end: (last) => {
      if (isOver) return;
      if (last) hand(last);
      stop();
    },
  };
};
