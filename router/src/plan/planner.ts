/** One step on the way from an answer's root to the objects a fetch adds to. */
export type Segment =
  | { readonly kind: 'field'; readonly name: string }
  /** Every element of a list. */
  | { readonly kind: 'each' }
  /** Only objects that name one of these types as theirs. */
  | { readonly kind: 'types'; readonly names: readonly string[] };

export type Path = readonly Segment[];

/** What of an object is sent to tell a subgraph which entity is meant. */
export type Requirement =
  | {
      readonly kind: 'field';
      /** What the answer calls it … */
      readonly name: string;
      /** … and what the subgraph does: one field may have been asked for with different arguments. */
      readonly as: string;
      readonly selections: readonly Requirement[] | null;
    }
  | { readonly kind: 'fragment'; readonly type: string; readonly selections: readonly Requirement[] };

/** A change to what is sent or received, where a subgraph calls something by another name than the graph does. */
export type Rewrite = { readonly path: readonly RewriteStep[] } & (
  | { readonly kind: 'set'; readonly value: unknown }
  | { readonly kind: 'rename'; readonly to: string }
);
export type RewriteStep =
  | { readonly kind: 'key'; readonly name: string }
  | { readonly kind: 'types'; readonly names: readonly string[] };

/** One question to one subgraph. */
export type Fetch = {
  readonly subgraph: string;
  readonly text: string;
  readonly operationName: string | undefined;
  readonly operation: 'query' | 'mutation' | 'subscription';
  readonly variables: readonly string[];
};

/** Entities of one fetch: which objects they are, what is sent of them, and under which name they come back. */
export type EntityBatch = {
  readonly alias: string;
  readonly variable: string;
  readonly paths: readonly Path[];
  readonly requires: readonly Requirement[];
  readonly inputRewrites: readonly Rewrite[];
  readonly outputRewrites: readonly Rewrite[];
};

/** How an operation is answered: what is asked of whom, in which order. */
export type PlanNode =
  | { readonly kind: 'sequence' | 'parallel'; readonly nodes: readonly PlanNode[] }
  | {
      readonly kind: 'condition';
      readonly variable: string;
      readonly ifTrue: PlanNode | null;
      readonly ifFalse: PlanNode | null;
    }
  | { readonly kind: 'root'; readonly fetch: Fetch; readonly outputRewrites: readonly Rewrite[] }
  | { readonly kind: 'entities'; readonly fetch: Fetch; readonly batches: readonly EntityBatch[] };

/** Which of the progressive overrides hold for an operation. */
export type Overrides = {
  readonly labels: ReadonlySet<string>;
  /** Overrides for a share of requests hold where their share is above it. */
  readonly percentage: number;
};

/** Finds out how operations are answered. There are two; they must give the same answers. */
export type Planner = {
  /** The schema that clients see, in SDL. */
  readonly publicSdl: string;
  /** The shares of requests at which a progressive override changes the plan. */
  readonly overridePercentages: readonly number[];
  /**
   * Plans one valid operation of the public schema; null when no subgraph need be asked.
   * The plan of a subscription begins with the root fetch that opens it.
   */
  readonly plan: (text: string, operationName: string | null, overrides: Overrides) => PlanNode | null;
};

export const noOverrides: Overrides = { labels: new Set(), percentage: 100 };
