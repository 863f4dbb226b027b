import type { Database } from '@storegraph/postgres';
import type { StoredEvent } from './catalogue.ts';
import { createFollowers, pageSize } from './followers.ts';
import { headOf, onCommit, readAfter } from './outbox.ts';
import { savePlace, startPruning } from './retention.ts';

/** How often the head is asked for, for facts that other processes committed. */
const pollMs = 100;

/** A publisher's outbox as others see it: an ordered log without gaps, readable from any point. */
export type EventLog = {
  readonly publisher: string;
  /** The sequence of the latest fact, 0 before the first. */
  head(): Promise<number>;
  /** The facts behind a sequence, in order, at most `limit`. Throws a CursorTooOldError when some are deleted. */
  read(after: number, limit: number): Promise<readonly StoredEvent[]>;
  /**
   * Every fact behind a sequence, then each new one, in pages, until the signal. A follower keeps a position
   * and no queue, so a slow one costs nothing and misses nothing; leaving settles at once. One whose next facts
   * are deleted is thrown a CursorTooOldError.
   */
  follow(after: number | 'now', signal: AbortSignal): AsyncIterableIterator<readonly StoredEvent[]>;
  /** Keeps what lies behind a consumer's place, for as long as the consumer says so again and again. */
  keepFor(consumer: string, after: number): Promise<void>;
};

/** An event log with its relay and its pruning, which are to be stopped. */
export type OpenEventLog = EventLog & { stop(): Promise<void> };

/**
 * Opens the outbox in a subgraph's own database as a log, woken by this process's commits and else by polling.
 * While it is open, old facts that every consumer has behind it are deleted.
 */
export const openEventLog = ({
  db,
  publisher,
  onError = () => {},
}: {
  db: Database;
  publisher: string;
  /** Told when the head could not be read or old facts not be deleted; it is tried again. */
  onError?: (error: unknown) => void;
}): OpenEventLog => {
  const stopped = new AbortController();
  const read = (after: number, limit: number) => readAfter(db, { publisher, after, limit });
  const followers = createFollowers({
    head: () => headOf(db),
    read: (after) => read(after, pageSize),
    stopped: stopped.signal,
  });

  let polledHead = -1;
  let polling: Promise<void> | null = null;
  const poll = () => {
    if (followers.count() === 0 || polling !== null) return;
    polling = headOf(db)
      .then((head) => {
        if (head === polledHead) return;
        polledHead = head;
        followers.wake();
      })
      .catch(onError)
      .finally(() => {
        polling = null;
      });
  };
  const timer = setInterval(poll, pollMs);
  timer.unref();
  const ignoreCommits = onCommit(publisher, followers.wake);

  const pruning = startPruning(db, onError);

  return {
    publisher,
    head: () => headOf(db),
    read,
    follow: followers.follow,
    keepFor: (consumer, after) => savePlace(db, consumer, after),
    stop: async () => {
      clearInterval(timer);
      ignoreCommits();
      stopped.abort();
      await Promise.all([polling, pruning.stop()]);
    },
  };
};
