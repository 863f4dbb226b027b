import type { DocumentNode } from 'graphql';
import type { PublishedFacts } from './facts.ts';
import type { Viewer } from './viewer.ts';

/** What is known about a request before any of it runs. */
export type Request = {
  readonly viewer: Viewer;
  readonly requestId: string;
  /** Where the caller's request came from; null for what the house asks itself. */
  readonly address: string | null;
  /** When the answer is of no use any more, in epoch milliseconds. */
  readonly deadlineAt: number;
  /**
   * Says that something in the answer holds for so many milliseconds only, whatever its `@cacheControl` allows:
   * nobody keeps the answer longer. The least counts; Infinity says nothing.
   */
  readonly holdsForMs: (ms: number) => void;
  /** A signal that is aborted when nobody waits any more. Made when it is asked for: it costs more than most fields. */
  readonly signal: () => AbortSignal;
};

/** One part of the graph, composed but not yet reachable: hand it to mountSubgraph or serveSubgraph. */
export type Subgraph<Context = unknown> = {
  readonly name: string;
  readonly typeDefs: DocumentNode;
  readonly resolvers: object;
  /** What it publishes, where it does: its event log. Subgraphs in other processes read it over HTTP. */
  readonly facts?: PublishedFacts;
  /** Called for every request, and for every event of a subscription, so that loaders never serve old rows. */
  readonly context: (request: Request) => Context;
  /** Throws the reason while it cannot answer. */
  readonly isReady: () => Promise<void>;
  /** Starts background work: event log, consumers, sweepers. */
  readonly start: () => Promise<void>;
  /** Ends background work and closes connections. */
  readonly stop: () => Promise<void>;
};
