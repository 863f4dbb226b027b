import { after, type Soon } from '@storegraph/server';
import { isAnswer } from '../run/answer.ts';
import { type Exchange, send, sendRefusal, statusOf } from './exchange.ts';
import { type GraphRequest, graphRequestOf } from './graph-request.ts';
import type { Caller } from './head.ts';
import { type AnswerStore, cachingFor, findKept, keep, sendKept, writeKept } from './kept-answers.ts';
import type { FrontLimits } from './limits.ts';
import { type Opened, open, type Runner, run } from './operation.ts';
import type { Outflows } from './outflow.ts';
import { answerOf, BadRequest, overLimit, type Refusal } from './refusal.ts';
import { runAsEvents, sendEvents, streamSubscription } from './subscription.ts';

/** What it takes to answer an operation. */
export type ExecutionOptions = {
  readonly runner: Runner;
  readonly outflows: Outflows;
  readonly limits: FrontLimits;
  readonly answers: AnswerStore | null;
};

const notByGet = (): BadRequest =>
  new BadRequest(405, 'BAD_REQUEST', 'A GET changes nothing: send mutations by POST.', {
    headers: { allow: 'POST' },
  });

const notStreamed = (): BadRequest =>
  new BadRequest(
    400,
    'BAD_REQUEST',
    'A subscription is answered over WebSocket (graphql-transport-ws), or to who accepts `text/event-stream` or `multipart/mixed;subscriptionSpec=1.0`.',
  );

const notAcceptable = (): BadRequest =>
  new BadRequest(406, 'BAD_REQUEST', 'Accept `application/graphql-response+json` or `application/json`.');

const checkMethod = ({ request: { method }, accepted }: Exchange, { prepared: { kind } }: Opened): void => {
  if (method === 'GET' && kind === 'mutation') throw notByGet();
  if (kind === 'subscription' && accepted.stream === null) throw notStreamed();
};

/** Runs what was asked and sends it the way the client takes it. */
export const createExecution = ({ runner, outflows, limits, answers }: ExecutionOptions) => {
  const runOnce = (exchange: Exchange, opened: Opened, caller: Caller): Soon<void> => {
    const kept = answers && findKept(answers, opened, caller.viewer);
    if (kept) return sendKept(exchange, kept);
    const since = answers?.moment() ?? 0;
    return after(run(opened, caller, runner), (answer) => {
      const caching = answer.hasErrors ? null : cachingFor(opened.prepared, caller.viewer);
      if (!caching) return send(exchange, statusOf(answer, exchange.accepted), answer.body);
      const made = keep(answer, caching);
      // A reload forgets what was kept, and must not be told afterwards what the graph before it answers.
      if (answers && opened.engine === runner.engine())
        writeKept(answers, made, { asked: opened, viewer: caller.viewer, answer, since });
      return sendKept(exchange, made);
    });
  };

  const answerOpened = (exchange: Exchange, opened: Opened | Refusal, caller: Caller): Soon<void> => {
    const { json, prefersEvents } = exchange.accepted;
    if (isAnswer(opened)) {
      return prefersEvents ? sendEvents(exchange, outflows, opened) : sendRefusal(exchange, opened);
    }
    checkMethod(exchange, opened);
    const streaming = { opened, caller, runner, outflows };
    if (opened.prepared.kind === 'subscription') return streamSubscription(exchange, streaming);
    if (prefersEvents) return runAsEvents(exchange, streaming);
    if (json === null) throw notAcceptable();
    return runOnce(exchange, opened, caller);
  };

  const answerOne = (exchange: Exchange, asked: GraphRequest, caller: Caller): Soon<void> =>
    after(open(asked, caller, runner), (opened) => answerOpened(exchange, opened, caller));

  const bodyOf = async (asked: GraphRequest, caller: Caller): Promise<string> => {
    const opened = await open(asked, caller, runner);
    if (isAnswer(opened)) return opened.body;
    // Told to this one alone: the others of its batch are running.
    if (opened.prepared.kind === 'subscription') return answerOf(notStreamed()).body;
    return (await run(opened, caller, runner)).body;
  };

  const answerBatch = async (
    exchange: Exchange,
    batch: readonly unknown[],
    caller: Caller,
  ): Promise<void> => {
    const allowed = limits.maxBatch;
    if (batch.length > allowed || batch.length === 0) {
      const most = allowed === 0 ? '' : `at most ${allowed} in a list, or `;
      const message = `The body is a list of ${batch.length} operations: send ${most}one without a list.`;
      throw overLimit(400, message, { limit: 'batch', allowed, asked: batch.length });
    }
    if (exchange.accepted.json === null) throw notAcceptable();
    const asked = batch.map((one) => graphRequestOf(one, limits.maxJsonDepth));
    // The first of them was counted with the request.
    for (let counted = 1; counted < asked.length; counted += 1) {
      const refusal = await runner.guards.request?.(caller);
      if (refusal) return sendRefusal(exchange, refusal);
    }
    const bodies = await Promise.all(asked.map((one) => bodyOf(one, caller)));
    return send(exchange, 200, `[${bodies.join()}]`);
  };

  return { answerOne, answerBatch };
};
