import { AsyncLocalStorage } from 'node:async_hooks';

/** Background work that others leave in a queue. */
export type Worker = {
  /** Looks for work at once. */
  wake(): void;
  /** Ends after the piece under way. */
  stop(): Promise<void>;
};

/**
 * Takes one piece of work after the other until there is none, when it is woken and every so often: what other
 * processes have left in the queue wakes nobody. Begins at once.
 */
export const startWorker = (
  /** Does a piece of work; says by false that none was there. A long one looks at the signal, which says to stop. */
  takeOne: (stopping: AbortSignal) => Promise<boolean>,
  { everyMs, onError }: { readonly everyMs: number; readonly onError: (error: unknown) => void },
): Worker => {
  const stopping = new AbortController();
  // Work outlives the request that left it, and must not inherit its deadline.
  const outsideRequests = AsyncLocalStorage.snapshot();
  let isWoken = false;
  let working: Promise<void> | null = null;

  const takeAll = async (): Promise<void> => {
    while (isWoken) {
      isWoken = false;
      while (!stopping.signal.aborted && (await takeOne(stopping.signal)));
    }
  };
  const wake = (): void => {
    isWoken = true;
    if (stopping.signal.aborted) return;
    working ??= outsideRequests(takeAll)
      .catch(onError)
      .finally(() => {
        working = null;
        if (isWoken) wake();
      });
  };
  const timer = setInterval(wake, everyMs).unref();
  // What another process left is not left waiting.
  wake();
  return {
    wake,
    stop: async () => {
      stopping.abort();
      clearInterval(timer);
      await working;
    },
  };
};
