import { type EventLog, tellSince } from '@storegraph/events';
import type { Log } from '@storegraph/server';
import { type EndedSessions, keptMs } from '../front/ended-sessions.ts';
import type { AnswerStore } from '../front/kept-answers.ts';
import type { Transport } from '../reach/transport.ts';
import { createAnswers } from './answers.ts';
import { cachedTransport } from './cached-transport.ts';
import { startFactFeed } from './fact-feed.ts';
import { fencedTransport } from './fenced-transport.ts';
import type { KeptPart } from './kept.ts';
import { createTaggedStore } from './tagged-store.ts';
import { droppedBy } from './tags.ts';

/** What is kept of answers, and of what subgraphs say, until facts make it wrong. */
export type Caches = {
  readonly answers: AnswerStore;
  /** The same way to a subgraph, past what is kept of it. */
  readonly around: (transport: Transport) => Transport;
  /** Forgets everything: the graph is another. */
  readonly clear: () => void;
  /** Keeps nothing of a subgraph any more: its facts are not to be had where they were. */
  readonly leave: (subgraph: string) => void;
  readonly stop: () => Promise<void>;
};

/** Whose facts say which sessions have ended. */
const tellsOfSessions = ({ publisher }: EventLog): boolean => publisher === 'account';

/**
 * Keeps what the given publishers are known to tell the changes of, and nothing of other subgraphs. Sessions that
 * have ended are heard of from them too, also where nothing is kept.
 */
export const startCaches = async (
  logs: readonly EventLog[],
  { maxBytes, ended, log }: { readonly maxBytes: number; readonly ended: EndedSessions; readonly log: Log },
): Promise<Caches> => {
  const followed = maxBytes > 0 ? logs : logs.filter(tellsOfSessions);
  const publishers = new Set(followed.map(({ publisher }) => publisher));
  const { store: answers, tagged } = createAnswers(maxBytes / 2, (subgraph) => feed.follows(subgraph));
  const parts = createTaggedStore<KeptPart>(maxBytes / 2);
  const drop = (tags: readonly string[]): void => {
    parts.drop(tags);
    tagged.drop(tags);
  };
  const feed = await startFactFeed(followed, {
    // Who was signed out before this router started is out all the same.
    begin: (one) => (tellsOfSessions(one) ? tellSince(one, Date.now() - keptMs, ended.hear) : one.head()),
    heard: (events) => {
      drop([...new Set(events.flatMap(droppedBy))]);
      ended.hear(events);
    },
    // Until it is followed again nothing of it may be kept, because nobody would say when it is wrong.
    lost: (publisher) => drop([publisher]),
    log,
  });
  return {
    answers,
    around: (transport) => {
      if (!publishers.has(transport.name)) return transport;
      const fenced = fencedTransport(transport, feed);
      const cached = cachedTransport(fenced, parts);
      return {
        ...fenced,
        fetch: (...asked) => (feed.follows(transport.name) ? cached : fenced).fetch(...asked),
      };
    },
    clear: () => drop([...publishers]),
    leave: feed.leave,
    stop: feed.stop,
  };
};
