import { CursorTooOldError, type EventLog, pause, type StoredEvent } from '@storegraph/events';
import { stockFacts } from './fact-repository.ts';
import { FollowersFullError, type Following, type FollowLimits } from './following-domain.ts';
import type { StockKey } from './loaders.ts';
import type { Stock } from './stock-domain.ts';
import {
  createFollower,
  createRegistry,
  type Followed,
  type Follower,
  type Registry,
  type StockStream,
} from './stock-follower.ts';

/** Reads are at least this far apart, so that the changes of a moment share one. */
const tickMs = 20;
/** What one read asks for at most; the rest waits for the next. */
const maxKeysPerRead = 5_000;
/** How long nothing is tried after a failure. */
const retryMs = 500;

export type StockHubNeeds = {
  readonly log: Pick<EventLog, 'head' | 'follow'>;
  /** The stock of all the keys, in their order. */
  readonly readStock: (keys: readonly StockKey[]) => Promise<readonly Stock[]>;
  /** Where the log ends, and which of the variants may have changed since a place in it. */
  readonly changedSince: (following: Following) => Promise<{ head: number; changed: readonly string[] }>;
  /** Brings what is known of warehouses up to date. */
  readonly refreshWarehouses: () => Promise<void>;
  readonly onError: (error: unknown) => void;
  readonly limits: FollowLimits;
};

/** Tells any number of clients how stock changes. */
export type StockHub = {
  /** A stream of changes, or what is wrong with the place it should begin at. */
  readonly follow: (following: Following) => Promise<StockStream | { readonly problem: string }>;
  readonly start: () => void;
  /** Ends every stream. */
  readonly stop: () => Promise<void>;
};

/**
 * One reader of the facts for all clients. A fact only marks its variant for those who follow it; what they
 * are told is its state, read for everything marked at once. So a variant that changes a thousand times
 * between two messages costs what one change does, and a message never tells an older state than its cursor.
 */
export const createStockHub = (needs: StockHubNeeds): StockHub => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const followers = createRegistry();
  const facts = createFactReader(needs, signal, {
    tell: async (page) => {
      if (page.some(({ type }) => isOneOf(stockFacts.ofAll, type))) await needs.refreshWarehouses();
      markChanged(followers, page);
      reader.wake();
    },
    lost: (from, to) => markAll(followers, from, to),
  });
  const reader = createStateReader(needs, { signal, followers: followers.all, position: facts.position });

  return {
    follow: async (following) => {
      await facts.begun;
      if (!followers.hasRoomFor(following, needs.limits)) throw new FollowersFullError();
      const follower = createFollower({
        following,
        position: facts.position,
        left: () => followers.remove(follower),
      });
      // Facts mark it from here on, so that none falls between what is looked up and what is live.
      followers.add(follower);
      try {
        const problem = await catchUp(needs, follower);
        if (problem !== null) {
          follower.end();
          return { problem };
        }
      } catch (error) {
        follower.end();
        throw error;
      }
      if (signal.aborted) follower.end();
      reader.wake();
      return follower.stream;
    },
    start: facts.start,
    stop: async () => {
      stopping.abort();
      for (const follower of [...followers.all]) follower.end();
      await Promise.all([facts.ended(), reader.ended()]);
    },
  };
};

/** Says which of its variants a client has to be told of before it lives on facts alone; or why it cannot begin. */
const catchUp = async (
  { changedSince }: StockHubNeeds,
  { following, owe }: Follower,
): Promise<string | null> => {
  const { variantIds, after } = following;
  const { head, changed } = after === 0 ? { head: 0, changed: variantIds } : await changedSince(following);
  if (after > head) return 'after is ahead of every stock change; leave it out to begin anew.';
  for (const id of changed) owe(id);
  return null;
};

const isOneOf = (types: readonly string[], type: string): boolean => types.includes(type);

const markChanged = ({ all, of }: Registry, page: readonly StoredEvent[]): void => {
  const from = page[0]?.sequence ?? 0;
  const to = page.at(-1)?.sequence ?? 0;
  if (page.some(({ type }) => isOneOf(stockFacts.ofAll, type))) {
    markAll({ all }, from, to);
    return;
  }
  const changed = page.filter(({ type }) => isOneOf(stockFacts.ofVariant, type));
  for (const id of new Set(changed.map(({ aggregateId }) => aggregateId))) {
    for (const { mark } of of(id)) mark(id, from, to);
  }
};

const markAll = ({ all }: Pick<Registry, 'all'>, from: number, to: number): void => {
  for (const { following, mark } of all) {
    for (const id of following.variantIds) mark(id, from, to);
  }
};

/** Follows the log from its end on, whatever fails in between. */
const createFactReader = (
  { log, refreshWarehouses, onError }: StockHubNeeds,
  signal: AbortSignal,
  {
    tell,
    lost,
  }: {
    tell: (page: readonly StoredEvent[]) => Promise<void>;
    /** Told of facts that were deleted before they were read. */
    lost: (from: number, to: number) => void;
  },
) => {
  let position: number | null = null;
  let gap: CursorTooOldError | null = null;
  let running: Promise<void> | null = null;
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  signal.addEventListener('abort', begin, { once: true });

  const run = async () => {
    position ??= await log.head();
    // What was known before the log was followed may have changed unheard.
    await refreshWarehouses();
    if (gap) {
      lost(gap.after + 1, gap.oldestKept - 1);
      position = gap.oldestKept - 1;
      gap = null;
    }
    begin();
    for await (const page of log.follow(position, signal)) {
      await tell(page);
      position = page.at(-1)?.sequence ?? position;
    }
  };
  const failed = (error: unknown) => {
    onError(error);
    if (error instanceof CursorTooOldError) gap = error;
  };
  const untilStopped = async () => {
    while (!signal.aborted) {
      await run().catch(failed);
      await pause(retryMs, signal);
    }
  };
  return {
    begun,
    position: () => position ?? 0,
    start: () => {
      running ??= untilStopped();
    },
    ended: async () => {
      await running;
    },
  };
};

type Marked = { readonly follower: Follower; readonly followed: Followed };

const nameOf = ({ variantId, region }: StockKey): string => `${variantId} ${region ?? ''}`;

/** Reads what is marked, for all followers at once, one read at a time. */
const createStateReader = (
  { readStock, onError }: StockHubNeeds,
  {
    signal,
    followers,
    position,
  }: { signal: AbortSignal; followers: ReadonlySet<Follower>; position: () => number },
) => {
  let reading: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let wakesAt = Number.POSITIVE_INFINITY;
  let notBefore = 0;

  const wakeAt = (wished: number): void => {
    const at = Math.max(wished, notBefore);
    if (signal.aborted || reading !== null || at >= wakesAt) return;
    clearTimeout(timer);
    wakesAt = at;
    timer = setTimeout(tick, Math.max(0, at - performance.now())).unref();
  };
  const tick = (): void => {
    wakesAt = Number.POSITIVE_INFINITY;
    if (signal.aborted) return;
    const now = performance.now();
    notBefore = now + tickMs;
    const { marked, keys, next } = gather(followers, now);
    if (marked.length === 0) {
      wakeAt(next);
      return;
    }
    reading = read(marked, keys).finally(() => {
      reading = null;
      wakeAt(0);
    });
  };
  const read = async (marked: readonly Marked[], keys: ReadonlyMap<string, StockKey>): Promise<void> => {
    // Every fact up to here was committed, so the read sees at least what they tell.
    const readTo = position();
    for (const { follower, followed } of marked) follower.reading(followed);
    try {
      const stocks = await readStock([...keys.values()]);
      const states = new Map([...keys.keys()].map((name, place) => [name, stocks[place]]));
      for (const { follower, followed } of marked) {
        const { region } = follower.following;
        const stock = states.get(nameOf({ variantId: followed.variantId, region }));
        if (stock) follower.deliver(followed, stock, readTo);
      }
    } catch (error) {
      onError(error);
      for (const { follower, followed } of marked) follower.unread.add(followed);
      notBefore = performance.now() + retryMs;
    }
  };
  return {
    wake: () => wakeAt(0),
    ended: async () => {
      clearTimeout(timer);
      await reading;
    },
  };
};

/** What is marked and may be told now, and when the next of the rest may be. */
const gather = (followers: ReadonlySet<Follower>, now: number) => {
  const marked: Marked[] = [];
  const keys = new Map<string, StockKey>();
  let next = Number.POSITIVE_INFINITY;
  for (const follower of followers) {
    const { region } = follower.following;
    for (const followed of follower.unread) {
      const isDue = followed.quietUntil <= now;
      if (!isDue || keys.size >= maxKeysPerRead) {
        next = Math.min(next, isDue ? now : followed.quietUntil);
        continue;
      }
      const key = { variantId: followed.variantId, region };
      keys.set(nameOf(key), key);
      marked.push({ follower, followed });
    }
  }
  return { marked, keys, next };
};
