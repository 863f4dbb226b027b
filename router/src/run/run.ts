import type { Call } from '@storegraph/server';
import type { Values } from '../prepare/prepared.ts';
import type { SubgraphAnswer, SubgraphError, Transport } from '../reach/transport.ts';
import { beginTrace, type Trace } from '../watch/trace.ts';
import type { GraphError } from './answer.ts';
import type { Data } from './walk.ts';

/** One run of an operation: what is known so far. */
export type Run = {
  readonly data: Data;
  readonly errors: GraphError[];
  readonly values: Values;
  readonly call: Call;
  readonly transports: ReadonlyMap<string, Transport>;
  /** What the subgraphs said beside their data. */
  readonly replayed: string[];
  statements: number | null;
  /** What facts would make the answer wrong; null where it is not kept. */
  readonly tags: Set<string> | null;
  /** In epoch milliseconds: when it began, and until when all that was said holds. */
  readonly beganAt: number;
  holdsUntil: number;
  /** Null in production. */
  readonly trace: Trace | null;
};

type Beginning = Pick<Run, 'values' | 'call' | 'transports'> & { readonly production: boolean };

export const createRun = ({ values, call, transports, production }: Beginning, isKept = false): Run => {
  const trace = production ? null : beginTrace(transports);
  return {
    data: {},
    errors: [],
    values,
    call,
    transports: trace?.transports ?? transports,
    replayed: [],
    statements: null,
    tags: isKept ? new Set() : null,
    beganAt: Date.now(),
    holdsUntil: Number.POSITIVE_INFINITY,
    trace,
  };
};

export const noteTags = ({ tags }: Run, added: readonly string[]): void => {
  for (const tag of added) tags?.add(tag);
};

const isText = (value: unknown): value is string => typeof value === 'string';

/** Notes what an answer says beside its data. It comes from outside: anything may be missing. */
export const noteExtensions = (run: Run, { extensions }: SubgraphAnswer): void => {
  if (!extensions) return;
  const { idempotency, holdsForMs, trace } = extensions as {
    readonly idempotency?: { readonly replayed?: unknown };
    readonly holdsForMs?: unknown;
    readonly trace?: { readonly statements?: unknown };
  };
  if (Array.isArray(idempotency?.replayed)) run.replayed.push(...idempotency.replayed.filter(isText));
  // Counted from the beginning, because nobody knows when in between it was said.
  if (typeof holdsForMs === 'number') run.holdsUntil = Math.min(run.holdsUntil, run.beganAt + holdsForMs);
  if (typeof trace?.statements === 'number') run.statements = (run.statements ?? 0) + trace.statements;
};

/** An error of a subgraph, at its place in the whole answer. */
export const noteError = (
  run: Run,
  subgraph: string,
  { message, extensions }: SubgraphError,
  path: readonly (string | number)[] | undefined,
): void => {
  const code = isText(extensions?.['code']) ? extensions['code'] : 'SUBGRAPH_ERROR';
  run.errors.push({
    message: isText(message) ? message : 'The subgraph gave an error without a message.',
    ...(path && { path }),
    extensions: { ...extensions, code, serviceName: subgraph },
  });
};

/** The variables that a fetch uses, of those that were given or have a default. */
export const pick = (values: Values, names: readonly string[]): Record<string, unknown> => {
  const picked: Record<string, unknown> = {};
  for (const name of names) if (values[name] !== undefined) picked[name] = values[name];
  return picked;
};

/** A path comes from outside, and only one that can be one is passed on. */
export const pathOf = ({ path }: SubgraphError): readonly (string | number)[] | undefined =>
  Array.isArray(path) && path.every((key) => typeof key === 'string' || typeof key === 'number')
    ? path
    : undefined;
