import { type Span, SpanKind } from '@opentelemetry/api';
import { after, type Call, failSpan, inSpan, noteSpan, type Soon, type Trace } from '@storegraph/server';
import type { Engine } from '../engine.ts';
import type { Planner } from '../plan/planner.ts';
import type { Prepared } from '../prepare/prepared.ts';
import type { Transport } from '../reach/transport.ts';
import { isAnswer } from '../run/answer.ts';
import { codeOfFetch, outcomeOf } from './outcome.ts';
import { representationsIn } from './trace.ts';

/** The present moment as spans take it: epoch milliseconds, with their fractions. */
const moment = (): number => performance.timeOrigin + performance.now();

/** What was prepared longer ago was not prepared for the run that comes now: published operations are ready at start. */
const justNowMs = 100;

const describe = (span: Span, { kind, name }: Prepared, requestId: string): void => {
  span.setAttributes({
    'graphql.operation.type': kind,
    'graphql.operation.name': name ?? '',
    'storegraph.request_id': requestId,
  });
};

type Moments = { readonly from: number; readonly to: number };

/** Field by field: to copy all that a caller has takes ten times as long. */
const inTrace = (
  { token, viewer, requestId, deadlineAt, address }: Call,
  trace: Trace | undefined,
): Call => ({ token, viewer, requestId, deadlineAt, address, trace });

/** Plans are found while an operation begins to run, by somebody who is not told for whom. */
type Planning = { found: Moments[] };

const noteAll = (name: string, moments: readonly Moments[], above: Trace): void => {
  for (const { from, to } of moments) noteSpan(name, { from, to, above });
};

/** Preparing comes before it is known that anything is run, so the first run takes that time into its span. */
const tracedEngine = (inner: Engine, planning: Planning): Engine => {
  const known = new WeakSet<Prepared>();
  const justPrepared = new WeakMap<Prepared, Moments>();

  const takePreparing = (prepared: Prepared): Moments | undefined => {
    const preparing = justPrepared.get(prepared);
    justPrepared.delete(prepared);
    return preparing && moment() - preparing.to < justNowMs ? preparing : undefined;
  };

  const traced = <T>(
    prepared: Prepared,
    call: Call,
    work: (call: Call, span: Span | null) => Soon<T>,
  ): Soon<T> => {
    const preparing = takePreparing(prepared);
    const options = { kind: SpanKind.SERVER, ...(preparing && { startTime: preparing.from }) };
    return inSpan(`router ${prepared.kind}`, options, call.trace, (span, inside) => {
      planning.found = [];
      const here = inTrace(call, inside);
      if (!span || !inside) return work(here, null);
      describe(span, prepared, call.requestId);
      if (preparing) noteAll('prepare', [preparing], inside);
      const working = work(here, span);
      noteAll('plan', planning.found, inside);
      return working;
    });
  };

  return {
    ...inner,
    prepare: (text, operationName) => {
      const from = moment();
      const prepared = inner.prepare(text, operationName);
      if (isAnswer(prepared) || known.has(prepared)) return prepared;
      known.add(prepared);
      justPrepared.set(prepared, { from, to: moment() });
      return prepared;
    },
    run: (prepared, values, asking) =>
      traced(prepared, asking, (call, span) =>
        after(inner.run(prepared, values, call), (answer) => {
          if (span && answer.hasErrors) failSpan(span, outcomeOf(answer).code);
          return answer;
        }),
      ),
    subscribe: async (prepared, values, asking) =>
      traced(prepared, asking, async (call, span) => {
        const source = await inner.subscribe(prepared, values, call);
        if (span && isAnswer(source)) failSpan(span, outcomeOf(source).code);
        return source;
      }),
  };
};

const tracedPlanner = (inner: Planner, planning: Planning): Planner => ({
  ...inner,
  plan: (...asked) => {
    const from = moment();
    try {
      return inner.plan(...asked);
    } finally {
      planning.found.push({ from, to: moment() });
    }
  },
});

/** What the subgraph does is under the span of what it is asked. */
const tracedTransport = (inner: Transport): Transport => ({
  ...inner,
  fetch: (subquery, variables, asking) => {
    if (asking.trace?.isRecorded === false) return inner.fetch(subquery, variables, asking);
    return inSpan(`fetch ${inner.name}`, { kind: SpanKind.CLIENT }, asking.trace, (span, inside) => {
      span?.setAttributes({
        'storegraph.subgraph': inner.name,
        'graphql.operation.type': subquery.kind,
        'graphql.operation.name': subquery.operationName ?? '',
        'storegraph.representations': representationsIn(subquery, variables),
      });
      return after(inner.fetch(subquery, variables, inTrace(asking, inside)), (answer) => {
        if (span && answer.errors?.length) failSpan(span, codeOfFetch(answer));
        return answer;
      });
    });
  },
});

/** Makes spans of operations, of the plans they need and of what they ask subgraphs. */
export const createTracing = () => {
  const planning: Planning = { found: [] };
  return {
    engine: (inner: Engine) => tracedEngine(inner, planning),
    planner: (inner: Planner) => tracedPlanner(inner, planning),
    transport: tracedTransport,
  };
};
