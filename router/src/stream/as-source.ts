import type { Call } from '@storegraph/server';
import type { EventSource } from '../engine.ts';
import type { Opened } from '../front/operation.ts';
import { type Answer, refuse } from '../run/answer.ts';
import type { Follow } from './shared.ts';

/** A reader takes events as they come; one that is this far behind has stopped. */
const maxWaiting = 1_000;

const tooSlow = (): Answer =>
  refuse(429, [
    {
      message: 'Events were not read as fast as they came. Subscribe again with `after`.',
      extensions: { code: 'TOO_SLOW' },
    },
  ]);

const done = { value: undefined, done: true } as const;

const createQueue = (left: () => void) => {
  let waiting: Answer[] = [];
  let wanted: ((result: IteratorResult<Answer>) => void) | null = null;
  let isOver = false;

  const take = (): IteratorResult<Answer> | null => {
    const value = waiting.shift();
    if (value) return { value, done: false };
    return isOver ? done : null;
  };
  const wake = (): void => {
    const result = wanted && take();
    if (!wanted || !result) return;
    const resolve = wanted;
    wanted = null;
    resolve(result);
  };
  const end = (): void => {
    isOver = true;
    wake();
  };
  const source: EventSource = {
    [Symbol.asyncIterator]: () => source,
    next: () =>
      new Promise((resolve) => {
        wanted = resolve;
        wake();
      }),
    return: async () => {
      left();
      waiting = [];
      end();
      return done;
    },
  };
  const next = (event: Answer): void => {
    if (isOver) return;
    waiting.push(event);
    wake();
    if (waiting.length <= maxWaiting) return;
    left();
    waiting = [tooSlow()];
    end();
  };
  return { source, follower: { next, end } };
};

/** A shared subscription as a stream to pull, for readers over HTTP; its `return()` settles at once. */
export const asSource =
  (follow: Follow) =>
  async (opened: Opened, call: Call): Promise<EventSource | Answer> => {
    const { source, follower } = createQueue(() => followed.leave());
    const followed = follow(opened, call, follower);
    return (await followed.opened) ?? source;
  };
