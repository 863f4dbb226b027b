import type { GraphRequest } from '../front/graph-request.ts';
import type { Caller } from '../front/head.ts';
import { type Opened, open, type Runner, refusalOf, run } from '../front/operation.ts';
import { type Answer, isAnswer } from '../run/answer.ts';
import { textFrame } from './frame.ts';
import type { Follow } from './shared.ts';

/** The way back to a client. */
export type Wire = {
  /** Cuts a client that has left too much unread. */
  readonly say: (frame: Buffer) => void;
  /** Does it as soon as the client has read most of what it was sent. */
  readonly whenRead: (act: () => void) => Promise<void>;
  readonly close: (code: number, reason: string) => void;
};

export type OperationOptions = {
  readonly runner: Runner;
  readonly follow: Follow;
  /** Builds the frame of an event or an answer. */
  readonly nextFrame: (id: string, event: Answer) => Buffer;
};

/** What runs under one id of one socket. */
export type Operation = {
  /** Ends it without a word. */
  readonly leave: () => void;
  /** Whether it may have changed something: it is not left without an answer by us. */
  readonly isChange: () => boolean;
};

const completeFrame = (id: string): Buffer => textFrame(JSON.stringify({ id, type: 'complete' }));

/** Tells the errors of a refusal. */
export const errorFrame = (id: string, { body }: Answer): Buffer => {
  const { errors }: { errors?: unknown } = JSON.parse(body);
  return textFrame(JSON.stringify({ id, type: 'error', payload: errors }));
};

/** Runs what a client asks for, and tells it in frames until it is finished or left. */
export const startOperation = (
  { id, asked, call }: { readonly id: string; readonly asked: GraphRequest; readonly call: Caller },
  { wire, finished }: { readonly wire: Wire; readonly finished: () => void },
  { runner, follow, nextFrame }: OperationOptions,
): Operation => {
  let isOver = false;
  let isChange = false;
  let unfollow = () => {};

  const finish = (last: Buffer) => {
    if (isOver) return;
    isOver = true;
    wire.say(last);
    finished();
  };

  const followEvents = async (opened: Opened) => {
    const followed = follow(opened, call, {
      next: (event) => wire.say(nextFrame(id, event)),
      end: () => finish(completeFrame(id)),
    });
    unfollow = followed.leave;
    const refusal = await followed.opened;
    if (refusal) finish(errorFrame(id, refusal));
  };

  const runOnce = async (opened: Opened) => {
    const answer = await run(opened, call, runner);
    // It counts as running until then, which bounds what waits for a client that asks much and reads nothing.
    await wire.whenRead(() => {
      if (isOver) return;
      if (answer.refusedWith !== null) return finish(errorFrame(id, answer));
      wire.say(nextFrame(id, answer));
      finish(completeFrame(id));
    });
  };

  const start = async () => {
    const opened = (await runner.guards.request?.(call)) ?? (await open(asked, call, runner));
    if (isOver) return;
    if (isAnswer(opened)) return finish(errorFrame(id, opened));
    isChange = opened.prepared.kind === 'mutation';
    return opened.prepared.kind === 'subscription' ? followEvents(opened) : runOnce(opened);
  };

  start().catch((error: unknown) => finish(errorFrame(id, refusalOf(error, call.requestId, runner))));
  return {
    isChange: () => isChange,
    leave: () => {
      isOver = true;
      unfollow();
    },
  };
};
