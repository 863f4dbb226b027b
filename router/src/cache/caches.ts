import type { EventLog } from '@storegraph/events';
import type { Log } from '@storegraph/server';
import type { AnswerStore } from '../front/kept-answers.ts';
import type { Transport } from '../reach/transport.ts';
import { createAnswers } from './answers.ts';
import { cachedTransport } from './cached-transport.ts';
import { startFactFeed } from './fact-feed.ts';
import { fencedTransport } from './fenced-transport.ts';
import type { KeptPart } from './kept.ts';
import { createTaggedStore } from './tagged-store.ts';

/** What is kept of answers, and of what subgraphs say, until facts make it wrong. */
export type Caches = {
  readonly answers: AnswerStore;
  /** The same way to a subgraph, past what is kept of it. */
  readonly around: (transport: Transport) => Transport;
  /** Forgets everything: the graph is another. */
  readonly clear: () => void;
  readonly stop: () => Promise<void>;
};

/** Keeps what the given publishers are known to tell the changes of, and nothing of other subgraphs. */
export const startCaches = async (
  logs: readonly EventLog[],
  { maxBytes, log }: { readonly maxBytes: number; readonly log: Log },
): Promise<Caches> => {
  const publishers = new Set(logs.map(({ publisher }) => publisher));
  const { store: answers, tagged } = createAnswers(maxBytes / 2, publishers);
  const parts = createTaggedStore<KeptPart>(maxBytes / 2);
  const drop = (tags: readonly string[]): void => {
    parts.drop(tags);
    tagged.drop(tags);
  };
  const feed = await startFactFeed(logs, { drop, log });
  return {
    answers,
    around: (transport) =>
      publishers.has(transport.name) ? cachedTransport(fencedTransport(transport, feed), parts) : transport,
    clear: () => drop([...publishers]),
    stop: feed.stop,
  };
};
