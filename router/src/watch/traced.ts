import { type Span, SpanKind } from '@opentelemetry/api';
import { after, failSpan, inSpan, noteSpan, type Soon } from '@storegraph/server';
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

/**
 * Makes a span of each operation. Preparing comes before it is known that anything is run, so the first run of an
 * operation takes that time into its span.
 */
export const tracedEngine = (engine: Engine): Engine => {
  const known = new WeakSet<Prepared>();
  const justPrepared = new WeakMap<Prepared, { readonly from: number; readonly to: number }>();

  const takePreparing = (prepared: Prepared) => {
    const preparing = justPrepared.get(prepared);
    justPrepared.delete(prepared);
    return preparing && moment() - preparing.to < justNowMs ? preparing : undefined;
  };

  const traced = <T>(
    prepared: Prepared,
    requestId: string,
    work: (span: Span | null) => Soon<T>,
  ): Soon<T> => {
    const preparing = takePreparing(prepared);
    const options = { kind: SpanKind.SERVER, ...(preparing && { startTime: preparing.from }) };
    return inSpan(`router ${prepared.kind}`, options, (span) => {
      if (span) describe(span, prepared, requestId);
      if (span && preparing) noteSpan('prepare', preparing.from, preparing.to);
      return work(span);
    });
  };

  return {
    ...engine,
    prepare: (text, operationName) => {
      const from = moment();
      const prepared = engine.prepare(text, operationName);
      if (isAnswer(prepared) || known.has(prepared)) return prepared;
      known.add(prepared);
      justPrepared.set(prepared, { from, to: moment() });
      return prepared;
    },
    run: (prepared, values, call) =>
      traced(prepared, call.requestId, (span) =>
        after(engine.run(prepared, values, call), (answer) => {
          if (span && answer.hasErrors) failSpan(span, outcomeOf(answer).code);
          return answer;
        }),
      ),
    subscribe: async (prepared, values, call) =>
      traced(prepared, call.requestId, async (span) => {
        const source = await engine.subscribe(prepared, values, call);
        if (span && isAnswer(source)) failSpan(span, outcomeOf(source).code);
        return source;
      }),
  };
};

/** Makes a span of each plan that has to be found. */
export const tracedPlanner = (planner: Planner): Planner => ({
  ...planner,
  plan: (...asked) => {
    const from = moment();
    try {
      return planner.plan(...asked);
    } finally {
      noteSpan('plan', from, moment());
    }
  },
});

/** Makes a span of each question to a subgraph; what the subgraph does is under it. */
export const tracedTransport = (transport: Transport): Transport => ({
  ...transport,
  fetch: (subquery, variables, call) =>
    inSpan(`fetch ${transport.name}`, { kind: SpanKind.CLIENT }, (span) => {
      span?.setAttributes({
        'storegraph.subgraph': transport.name,
        'graphql.operation.type': subquery.kind,
        'graphql.operation.name': subquery.operationName ?? '',
        'storegraph.representations': representationsIn(subquery, variables),
      });
      return after(transport.fetch(subquery, variables, call), (answer) => {
        if (span && answer.errors?.length) failSpan(span, codeOfFetch(answer));
        return answer;
      });
    }),
});
