/** Waits, and no longer than until the signal. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise<void>((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });

/** How long after a failure the next try waits; it doubles with each. */
const firstRetryMs = 50;
const longestRetryMs = 5_000;

/** How long to wait after so many failures. */
export const retryDelayMs = (tries: number): number => Math.min(firstRetryMs * 2 ** tries, longestRetryMs);

/** What work finds; null when the signal comes first, whatever becomes of the work. */
export const orAborted = <Found>(work: Promise<Found>, signal: AbortSignal): Promise<Found | null> =>
  new Promise((resolve, reject) => {
    const giveUp = () => resolve(null);
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
