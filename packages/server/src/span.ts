import type { IncomingHttpHeaders } from 'node:http';
import {
  type Attributes,
  context,
  isSpanContextValid,
  propagation,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { Soon } from './soon.ts';

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

/** Whether somebody further up has decided that this trace is left out: then nobody below makes a span of it. */
const isLeftOut = (): boolean => {
  const above = trace.getSpanContext(context.active());
  return above !== undefined && isSpanContextValid(above) && (above.traceFlags & TraceFlags.SAMPLED) === 0;
};

/**
 * Runs work in a span of its own, under the one that is active. The work gets the span only where it is recorded,
 * so that nobody describes what nobody collects.
 */
export const inSpan = <T>(
  name: string,
  options: SpanOptions,
  work: (span: Span | null) => Soon<T>,
): Soon<T> => {
  if (isLeftOut()) return work(null);
  const span = tracer.startSpan(name, options);
  if (!isSpanContextValid(span.spanContext())) return work(null);
  // Also where it is not recorded: those further down must hear that this trace was left out.
  const inside = trace.setSpan(context.active(), span);
  return context.with(inside, () => endWith(span, () => work(span.isRecording() ? span : null)));
};

/** Whether anybody collects spans. The one that is made to find out is never ended, so that nobody ever sees it. */
export const isTraced = (): boolean =>
  isSpanContextValid(tracer.startSpan('is anybody there', { root: true }).spanContext());

/** Notes what was done already, from one moment to another in epoch milliseconds, under the active span. */
export const noteSpan = (name: string, startTime: number, endTime: number, attributes?: Attributes): void =>
  tracer.startSpan(name, { startTime, ...(attributes && { attributes }) }).end(endTime);

/** Runs work under the span that a caller names in its `traceparent`. */
export const inCallersTrace = <T>(headers: IncomingHttpHeaders, work: () => T): T =>
  headers['traceparent'] === undefined
    ? work()
    : context.with(propagation.extract(context.active(), headers), work);

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
    const under = trace.setSpan(context.active(), operation);
    const span = tracer.startSpan(`sql ${verb}`, { kind: SpanKind.CLIENT, attributes }, under);
    return (error) => {
      if (error !== undefined) failSpan(span, codeOf(error));
      span.end();
    };
  };
