import { randomUUID } from 'node:crypto';
import { defaultDeadlineMs } from '@storegraph/server';
import { graphRequestOf } from '../front/graph-request.ts';
import type { Caller } from '../front/head.ts';
import { overLimit } from '../front/refusal.ts';
import type { SocketLimits } from './limits.ts';
import { type Operation, type OperationOptions, startOperation, type Wire } from './operation.ts';

export type OperationsOptions = OperationOptions & { readonly limits: SocketLimits };

/** The operations of one socket, by the ids that the client gave them. */
export type Operations = {
  /** False when the id is taken. Throws a BadRequest for what is no request, or one too many. */
  readonly begin: (id: string, payload: unknown, caller: Caller) => boolean;
  readonly end: (id: string) => void;
  /** Ends those that change nothing, and does it when the others are answered. */
  readonly endReading: (done: () => void) => void;
  readonly endAll: () => void;
};

const callOf = (caller: Caller): Caller => ({
  ...caller,
  requestId: randomUUID(),
  deadlineAt: Date.now() + defaultDeadlineMs,
});

/** Keeps what runs on one socket. */
export const createOperations = (wire: Wire, options: OperationsOptions): Operations => {
  const { maxOperations, maxJsonDepth } = options.limits;
  const running = new Map<string, Operation>();
  let whenNoneIsLeft = () => {};

  const remove = (id: string): void => {
    running.delete(id);
    if (running.size === 0) whenNoneIsLeft();
  };

  return {
    begin: (id, payload, caller) => {
      if (running.has(id)) return false;
      const asked = graphRequestOf(payload, maxJsonDepth);
      if (running.size >= maxOperations) {
        const message = `One socket carries at most ${maxOperations} operations at a time.`;
        const about = { limit: 'operationsPerSocket', allowed: maxOperations, asked: running.size + 1 };
        throw overLimit(400, message, about);
      }
      const finished = () => remove(id);
      running.set(id, startOperation({ id, asked, call: callOf(caller) }, { wire, finished }, options));
      return true;
    },
    end: (id) => {
      running.get(id)?.leave();
      remove(id);
    },
    endReading: (done) => {
      for (const [id, operation] of running) {
        if (operation.isChange()) continue;
        operation.leave();
        running.delete(id);
      }
      if (running.size === 0) done();
      else whenNoneIsLeft = done;
    },
    endAll: () => {
      for (const operation of running.values()) operation.leave();
      running.clear();
    },
  };
};
