import type { Following, FollowLimits } from './following-domain.ts';
import type { Stock } from './stock-domain.ts';

/** What a client is told: a variant's stock, and how far it has seen everything. */
export type StockChange = {
  readonly cursor: string;
  readonly variantId: string;
  readonly stock: Stock;
};

/** A stream whose `return()` settles at once. */
export type StockStream = AsyncIterableIterator<StockChange> & {
  return(): Promise<IteratorResult<StockChange>>;
};

/** One variant of one client. Places in the log of facts are sequences. */
export type Followed = {
  readonly variantId: string;
  /** From where on the client may have missed something; null when it has seen everything. */
  missingFrom: number | null;
  /** The last fact known to concern it. */
  changedAt: number;
  /** Up to where the state that was read last covers the facts. */
  readTo: number;
  /** Not read again before, so that its changes are joined; in milliseconds of `performance.now()`. */
  quietUntil: number;
};

/** One client of the hub: what it has seen, and the states that wait for it, at most one for each variant. */
export type Follower = {
  readonly following: Following;
  /** Variants that changed after they were read. */
  readonly unread: Set<Followed>;
  /** Says that a variant may have changed before the client came. */
  readonly owe: (variantId: string) => void;
  /** Says that a variant may have changed by facts from one place to another. */
  readonly mark: (variantId: string, from: number, to: number) => void;
  /** Begins a read. */
  readonly reading: (followed: Followed) => void;
  /** Hands over a state that was read when every fact up to a place was there. */
  readonly deliver: (followed: Followed, stock: Stock, readTo: number) => void;
  readonly stream: StockStream;
  /** Ends the stream. */
  readonly end: () => void;
};

const done = { done: true, value: undefined } as const;

export const createFollower = ({
  following,
  position,
  left,
}: {
  readonly following: Following;
  /** Up to where facts have been marked. */
  readonly position: () => number;
  /** Runs once, however the stream ends. */
  readonly left: () => void;
}): Follower => {
  const { after, maxPerSecond } = following;
  const variants = new Map(following.variantIds.map((id) => [id, unseen(id)]));
  const unread = new Set<Followed>();
  const ready = new Map<Followed, Stock>();

  const pause = (followed: Followed) => {
    followed.quietUntil = performance.now() + 1_000 / maxPerSecond;
  };
  /** Up to where the client has seen everything once it has the messages handed out so far. */
  const seenTo = (): number => {
    let seen = position();
    for (const { missingFrom } of variants.values()) {
      if (missingFrom !== null) seen = Math.min(seen, missingFrom - 1);
    }
    return Math.max(seen, after);
  };
  const take = (): StockChange | null => {
    for (const [followed, stock] of ready) {
      ready.delete(followed);
      followed.missingFrom = followed.changedAt > followed.readTo ? followed.readTo + 1 : null;
      pause(followed);
      // With another one owed, this may tell more than the cursor covers; the router shares at clean places only.
      const owesMore = [...variants.values()].some((one) => one !== followed && one.missingFrom !== null);
      return { cursor: `${seenTo()}${owesMore ? '+' : ''}`, variantId: followed.variantId, stock };
    }
    return null;
  };
  const { stream, push, end } = createStream(take, left);

  return {
    following,
    unread,
    owe: (variantId) => {
      const followed = variants.get(variantId);
      if (!followed) return;
      followed.missingFrom = after + 1;
      if (!ready.has(followed)) unread.add(followed);
    },
    mark: (variantId, from, to) => {
      const followed = variants.get(variantId);
      if (!followed || to <= after) return;
      followed.missingFrom = Math.min(followed.missingFrom ?? from, from);
      followed.changedAt = Math.max(followed.changedAt, to);
      unread.add(followed);
    },
    reading: (followed) => {
      unread.delete(followed);
      pause(followed);
    },
    deliver: (followed, stock, readTo) => {
      followed.readTo = readTo;
      if (followed.changedAt > readTo) unread.add(followed);
      ready.set(followed, stock);
      push();
    },
    stream,
    end,
  };
};

const unseen = (variantId: string): Followed => ({
  variantId,
  missingFrom: null,
  changedAt: 0,
  readTo: 0,
  quietUntil: 0,
});

/** An object and not a generator, because a generator that waits cannot be left before it yields. */
const createStream = (take: () => StockChange | null, left: () => void) => {
  let isOver = false;
  let waiting: ((result: IteratorResult<StockChange>) => void)[] = [];

  const end = (): void => {
    if (isOver) return;
    isOver = true;
    left();
    for (const resolve of waiting) resolve(done);
    waiting = [];
  };
  /** States stay where they are until somebody asks for them, so that a newer one can take their place. */
  const push = (): void => {
    while (waiting.length > 0) {
      const value = take();
      if (!value) return;
      waiting.shift()?.({ done: false, value });
    }
  };
  const stream: StockStream = {
    [Symbol.asyncIterator]: () => stream,
    next: () =>
      new Promise((resolve) => {
        if (isOver) return resolve(done);
        waiting.push(resolve);
        push();
      }),
    return: async () => {
      end();
      return done;
    },
  };
  return { stream, push, end };
};

const nobody: ReadonlySet<Follower> = new Set();

/** Who follows which variants. */
export const createRegistry = () => {
  const all = new Set<Follower>();
  const byVariant = new Map<string, Set<Follower>>();
  let followed = 0;
  return {
    hasRoomFor: ({ variantIds }: Following, { clients, variants }: FollowLimits): boolean =>
      all.size < clients && followed + variantIds.length <= variants,
    all: all as ReadonlySet<Follower>,
    of: (variantId: string): ReadonlySet<Follower> => byVariant.get(variantId) ?? nobody,
    add: (follower: Follower) => {
      all.add(follower);
      followed += follower.following.variantIds.length;
      for (const id of follower.following.variantIds) {
        byVariant.set(id, (byVariant.get(id) ?? new Set()).add(follower));
      }
    },
    remove: (follower: Follower) => {
      all.delete(follower);
      followed -= follower.following.variantIds.length;
      for (const id of follower.following.variantIds) {
        const others = byVariant.get(id);
        others?.delete(follower);
        if (others?.size === 0) byVariant.delete(id);
      }
    },
  };
};

export type Registry = ReturnType<typeof createRegistry>;
