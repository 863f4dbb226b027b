import { type Span, SpanKind } from '@opentelemetry/api';
import { inOperation } from '@storegraph/postgres';
import { createSourceEventStream, type ExecutionResult, type GraphQLError, getOperationAST } from 'graphql';
import { createCompiler } from './compiled-operation.ts';
import { type Ending, signalOf } from './ending.ts';
import { asGraphQLError, deadlineExceeded, maskErrors } from './errors.ts';
import type { ExecutableSchema } from './executable-schema.ts';
import type { Log } from './log.ts';
import type { OpenedOperation } from './operation.ts';
import { type Age, requestOf } from './request.ts';
import { after, type Soon } from './soon.ts';
import { failSpan, inActive, inSpan, spansOfStatements } from './span.ts';
import { isStream } from './stream.ts';
import type { Subgraph } from './subgraph.ts';
import { within } from './within.ts';

/** What an answer says beside data and errors. */
export type ResultExtensions = {
  /** The response names of mutations that gave an earlier outcome again. */
  readonly idempotency?: { readonly replayed: readonly string[] };
  /** Set where the answer holds for so many milliseconds only. */
  readonly holdsForMs?: number;
  /** Outside production: the SQL statements the answer took. */
  readonly trace?: { readonly statements: number };
};

/** The answer to one operation, or to one event of a subscription. */
export type GraphResult = ExecutionResult<Record<string, unknown>, ResultExtensions>;

/** Runs opened operations on one subgraph, each within its time limit. Nothing it answers holds a stack or SQL. */
export type Runner = {
  /** Runs a query, a mutation, or the selection of a subscription on one of its events. */
  readonly run: (opened: OpenedOperation, ending: Ending, event?: unknown) => Soon<GraphResult>;
  /** Opens the stream of events of a subscription. */
  readonly open: (opened: OpenedOperation, ending: Ending) => Promise<AsyncIterator<unknown> | GraphResult>;
  readonly failed: (error: unknown, requestId: string) => GraphResult;
  /** Settles when nothing runs any more, also nothing whose caller has given up. */
  readonly idle: () => Promise<void>;
};

/** Null where there is nothing to say. */
const extensionsOf = (
  replayed: readonly string[],
  holdsForMs: number,
  statements: number | null,
): ResultExtensions | null =>
  replayed.length === 0 && holdsForMs === Number.POSITIVE_INFINITY && statements === null
    ? null
    : {
        ...(replayed.length > 0 && { idempotency: { replayed } }),
        ...(holdsForMs < Number.POSITIVE_INFINITY && { holdsForMs }),
        ...(statements !== null && { trace: { statements } }),
      };

/** Runs an operation in a span of its own. */
const spanOf = (
  subgraph: string,
  { document, kind, operationName, requestId, trace }: OpenedOperation,
  work: (span: Span | null) => Soon<GraphResult>,
): Soon<GraphResult> =>
  inSpan(`${subgraph} ${kind}`, { kind: SpanKind.SERVER }, trace, (span, inside) => {
    if (!span) return work(null);
    span.setAttributes({
      'graphql.operation.type': kind,
      'graphql.operation.name': getOperationAST(document, operationName)?.name?.value ?? '',
      'storegraph.request_id': requestId,
    });
    return after(
      inActive(inside, () => work(span)),
      (result) => {
        if (result.errors?.length) failSpan(span, String(result.errors[0]?.extensions['code']));
        return result;
      },
    );
  });

/** Lets work take as long as its operation may, and knows what runs. */
const createLimiter = (failed: Runner['failed']) => {
  const inFlight = new Set<Promise<unknown>>();

  const watched = async <T>(
    started: Promise<T>,
    remainingMs: number,
    requestId: string,
  ): Promise<T | GraphResult> => {
    const working = started.catch((error: unknown) => failed(error, requestId));
    inFlight.add(working);
    void working.finally(() => inFlight.delete(working));
    const outcome = await within(remainingMs, working);
    return outcome === 'late' ? failed(deadlineExceeded(), requestId) : outcome;
  };

  const limited = <T>(
    { deadlineAt, requestId }: OpenedOperation,
    work: () => Soon<T>,
  ): Soon<T | GraphResult> => {
    const remainingMs = deadlineAt - Date.now();
    if (remainingMs <= 0) return failed(deadlineExceeded(), requestId);
    try {
      const working = work();
      return working instanceof Promise ? watched(working, remainingMs, requestId) : working;
    } catch (error) {
      return failed(error, requestId);
    }
  };

  const idle = async (): Promise<void> => {
    await Promise.allSettled([...inFlight]);
  };
  return { limited, idle };
};

/** Builds the runner of one subgraph. */
export const createRunner = (
  subgraph: Subgraph,
  { schema, begin }: ExecutableSchema,
  { production, log }: { readonly production: boolean; readonly log: Log },
): Runner => {
  const executeOf = createCompiler(schema);

  const masked = (errors: readonly GraphQLError[], requestId: string): GraphQLError[] =>
    maskErrors(errors, { subgraph: subgraph.name, requestId, production, log });

  const failed = (error: unknown, requestId: string): GraphResult => ({
    errors: masked([asGraphQLError(error)], requestId),
  });

  const { limited, idle } = createLimiter(failed);

  const argumentsOf = (opened: OpenedOperation, ending: Ending, rootValue?: unknown) => {
    const { document, variables, operationName, viewer } = opened;
    const age: Age = { holdsForMs: Number.POSITIVE_INFINITY };
    const contextValue = subgraph.context(requestOf(opened, ending, age));
    const execution = begin(contextValue, viewer);
    return {
      execution,
      age,
      args: { schema, document, variableValues: variables, operationName, contextValue, rootValue },
    };
  };

  const runAll = (opened: OpenedOperation, ending: Ending, event: unknown): Soon<GraphResult> =>
    spanOf(subgraph.name, opened, (span) => {
      const { execution, age, args } = argumentsOf(opened, ending, event);
      const { document, operationName, deadlineAt, requestId } = opened;
      const execute = executeOf(document, operationName);
      const onStatement = span && spansOfStatements(span);
      const worked = inOperation({ deadlineAt, onStatement }, () => execute(args));
      return after(worked, ({ value: result, statements }): GraphResult => {
        const extensions = extensionsOf(execution.replayed, age.holdsForMs, production ? null : statements);
        return {
          ...(result.errors && { errors: masked(result.errors, requestId) }),
          ...(result.data !== undefined && { data: result.data }),
          ...(extensions && { extensions }),
        };
      });
    });

  // Not inside inOperation: what the source starts would inherit a deadline that it outlives.
  const openSource = async (opened: OpenedOperation, ending: Ending) => {
    const source = await createSourceEventStream(argumentsOf(opened, ending).args);
    if (!isStream(source)) return { errors: masked(source.errors ?? [], opened.requestId) };
    const iterator = source[Symbol.asyncIterator]();
    // It opened too late: nobody will ever read or close it.
    if (signalOf(ending).aborted) await iterator.return?.();
    return iterator;
  };

  return {
    run: (opened, ending, event) => limited(opened, () => runAll(opened, ending, event)),
    open: async (opened, ending) => limited(opened, () => openSource(opened, ending)),
    failed,
    idle,
  };
};
