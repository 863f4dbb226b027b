import type { Cart, Owner } from './domain.ts';
import { type CartStore, nameOf } from './store.ts';

/** How often carts are looked at whose changes nobody has told of: those that another process has written. */
const pollMs = 1_000;
/** How long nothing is tried after a failure. */
const retryMs = 500;
/** Carts asked about in one read. */
const ownersPerRead = 5_000;

/** What one process lets its clients follow: each costs about a kilobyte. Of one owner, more devices than anybody has. */
export const followLimits = { clients: 20_000, ofOwner: 50 } as const;

/** This process follows as much as it lets its clients; the code has them try again. */
export class FollowersFullError extends Error {
  override name = 'FollowersFullError';
  readonly code = 'BUSY';
}

/** A cart as it is told to a device, and what the device hands in when it comes back. */
export type CartState = { readonly cursor: string; readonly cart: Cart | null };

const stateOf = (cart: Cart | null): CartState =>
  cart === null || cart.closedInto !== null
    ? { cursor: '0', cart: null }
    : { cursor: `${cart.id}:${cart.version}`, cart };

/** Whether text can be a cursor of `cartChanged`. */
export const isCursor = (text: string): boolean => /^(?:0|[0-9a-f-]{36}:\d{1,10})$/.test(text);

/** A stream whose `return()` settles at once. */
export type CartStream = AsyncIterableIterator<CartState> & {
  return(): Promise<IteratorResult<CartState>>;
};

export type CartHub = {
  /** The owner's cart as it is now, unless the cursor stands for that, and then as it becomes. */
  readonly follow: (owner: Owner, after: string | null) => CartStream;
  readonly start: () => void;
  /** Ends every stream. */
  readonly stop: () => Promise<void>;
};

type Follower = {
  readonly owner: Owner;
  /** The cursor that was told last. */
  readonly told: () => string | null;
  /** Says that the cart may have changed. */
  readonly wake: () => void;
  readonly end: () => void;
};

/**
 * Tells devices how their carts change. A change only marks the cart; what is told is its state when the device is
 * ready for it, so that a device which is slow or was away gets the last state and no queue.
 */
export const createCartHub = ({
  store,
  onError,
}: {
  readonly store: Pick<CartStore, 'find' | 'versions' | 'onChange'>;
  readonly onError: (error: unknown) => void;
}): CartHub => {
  const followers = new Map<string, Set<Follower>>();
  let count = 0;
  const ignoreChanges = store.onChange((owner) => {
    for (const { wake } of followers.get(nameOf(owner)) ?? []) wake();
  });
  let timer: NodeJS.Timeout | undefined;
  let polling: Promise<void> | null = null;
  const poll = () => {
    if (count === 0) return;
    polling ??= wakeChanged(store, followers)
      .catch(onError)
      .finally(() => {
        polling = null;
      });
  };

  return {
    follow: (owner, after) => {
      const name = nameOf(owner);
      const mine = followers.get(name) ?? new Set();
      if (count >= followLimits.clients || mine.size >= followLimits.ofOwner) throw new FollowersFullError();
      const { follower, stream } = createFollower(owner, {
        after,
        read: async () => stateOf((await store.find(owner, null)).cart),
        onError,
        left: () => {
          count -= 1;
          mine.delete(follower);
          if (mine.size === 0) followers.delete(name);
        },
      });
      followers.set(name, mine.add(follower));
      count += 1;
      return stream;
    },
    start: () => {
      timer ??= setInterval(poll, pollMs).unref();
    },
    stop: async () => {
      clearInterval(timer);
      ignoreChanges();
      for (const follower of [...followers.values()].flatMap((some) => [...some])) follower.end();
      await polling;
    },
  };
};

/** Wakes those whose cart has another version than they were told. */
const wakeChanged = async (
  store: Pick<CartStore, 'versions'>,
  followers: ReadonlyMap<string, ReadonlySet<Follower>>,
): Promise<void> => {
  const all = [...followers.values()];
  for (let start = 0; start < all.length; start += ownersPerRead) {
    const some = all.slice(start, start + ownersPerRead);
    const owners = some.flatMap(([first]) => (first ? [first.owner] : []));
    const versions = await store.versions(owners);
    const byName = new Map(owners.map((owner, place) => [nameOf(owner), versions[place] ?? 0]));
    for (const follower of some.flatMap((ofOwner) => [...ofOwner])) {
      const version = byName.get(nameOf(follower.owner)) ?? 0;
      const told = Number(follower.told()?.split(':')[1] ?? 0);
      if (version !== told) follower.wake();
    }
  }
};

const done = { done: true, value: undefined } as const;

/** An object and not a generator, because a generator that waits cannot be left before it yields. */
const createFollower = (
  owner: Owner,
  {
    after,
    read,
    onError,
    left,
  }: {
    readonly after: string | null;
    readonly read: () => Promise<CartState>;
    readonly onError: (error: unknown) => void;
    readonly left: () => void;
  },
): { follower: Follower; stream: CartStream } => {
  let told = after;
  let isMarked = true;
  let isOver = false;
  let go = () => {};
  const wake = () => {
    isMarked = true;
    go();
  };
  const end = () => {
    if (isOver) return;
    isOver = true;
    left();
    go();
  };
  const marked = () =>
    new Promise<void>((resolve) => {
      go = resolve;
      if (isMarked || isOver) resolve();
    });
  const readOrWait = async (): Promise<CartState | null> => {
    // Before the read, so that what changes meanwhile is read again.
    isMarked = false;
    try {
      return await read();
    } catch (error) {
      onError(error);
      setTimeout(wake, retryMs).unref();
      return null;
    }
  };
  const stream: CartStream = {
    [Symbol.asyncIterator]: () => stream,
    next: async () => {
      while (!isOver) {
        await marked();
        if (isOver) break;
        const state = await readOrWait();
        if (isOver || state === null || state.cursor === told) continue;
        told = state.cursor;
        return { done: false, value: state };
      }
      return done;
    },
    return: async () => {
      end();
      return done;
    },
  };
  return { follower: { owner, told: () => told, wake, end }, stream };
};
