import { createFollowers, type Followers, pageSize } from './followers.ts';
import type { OpenEventLog } from './log.ts';
import { PublisherAwayError, type PublisherClient } from './publisher-client.ts';
import type { StreamReader } from './stream-reader.ts';

/** How often a publisher is asked for new facts where they do not come by themselves. */
const pollMs = 1_000;
/** How often it is asked although they do, in case Redis has lost some. */
const doubtMs = 10_000;
/** How soon a publisher that did not answer is asked again; twice as late each time, up to the longest. */
const firstRetryMs = 100;
const longestRetryMs = 5_000;

/**
 * The log of a publisher in another process. The publisher itself is asked, which is the truth and reads what was
 * written; new facts come from Redis. Followers wait while the publisher does not answer, and go on where they were.
 */
export const openRemoteLog = ({
  publisher,
  client,
  stream,
}: {
  publisher: string;
  client: PublisherClient;
  /** Null where there is no Redis. */
  stream: StreamReader | null;
}): OpenEventLog => {
  const stopped = new AbortController();
  let isJoined = false;
  const readPage = async (after: number) => {
    // The rest comes by itself, or is heard of by a poll.
    if (after === followers.latest() && after >= polling.heard()) return [];
    const { head, facts } = await client.read(after, pageSize);
    polling.hear(head);
    return facts;
  };
  const followers: Followers = createFollowers({
    head: () => unlessAway(client.head(), null, () => polling.missed()),
    read: (after) => unlessAway(readPage(after), [], () => polling.missed()),
    stopped: stopped.signal,
  });
  const isLive = () => stream?.isLive(publisher) ?? false;
  const polling = createPolling({
    ask: client.head,
    latest: () => followers.latest(),
    place: () => stream?.place(publisher) ?? 0,
    wake: () => followers.wake(),
    isLive,
    beginAnew: () => {
      followers.forget();
      stream?.rejoin(publisher);
    },
  });
  const join = () => {
    if (isJoined || stopped.signal.aborted) return;
    isJoined = true;
    stream?.watch(publisher, {
      facts: (facts) => {
        followers.remember(facts);
        followers.wake();
      },
      doubt: polling.now,
    });
    polling.start();
  };
  return {
    publisher,
    // Who asks where it ends waits for what is there, which should not have to wait for the next poll.
    head: () => (isLive() ? client.head() : polling.look()),
    read: async (after, limit) => (await client.read(after, limit)).facts,
    follow: (after, signal) => {
      join();
      return followers.follow(after, signal);
    },
    keepFor: client.keepFor,
    stop: async () => {
      stopped.abort();
      polling.stop();
      client.stop();
    },
  };
};

const unlessAway = async <Found, Else>(
  asked: Promise<Found>,
  instead: Else,
  missed: () => void,
): Promise<Found | Else> => {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof PublisherAwayError)) throw error;
    missed();
    return instead;
  }
};

type Polled = {
  ask: () => Promise<number>;
  /** The latest fact in memory. */
  latest: () => number;
  /** The latest fact that is known to have stood in the stream. */
  place: () => number;
  wake: () => void;
  /** Whether new facts come by themselves. */
  isLive: () => boolean;
  /** Called when the log ends before what is known of it: the database was restored, or begun anew. */
  beginAnew: () => void;
};

/** Asks a publisher where its log ends, and wakes the followers for what has not come by itself. */
const createPolling = ({ ask, latest, place, wake, isLive, beginAnew }: Polled) => {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let heard = -1;
  let failures = 0;
  /** Whether somebody sleeps because the publisher did not answer. */
  let isMissed = false;

  const hear = (head: number) => {
    if (head <= heard) return;
    heard = head;
    if (head > latest()) wake();
  };
  const look = async (): Promise<number> => {
    // Before it is asked, because facts may come in while it answers.
    const knownBefore = Math.max(heard, latest(), place());
    const head = await ask();
    failures = 0;
    if (head < knownBefore) {
      heard = head;
      beginAnew();
    }
    hear(head);
    if (isMissed || head < knownBefore) {
      isMissed = false;
      wake();
    }
    return head;
  };
  const now = () => {
    look()
      .catch(() => {
        // The client has told of it.
        failures += 1;
      })
      .finally(plan);
  };
  const delayMs = () => {
    if (failures > 0) return Math.min(firstRetryMs * 2 ** (failures - 1), longestRetryMs);
    return isLive() ? doubtMs : pollMs;
  };
  const plan = () => {
    clearTimeout(timer);
    if (!isStopped) timer = setTimeout(now, delayMs()).unref();
  };
  return {
    look,
    now,
    hear,
    heard: () => heard,
    start: plan,
    missed: () => {
      if (isMissed) return;
      isMissed = true;
      failures = Math.max(failures, 1);
      plan();
    },
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
};
