import type { StoredEvent } from './catalogue.ts';

/** How many facts one read takes. */
export const pageSize = 1_000;
/** How many of the latest facts stay in memory, so that followers who keep up share one read of the log. */
const recentCapacity = 10_000;

/** Those who follow one log, and what they share. */
export type Followers = {
  /** What `EventLog.follow` promises. */
  follow(after: number | 'now', signal: AbortSignal): AsyncIterableIterator<readonly StoredEvent[]>;
  /** Lets all of them look for new facts. */
  wake(): void;
  /** Takes in facts that came without being asked for, in order, perhaps some again and some left out. */
  remember(facts: readonly StoredEvent[]): void;
  /** Forgets what was read: the log is no more what it was. */
  forget(): void;
  /** The sequence of the latest fact in memory, 0 when there is none. */
  latest(): number;
  /** How many there are. */
  count(): number;
};

/** Lets any number follow one log: each keeps a place, and those who are at the same place share a read. */
export const createFollowers = ({
  head,
  read,
  stopped,
}: {
  /** The sequence of the latest fact; null where it cannot be told before the next wake. */
  head: () => Promise<number | null>;
  /** The facts behind a place, at most a page; none where there are none before the next wake. */
  read: (after: number) => Promise<readonly StoredEvent[]>;
  stopped: AbortSignal;
}): Followers => {
  const sleepers = new Set<() => void>();
  const shared = sharedReads(read);
  return {
    follow: (after, signal) =>
      follow({ after, signal: AbortSignal.any([signal, stopped]), head, next: shared.next, sleepers }),
    wake: () => {
      for (const wake of sleepers) wake();
    },
    remember: shared.remember,
    forget: shared.forget,
    latest: shared.latest,
    count: () => sleepers.size,
  };
};

/** Reads from memory what it reaches back to, and lets followers at the same place share one read of the log. */
const sharedReads = (read: (after: number) => Promise<readonly StoredEvent[]>) => {
  /** Facts without a gap. */
  let recent: StoredEvent[] = [];
  const underWay = new Map<number, Promise<readonly StoredEvent[]>>();

  const remember = (facts: readonly StoredEvent[]) => {
    for (const fact of facts) {
      const last = recent.at(-1)?.sequence ?? fact.sequence - 1;
      if (fact.sequence <= last) continue;
      if (fact.sequence > last + 1) recent = [];
      recent.push(fact);
    }
    // Seldom, because it copies them.
    if (recent.length > 2 * recentCapacity) recent = recent.slice(-recentCapacity);
  };
  const next = (after: number): Promise<readonly StoredEvent[]> => {
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
        // What was asked before it was forgotten would be what is to be forgotten.
        if (underWay.get(after) === reading) remember(page);
        return page;
      })
      .finally(() => {
        if (underWay.get(after) === reading) underWay.delete(after);
      });
    underWay.set(after, reading);
    return reading;
  };
  return {
    next,
    remember,
    forget: () => {
      recent = [];
      underWay.clear();
    },
    latest: () => recent.at(-1)?.sequence ?? 0,
  };
};

type Following = {
  after: number | 'now';
  signal: AbortSignal;
  head: () => Promise<number | null>;
  next: (after: number) => Promise<readonly StoredEvent[]>;
  sleepers: Set<() => void>;
};

/** An object and not a generator, because a generator that waits cannot be left before it yields. */
const follow = ({ after, signal, head, next, sleepers }: Following) => {
  const done = { done: true, value: undefined } as const;
  let position = after === 'now' ? null : after;
  let wakeUps = 0;
  let resolveWait = () => {};
  let giveUp = () => {};
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
    giveUp();
  };
  signal.addEventListener('abort', leave, { once: true });
  if (!isLeft) sleepers.add(wake);

  /** Waits no longer than for the leaving; a race with one promise of that would keep something of each wait. */
  const orLeft = <Found>(work: Promise<Found>) =>
    new Promise<Found | null>((resolve, reject) => {
      giveUp = () => resolve(null);
      work.then(resolve, reject);
    });
  const look = async (): Promise<readonly StoredEvent[] | null> => {
    position ??= await orLeft(head());
    return position === null || isLeft ? null : orLeft(next(position));
  };
  const nextPage = async (): Promise<readonly StoredEvent[] | null> => {
    while (!isLeft) {
      const seen = wakeUps;
      const page = await look();
      if (isLeft) return null;
      const last = page?.at(-1);
      if (page && last) {
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
