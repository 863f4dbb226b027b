import type { EventLog } from './log.ts';

/** How often a publisher is told of a consumer's progress at most: a place that is a moment old keeps a bit more. */
const reportEveryMs = 1_000;
/** How often it is told that a consumer lives which has nothing to take in. */
const reportIdleEveryMs = 60 * 60_000;

/** Tells a publisher how far a consumer has got, at once and from then on, so that it keeps what comes behind. */
export const startReporting = async ({
  log,
  consumer,
  position,
  settle,
  onError,
}: {
  log: EventLog;
  consumer: string;
  position: () => number;
  /** Makes sure that the consumer begins again at a place, before the publisher keeps no more of what lies before it. */
  settle: (place: number) => Promise<void>;
  onError: (error: unknown) => void;
}): Promise<{ stop(): Promise<void> }> => {
  let told = -1;
  let toldAtMs = 0;
  let telling: Promise<void> | null = null;
  const tell = async (): Promise<void> => {
    const place = position();
    await settle(place);
    await log.keepFor(consumer, place);
    told = place;
    toldAtMs = performance.now();
  };
  await tell();
  const timer = setInterval(() => {
    const isDue = position() !== told || performance.now() - toldAtMs >= reportIdleEveryMs;
    if (!isDue || telling !== null) return;
    telling = tell()
      .catch(onError)
      .finally(() => {
        telling = null;
      });
  }, reportEveryMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await telling;
    },
  };
};
