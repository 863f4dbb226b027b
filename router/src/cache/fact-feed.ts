import { CursorTooOldError, type EventLog, type StoredEvent } from '@storegraph/events';
import type { Log } from '@storegraph/server';

/** How long a mutation's answer waits until what it changed is heard of. */
const catchUpMs = 1_000;
/** How long after a failure the log is followed again. */
const retryMs = 500;

export type FactFeedOptions = {
  /** The place a log is followed from, found out once. */
  readonly begin: (log: EventLog) => Promise<number>;
  readonly heard: (events: readonly StoredEvent[]) => void;
  /** A publisher cannot be followed right now, and facts of it may never be told. */
  readonly lost: (publisher: string) => void;
  readonly log: Log;
};

/** Tells facts as they are committed. */
export type FactFeed = {
  /** Settles when every fact of these subgraphs that is committed by now was told. */
  readonly caughtUp: (subgraphs: Iterable<string>) => Promise<void>;
  readonly stop: () => Promise<void>;
};

type Following = { position: number; readonly waiting: Set<() => void> };

/** Follows the logs of the publishers. */
export const startFactFeed = async (
  logs: readonly EventLog[],
  { begin, heard, lost, log: processLog }: FactFeedOptions,
): Promise<FactFeed> => {
  const stopped = new AbortController();
  const followings = new Map<string, Following>();
  const loops: Promise<void>[] = [];

  const tell = async (log: EventLog, following: Following): Promise<void> => {
    for await (const events of log.follow(following.position, stopped.signal)) {
      heard(events);
      following.position = events.at(-1)?.sequence ?? following.position;
      for (const wake of following.waiting) wake();
    }
  };

  const keepTelling = async (log: EventLog, following: Following): Promise<void> => {
    while (!stopped.signal.aborted) {
      try {
        await tell(log, following);
      } catch (error) {
        if (error instanceof CursorTooOldError) following.position = error.oldestKept - 1;
        processLog.error('The facts of a subgraph cannot be followed.', {
          publisher: log.publisher,
          error,
        });
        lost(log.publisher);
      }
      // Also after a log that was stopped before us: asked again at once, it would leave time for nothing else.
      if (!stopped.signal.aborted) await new Promise((resolve) => setTimeout(resolve, retryMs).unref());
    }
  };

  for (const log of logs) {
    const following: Following = { position: await begin(log), waiting: new Set() };
    followings.set(log.publisher, following);
    loops.push(keepTelling(log, following));
  }

  const caughtUpWith = async (log: EventLog, following: Following): Promise<void> => {
    const head = await log.head();
    if (following.position >= head) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        following.waiting.delete(look);
        resolve();
      };
      const look = (): void => {
        if (following.position >= head) done();
      };
      // Late rather than never: what is kept meanwhile is dropped as soon as the facts come.
      const timer = setTimeout(done, catchUpMs);
      following.waiting.add(look);
    });
  };

  return {
    caughtUp: async (subgraphs) => {
      const wanted = new Set(subgraphs);
      await Promise.all(
        logs.map(async (log) => {
          const following = wanted.has(log.publisher) ? followings.get(log.publisher) : undefined;
          if (following) await caughtUpWith(log, following);
        }),
      );
    },
    stop: async () => {
      stopped.abort();
      await Promise.all(loops);
    },
  };
};
