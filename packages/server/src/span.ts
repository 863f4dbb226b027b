import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingHttpHeaders } from 'node:http';
import {
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { Soon } from './soon.ts';

/**
 * Where in a trace something happens. It is handed on as an argument, with the call it belongs to: of a hundred traces
 * one is recorded, and what is handed on by AsyncLocalStorage costs every promise of the process.
 */
export type Trace = {
  readonly span: Span;
  /** False where the whole trace is left out: then nobody below makes a span. */
  readonly isRecorded: boolean;
  /** How other processes are told of it, once somebody was. */
  told?: Readonly<Record<string, string>>;
};

// It hands out spans that are nothing until somebody registers an SDK.
const tracer = trace.getTracer('storegraph');

/** The longest statement is a tenth of it. */
const maxStatementLength = 4_000;

/** Marks a span as failed. Its error is told by a code alone: messages can hold somebody's values. */
export const failSpan = (span: Span, code: string): void => {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute('error.type', code);
};

const endFailed = (span: Span, error: unknown): never => {
  failSpan(span, error instanceof Error ? error.name : 'Error');
  span.end();
  throw error;
};

const endWith = <T>(span: Span, work: () => Soon<T>): Soon<T> => {
  let working: Soon<T>;
  try {
    working = work();
  } catch (error) {
    return endFailed(span, error);
  }
  if (working instanceof Promise) {
    return working.then(
      (value) => {
        span.end();
        return value;
      },
      (error: unknown) => endFailed(span, error),
    );
  }
  span.end();
  return working;
};

const contextOf = ({ span }: Trace) => trace.setSpan(ROOT_CONTEXT, span);

/** What a span's work is given: the span, where it is recorded, and the trace for what is below. */
type Work<T> = (span: Span | null, inside: Trace | undefined) => Soon<T>;

/**
 * Runs work in a span of its own. The work gets the span only where it is recorded, so that nobody describes what
 * nobody collects.
 */
export const inSpan = <T>(
  name: string,
  options: SpanOptions,
  above: Trace | undefined,
  work: Work<T>,
): Soon<T> => {
  if (above && !above.isRecorded) return work(null, above);
  const span = tracer.startSpan(name, options, above ? contextOf(above) : ROOT_CONTEXT);
  if (span.isRecording()) return endWith(span, () => work(span, { span, isRecorded: true }));
  // Those further down must hear that this trace was left out.
  return work(null, isSpanContextValid(span.spanContext()) ? { span, isRecorded: false } : undefined);
};

const active = new AsyncLocalStorage<Trace>();

/** Runs work where those who ask other subgraphs find the trace by themselves. */
export const inActive = <T>(inside: Trace | undefined, work: () => T): T =>
  inside?.isRecorded ? active.run(inside, work) : work();

/** The trace that is recorded of the work around. */
export const activeTrace = (): Trace | undefined => active.getStore();

/** Whether anybody collects spans. The one that is made to find out is never ended, so that nobody ever sees it. */
export const isTraced = (): boolean =>
  isSpanContextValid(tracer.startSpan('is anybody there', { root: true }).spanContext());

/** Notes what was done already, from one moment to another in epoch milliseconds. */
export const noteSpan = (
  name: string,
  { from, to, above }: { readonly from: number; readonly to: number; readonly above: Trace },
): void => tracer.startSpan(name, { startTime: from }, contextOf(above)).end(to);

/** The place in a trace that a caller names in its `traceparent`. */
export const callersTrace = (headers: IncomingHttpHeaders): Trace | undefined => {
  if (headers['traceparent'] === undefined) return undefined;
  const span = trace.getSpan(propagation.extract(ROOT_CONTEXT, headers));
  return span && { span, isRecorded: (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0 };
};

const toldOf = (above: Trace): Readonly<Record<string, string>> => {
  const headers: Record<string, string> = {};
  propagation.inject(contextOf(above), headers);
  return headers;
};

/** Names a place in a trace in the headers of a call. */
export const tellTrace = (above: Trace | undefined, headers: Record<string, string>): void => {
  if (!above) return;
  above.told ??= toldOf(above);
  Object.assign(headers, above.told);
};

/** Tells what ended a statement: its SQLSTATE, which holds no values. */
const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'Error';

/** Makes a span of each SQL statement, under the operation's: its text, never its values. */
export const spansOfStatements =
  (operation: Span) =>
  (text: string): ((error?: unknown) => void) => {
    const attributes = {
      'db.system.name': 'postgresql',
      'db.query.text': text.slice(0, maxStatementLength),
    };
    const verb = /\w+/.exec(text)?.[0].toLowerCase() ?? 'statement';
    const under = trace.setSpan(ROOT_CONTEXT, operation);
    const span = tracer.startSpan(`sql ${verb}`, { kind: SpanKind.CLIENT, attributes }, under);
    return (error) => {
      if (error !== undefined) failSpan(span, codeOf(error));
      span.end();
    };
  };
