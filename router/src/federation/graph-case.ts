/** One subgraph of a graph that is made for the suite. */
export type Part = { readonly name: string; readonly sdl: string; readonly resolvers: object };

/** An operation and the one right answer to it. */
export type Case = {
  readonly name: string;
  readonly operation: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly data: unknown;
  /** `where.it.is CODE`, in any order; none when left out. */
  readonly errors?: readonly string[];
  /** Set where the stock gateway answers something else: what is wrong with that. */
  readonly gatewayErrs?: string;
  /** Set where its planner is to blame, so that our engine errs as well when it plans by that one. */
  readonly apolloErrs?: string;
  /** Set where the planner of Hive errs. */
  readonly hiveErrs?: string;
};

/** Subgraphs with operations on what they are together. */
export type Graph = {
  readonly name: string;
  readonly parts: readonly Part[];
  /** The progressive overrides that hold by name. */
  readonly labels?: readonly string[];
  readonly cases: readonly Case[];
};

const directives =
  '"@key", "@requires", "@provides", "@external", "@shareable", "@override", "@inaccessible", "@interfaceObject"';

/** Makes a subgraph that knows all of federation's directives. */
export const part = (name: string, sdl: string, resolvers: object = {}): Part => ({
  name,
  sdl: `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [${directives}])\n${sdl}`,
  resolvers,
});
