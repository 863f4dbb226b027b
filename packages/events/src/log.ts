import type { Database } from '@storegraph/postgres';
import type { StoredEvent } from './catalogue.ts';
import { headOf, onCommit, readAfter } from './outbox.ts';
import { savePlace, startPruning } from './retention.ts';

/** How often the head is asked for, for facts that other processes committed. */
const pollMs = 100;
/** How many facts one read takes. */
const pageSize = 1_000;
/** How many of the latest facts stay in memory, so that followers who keep up share one read of the table. */
const recentCapacity = 10_000;

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
  const sleepers = new Set<() => void>();
  const wakeAll = () => {
    for (const wake of sleepers) wake();
  };

  let polledHead = -1;
  let polling: Promise<void> | null = null;
  const poll = () => {
    if (sleepers.size === 0 || polling !== null) return;
    polling = headOf(db)
      .then((head) => {
        if (head === polledHead) return;
        polledHead = head;
        wakeAll();
      })
      .catch(onError)
      .finally(() => {
        polling = null;
      });
  };
  const timer = setInterval(poll, pollMs);
  timer.unref();
  const ignoreCommits = onCommit(publisher, wakeAll);

  const pruning = startPruning(db, onError);

  const read = (after: number, limit: number) => readAfter(db, { publisher, after, limit });
  const next = sharedReads((after) => read(after, pageSize));
  return {
    publisher,
    head: () => headOf(db),
    read,
    follow: (after, signal) =>
      follow({
        after,
        signal: AbortSignal.any([signal, stopped.signal]),
        head: () => headOf(db),
        next,
        sleepers,
      }),
    keepFor: (consumer, after) => savePlace(db, consumer, after),
    stop: async () => {
      clearInterval(timer);
      ignoreCommits();
      stopped.abort();
      await Promise.all([polling, pruning.stop()]);
    },
  };
};

/** Reads from memory what it reaches back to, and lets followers at the same place share one read of the table. */
const sharedReads = (read: (after: number) => Promise<StoredEvent[]>) => {
  let recent: readonly StoredEvent[] = [];
  const underWay = new Map<number, Promise<readonly StoredEvent[]>>();

  const remember = (page: readonly StoredEvent[]) => {
    const first = page[0]?.sequence;
    const last = recent.at(-1)?.sequence;
    if (first === undefined || (last !== undefined && first <= last)) return;
    recent = (last === first - 1 ? [...recent, ...page] : page).slice(-recentCapacity);
  };
  return (after: number): Promise<readonly StoredEvent[]> => {
    const oldest = recent[0]?.sequence ?? Number.POSITIVE_INFINITY;
    const latest = recent.at(-1)?.sequence ?? 0;
    if (oldest <= after + 1 && latest > after) {
      const from = after + 1 - oldest;
      return Promise.resolve(recent.slice(from, from + pageSize));
    }
    const known = underWay.get(after);
    if (known !== undefined) return known;
    const reading = read(after)
      .then((page) => {
        remember(page);
        return page;
      })
      .finally(() => underWay.delete(after));
    underWay.set(after, reading);
    return reading;
  };
};

type Following = {
  after: number | 'now';
  signal: AbortSignal;
  head: () => Promise<number>;
  next: (after: number) => Promise<readonly StoredEvent[]>;
  sleepers: Set<() => void>;
};

/** An object and not a generator, because a generator that waits cannot be left before it yields. */
const follow = ({ after, signal, head, next, sleepers }: Following) => {
  const done = { done: true, value: undefined } as const;
  let position = after === 'now' ? null : after;
  let wakeUps = 0;
  let resolveWait = () => {};
  const wake = () => {
    wakeUps += 1;
    resolveWait();
  };
  let isLeft = signal.aborted;
  const leave = () => {
    isLeft = true;
    signal.removeEventListener('abort', leave);
    sleepers.delete(wake);
    wake();
  };
  signal.addEventListener('abort', leave, { once: true });
  if (!isLeft) sleepers.add(wake);

  const nextPage = async (): Promise<readonly StoredEvent[] | null> => {
    position ??= await head();
    while (!isLeft) {
      const seen = wakeUps;
      const page = await next(position);
      if (isLeft) return null;
      const last = page.at(-1);
      if (last) {
        position = last.sequence;
        return page;
      }
      if (wakeUps === seen) {
        await new Promise<void>((resolve) => {
          resolveWait = resolve;
        });
      }
    }
    return null;
  };
  const iterator: AsyncIterableIterator<readonly StoredEvent[]> = {
    [Symbol.asyncIterator]: () => iterator,
    next: async () => {
      try {
        const page = await nextPage();
        return page ? { done: false, value: page } : done;
      } catch (error) {
        // Nobody returns an iterator that has thrown.
        leave();
        throw error;
      }
    },
    return: async () => {
      leave();
      return done;
    },
  };
  return iterator;
};
