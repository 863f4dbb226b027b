import type { Path, PlanNode } from '../plan/planner.ts';
import type { SubgraphAnswer, Subquery, Transport } from '../reach/transport.ts';

/** A question to a subgraph in one run, as `extensions.trace` tells of it. */
export type TracedFetch = {
  readonly subgraph: string;
  /** Since the run began. */
  readonly startedMs: number;
  readonly tookMs: number;
  readonly representations: number;
  /** Left out where the subgraph does not say, and where the answer was there already. */
  readonly statements?: number;
};

/** What one run did, for who develops with it. */
export type Trace = {
  readonly transports: ReadonlyMap<string, Transport>;
  readonly fetches: TracedFetch[];
};

const rounded = (ms: number): number => Math.round(ms * 100) / 100;

const statementsIn = ({ extensions }: SubgraphAnswer): number | null => {
  const { trace } = (extensions ?? {}) as { readonly trace?: { readonly statements?: unknown } };
  return typeof trace?.statements === 'number' ? trace.statements : null;
};

/** How many entities a subquery is about. */
export const representationsIn = (
  { entities }: Pick<Subquery, 'entities'>,
  variables: Readonly<Record<string, unknown>>,
): number => {
  const asked = entities && variables[entities.variable];
  return Array.isArray(asked) ? asked.length : 0;
};

/** Begins to note what a run asks of the subgraphs. */
export const beginTrace = (transports: ReadonlyMap<string, Transport>): Trace => {
  const beganMs = performance.now();
  const fetches: TracedFetch[] = [];
  const noted = (transport: Transport): Transport => ({
    ...transport,
    fetch: async (subquery, variables, call) => {
      const startedMs = performance.now();
      const answer = await transport.fetch(subquery, variables, call);
      const statements = statementsIn(answer);
      fetches.push({
        subgraph: transport.name,
        startedMs: rounded(startedMs - beganMs),
        tookMs: rounded(performance.now() - startedMs),
        representations: representationsIn(subquery, variables),
        ...(statements !== null && { statements }),
      });
      return answer;
    },
  });
  return {
    transports: new Map([...transports].map(([name, transport]) => [name, noted(transport)])),
    fetches,
  };
};

const placeText = (path: Path): string =>
  path.flatMap((segment) => (segment.kind === 'field' ? [segment.name] : [])).join('.');

/** A plan in a line: `product > (inventory at products.nodes + pricing at products.nodes)`. */
export const planText = (node: PlanNode): string => {
  switch (node.kind) {
    case 'sequence':
      return node.nodes.map(planText).join(' > ');
    case 'parallel':
      return `(${node.nodes.map(planText).join(' + ')})`;
    case 'condition': {
      const [met, unmet] = [node.ifTrue, node.ifFalse].map((inner) => (inner ? planText(inner) : 'nothing'));
      return `(if $${node.variable}: ${met}, else ${unmet})`;
    }
    case 'root':
      return node.fetch.subgraph;
    case 'entities': {
      const places = node.batches.flatMap(({ paths }) => paths.map(placeText));
      return `${node.fetch.subgraph} at ${[...new Set(places)].join(', ')}`;
    }
  }
};

/** What `extensions.trace` says. */
export const traceText = (
  { fetches }: Trace,
  { plan, statements }: { readonly plan: PlanNode | null; readonly statements: number | null },
): string =>
  JSON.stringify({
    ...(statements !== null && { statements }),
    plan: plan ? planText(plan) : 'nothing',
    fetches,
  });
