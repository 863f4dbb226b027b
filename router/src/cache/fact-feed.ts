import { type EventLog, orAborted, PublisherAwayError, pause, type StoredEvent } from '@storegraph/events';
import { type Log, within } from '@storegraph/server';

/** How long a mutation's answer waits until what it changed is heard of. */
const catchUpMs = 1_000;
/** How long a start waits for publishers that do not answer; they are followed as soon as they do. */
const beginMs = 1_000;
/** How long after a failure the log is followed again; twice as long each time, up to the longest. */
const firstRetryMs = 500;
const longestRetryMs = 5_000;

export type FactFeedOptions = {
  /** Finds the place from which a log is followed, at the start and whenever it can be followed again. */
  readonly begin: (log: EventLog) => Promise<number>;
  readonly heard: (events: readonly StoredEvent[]) => void;
  /** Facts of a publisher may have been missed, or be told late. */
  readonly lost: (publisher: string) => void;
  readonly log: Log;
};

/** Tells facts as they are committed. */
export type FactFeed = {
  /** Whether the facts of a subgraph are heard: else nothing of it may be kept, because nobody would say when it is wrong. */
  readonly follows: (subgraph: string) => boolean;
  /** Settles when every fact of these subgraphs that is committed by now was told, or is lost. */
  readonly caughtUp: (subgraphs: Iterable<string>) => Promise<void>;
  /** Follows a subgraph no more. */
  readonly leave: (subgraph: string) => void;
  readonly stop: () => Promise<void>;
};

type Following = {
  readonly log: EventLog;
  /** Null while it is not followed. */
  position: number | null;
  failures: number;
  readonly waiting: Set<() => void>;
  readonly left: AbortController;
};

/** Follows the logs of the publishers, those that are away as soon as they can be. */
export const startFactFeed = async (logs: readonly EventLog[], needs: FactFeedOptions): Promise<FactFeed> => {
  const followings = new Map<string, Following>();
  const loops: Promise<void>[] = [];
  const begun = logs.map((log) => {
    const following = { log, position: null, failures: 0, waiting: new Set<() => void>() };
    const entry: Following = { ...following, left: new AbortController() };
    followings.set(log.publisher, entry);
    return new Promise<void>((tried) => {
      loops.push(keepTelling(entry, needs, tried));
    });
  });
  await within(beginMs, Promise.all(begun));

  return {
    follows: (subgraph) => followings.get(subgraph)?.position != null,
    caughtUp: async (subgraphs) => {
      const wanted = [...new Set(subgraphs)].flatMap((name) => followings.get(name) ?? []);
      await Promise.all(wanted.map((following) => caughtUpWith(following, needs)));
    },
    leave: (subgraph) => {
      const following = followings.get(subgraph);
      if (following === undefined || following.left.signal.aborted) return;
      following.left.abort();
      lose(following, needs);
      const message = 'Nothing is kept of a subgraph that has moved, until the router starts anew.';
      needs.log.warn(message, { subgraph });
    },
    stop: async () => {
      for (const { left } of followings.values()) left.abort();
      await Promise.all(loops);
    },
  };
};

const moveTo = (following: Following, position: number | null): void => {
  following.position = position;
  for (const look of following.waiting) look();
};

const lose = (following: Following, { lost }: FactFeedOptions): void => {
  moveTo(following, null);
  lost(following.log.publisher);
};

const keepTelling = async (
  following: Following,
  needs: FactFeedOptions,
  tried: () => void,
): Promise<void> => {
  const { signal } = following.left;
  while (!signal.aborted) {
    try {
      await begin(following, needs);
      tried();
      await tell(following, needs);
    } catch (error) {
      if (!signal.aborted) noteLoss(following, needs, error);
    }
    tried();
    // Also after a log that was stopped before us: asked again at once, it would leave time for nothing else.
    await pause(Math.min(firstRetryMs * 2 ** following.failures, longestRetryMs), signal);
  }
};

const begin = async (following: Following, needs: FactFeedOptions): Promise<void> => {
  const { log, left } = following;
  if (following.position !== null) return;
  const place = await orAborted(needs.begin(log), left.signal);
  if (place === null) return;
  moveTo(following, place);
  // What was asked before: a fact between the answer and this place would never be told.
  needs.lost(log.publisher);
};

const tell = async (following: Following, { heard }: FactFeedOptions): Promise<void> => {
  const { log, left } = following;
  if (following.position === null) return;
  for await (const events of log.follow(following.position, left.signal)) {
    if (left.signal.aborted) return;
    heard(events);
    following.failures = 0;
    moveTo(following, events.at(-1)?.sequence ?? following.position);
  }
};

const noteLoss = (following: Following, needs: FactFeedOptions, error: unknown): void => {
  following.failures += 1;
  lose(following, needs);
  // The bus has told of it, once for each outage.
  if (error instanceof PublisherAwayError) return;
  needs.log.error('The facts of a subgraph cannot be followed.', {
    publisher: following.log.publisher,
    error,
  });
};

/** Late rather than never: who does not hear in time reads nothing that was kept. */
const caughtUpWith = async (following: Following, needs: FactFeedOptions): Promise<void> => {
  if (following.position === null) return;
  const { publisher } = following.log;
  try {
    if ((await within(catchUpMs, headReached(following))) === 'late') needs.lost(publisher);
  } catch (error) {
    // The mutation is done all the same, and its answer is owed.
    needs.lost(publisher);
    if (error instanceof PublisherAwayError) return;
    needs.log.error('It could not be asked how far the facts of a subgraph go.', { publisher, error });
  }
};

const headReached = async (following: Following): Promise<void> => {
  const head = await following.log.head();
  const isReached = (): boolean => following.position === null || following.position >= head;
  if (isReached()) return;
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (!isReached()) return;
      following.waiting.delete(look);
      resolve();
    };
    following.waiting.add(look);
  });
};
