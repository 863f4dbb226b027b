import type { Call, Soon } from '@storegraph/server';
import type { DocumentNode } from 'graphql';
import type { Caching } from '../prepare/prepared.ts';

/** A question to one subgraph, compiled once with the plan it belongs to. */
export type Subquery = {
  readonly subgraph: string;
  readonly text: string;
  readonly operationName: string | undefined;
  readonly kind: 'query' | 'mutation' | 'subscription';
  /** The text as it goes over the wire: `{"query":"…"`, with room for `,"variables":…}`. */
  readonly wire: string;
  /** Parsed once, for transports that run it in this process. */
  readonly document: () => DocumentNode;
  /** Set where it asks for entities of one kind: the variable they are named by, and where they come back. */
  readonly entities: { readonly variable: string; readonly alias: string } | null;
  readonly keeping: Keeping;
};

/** How the answer to a subquery may be kept. */
export type Keeping = {
  /** Null where it may not. */
  readonly caching: Caching | null;
  /** Whether it holds values of its entities alone, and no other entities inside. */
  readonly isOwn: boolean;
};

/** An error as a subgraph gives it. It comes from outside: anything may be missing. */
export type SubgraphError = {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
};

export type SubgraphAnswer = {
  readonly data?: unknown;
  readonly errors?: readonly SubgraphError[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
};

/** The answers to the events of a subscription; its `return()` settles at once. */
export type SubgraphEvents = AsyncIterableIterator<SubgraphAnswer> & {
  return(): Promise<IteratorResult<SubgraphAnswer>>;
};

/** The way to one subgraph. */
export type Transport = {
  readonly name: string;
  /**
   * Never rejects: a failure is an answer with one error that names the subgraph and has a code.
   * The objects in its data belong to the caller, who writes into them.
   */
  readonly fetch: (
    subquery: Subquery,
    variables: Readonly<Record<string, unknown>>,
    call: Call,
  ) => Soon<SubgraphAnswer>;
  /** Opens a subscription, or answers why it did not open. */
  readonly subscribe: (
    subquery: Subquery,
    variables: Readonly<Record<string, unknown>>,
    call: Call,
  ) => Promise<SubgraphEvents | SubgraphAnswer>;
  /** Throws the reason while the subgraph cannot answer. */
  readonly isReady: () => Promise<void>;
  readonly close: () => Promise<void>;
};
