import { AsyncLocalStorage } from 'node:async_hooks';
import { isUniqueViolation } from '@storegraph/postgres';
import { CartBusyError } from './store.ts';

/** Carts that one statement writes: more make it no cheaper for each. */
const maxBatch = 64;
/** Far more than can be answered before they have given up. */
const maxWaiting = 2_000;

type Entry<Request, Answer> = {
  readonly request: Request;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * Answers requests one batch at a time: those that come while one is under way go together in the next, and wait for
 * the disk once for all of them. A lone one waits for nobody. `run` answers in order, all or none.
 */
export const createGathering = <Request, Answer>(
  run: (requests: readonly Request[]) => Promise<readonly Answer[]>,
): ((request: Request) => Promise<Answer>) => {
  const outsideRequests = AsyncLocalStorage.snapshot();
  let waiting: Entry<Request, Answer>[] = [];
  let isRunning = false;

  const answer = async (batch: readonly Entry<Request, Answer>[]): Promise<void> => {
    try {
      const answers = await run(batch.map(({ request }) => request));
      for (const [place, { resolve, reject }] of batch.entries()) {
        const mine = answers[place];
        if (mine === undefined) reject(new Error('A batch was answered in part.'));
        else resolve(mine);
      }
    } catch (error) {
      // One of them has come twice: alone each gets an answer of its own. What else fails, fails for all.
      const isOnes = batch.length > 1 && isUniqueViolation(error);
      for (const one of batch) {
        if (isOnes) await answer([one]);
        else one.reject(error);
      }
    }
  };
  const answerAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maxBatch);
      waiting = waiting.slice(maxBatch);
      await answer(batch);
    }
    isRunning = false;
  };
  return (request) =>
    new Promise((resolve, reject) => {
      if (waiting.length >= maxWaiting) {
        reject(new CartBusyError(`${waiting.length} writes wait already.`));
        return;
      }
      const entry = { request, resolve, reject };
      if (isRunning) {
        waiting.push(entry);
        return;
      }
      isRunning = true;
      // The first is part of its request, with its deadline; those behind it are nobody's in particular.
      void answer([entry]).then(() => outsideRequests(answerAll));
    });
};
