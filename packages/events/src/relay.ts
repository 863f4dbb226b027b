import type { Redis } from 'ioredis';
import { addToStream, streamEnd, streamOf } from './fact-stream.ts';
import type { EventLog } from './log.ts';
import { createOutage } from './outage.ts';
import { orAborted, pause, retryDelayMs } from './pause.ts';
import { CursorTooOldError } from './retention.ts';

/** What brings a publisher's facts to the other processes. */
export type Relay = { stop(): Promise<void> };

/**
 * Adds each new fact of a log of this process to its stream. The outbox stays the truth: what a relay leaves out,
 * because nobody ran it or Redis forgot, is read from there.
 */
export const startRelay = ({
  redis,
  log,
  onError,
}: {
  redis: Redis;
  log: EventLog;
  onError: (error: unknown) => void;
}): Relay => {
  const stopping = new AbortController();
  const outage = createOutage(onError);
  const untilStopped = async () => {
    let tries = 0;
    while (!stopping.signal.aborted) {
      try {
        const from = await orAborted(beginning(redis, log), stopping.signal);
        if (from === null) return;
        for await (const page of log.follow(from, stopping.signal)) {
          await orAborted(addToStream(redis, log.publisher, page), stopping.signal);
          outage.isOver();
          tries = 0;
        }
        // It ends by itself when the log is stopped.
        return;
      } catch (cause) {
        if (stopping.signal.aborted) return;
        outage.goesOn(new Error(`The facts of ${log.publisher} do not get into Redis: ${cause}`, { cause }));
      }
      await pause(retryDelayMs(tries), stopping.signal);
      tries += 1;
    }
  };
  const ended = untilStopped();
  return {
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
};

/** Where the stream ends; or before the last fact, where the stream is another outbox's or ends before what is kept. */
const beginning = async (redis: Redis, log: EventLog): Promise<number> => {
  const end = await streamEnd(redis, log.publisher);
  // Asked after it, so that no other relay's fact is newer.
  const head = await log.head();
  // The last one is told though it is old, because readers who see it know what they have not had.
  const beforeLast = Math.max(head - 1, 0);
  if (end > head) {
    // The database was restored, or begun anew: what the stream tells has not happened.
    await redis.del(streamOf(log.publisher));
    return beforeLast;
  }
  if (end === 0) return beforeLast;
  try {
    await log.read(end, 1);
    return end;
  } catch (error) {
    if (error instanceof CursorTooOldError) return beforeLast;
    throw error;
  }
};
