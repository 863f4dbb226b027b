import { after } from '@storegraph/server';
import type { Sockets } from '../front/front.ts';
import type { Caller } from '../front/head.ts';
import type { AnswerStore } from '../front/kept-answers.ts';
import type { Guards, Resolve } from '../front/operation.ts';
import type { Refusal } from '../front/refusal.ts';
import type { Prepared } from '../prepare/prepared.ts';
import { isAnswer } from '../run/answer.ts';
import type { Follow } from '../stream/shared.ts';
import { clientOf } from './metered-engine.ts';
import type { Metrics } from './metrics.ts';
import { outcomeOf } from './outcome.ts';

/** Counts operations that are not found, or may not be sent. */
export const meteredResolve =
  (resolve: Resolve, metrics: Metrics): Resolve =>
  (request, caller) =>
    after(resolve(request, caller), (resolved) => {
      if (isAnswer(resolved)) metrics.answered(null, clientOf(caller), outcomeOf(resolved));
      return resolved;
    });

/** Counts what the guards refuse. */
export const meteredGuards = ({ request, operation }: Guards, metrics: Metrics): Guards => {
  const note = (refusal: Refusal | null, prepared: Prepared | null, caller: Caller): Refusal | null => {
    if (refusal) metrics.answered(prepared, clientOf(caller), outcomeOf(refusal));
    return refusal;
  };
  return {
    request: request && ((caller) => after(request(caller), (refusal) => note(refusal, null, caller))),
    operation:
      operation &&
      ((prepared, values, caller) =>
        after(operation(prepared, values, caller), (refusal) => note(refusal, prepared, caller))),
  };
};

/** Counts how often an answer was there already. */
export const meteredAnswers = (store: AnswerStore, metrics: Metrics): AnswerStore => ({
  ...store,
  read: (key) => {
    const found = store.read(key);
    metrics.soughtKept(found !== undefined);
    return found;
  },
});

/** Counts WebSockets while they are open. */
export const meteredSockets = (sockets: Sockets, metrics: Metrics): Sockets => ({
  ...sockets,
  take: (request, socket, head) => {
    metrics.sockets.rise();
    socket.once('close', metrics.sockets.fall);
    sockets.take(request, socket, head);
  },
});

/** Counts who follows subscriptions, and the events they are told. */
export const meteredFollow =
  (follow: Follow, metrics: Metrics): Follow =>
  (opened, call, follower) => {
    let isOver = false;
    const over = (): void => {
      if (!isOver) metrics.subscriptions.fall();
      isOver = true;
    };
    metrics.subscriptions.rise();
    const followed = follow(opened, call, {
      next: (event) => {
        metrics.sentEvent();
        follower.next(event);
      },
      end: () => {
        over();
        follower.end();
      },
    });
    void followed.opened.then((refusal) => refusal && over(), over);
    return {
      opened: followed.opened,
      leave: () => {
        over();
        followed.leave();
      },
    };
  };
