import { expect, test } from 'vitest';
import { startWorker, type Worker } from './worker.ts';

const onError = (error: unknown) => {
  throw error;
};

/** A queue in memory, and a worker that empties it; each piece ends when the test says so. */
const open = (pieces: string[]) => {
  const done: string[] = [];
  const ends: (() => void)[] = [];
  let begun: () => void = () => {};
  const worker: Worker = startWorker(
    async () => {
      const piece = pieces.shift();
      if (piece === undefined) return false;
      await new Promise<void>((resolve) => {
        ends.push(resolve);
        begun();
      });
      done.push(piece);
      return true;
    },
    { everyMs: 3_600_000, onError },
  );
  const end = async () => {
    while (ends.length === 0) {
      await new Promise<void>((resolve) => {
        begun = resolve;
      });
    }
    ends.shift()?.();
  };
  return { worker, done, ends, end };
};

test('takes what is there one after the other, from its start', async () => {
  const { worker, done, ends, end } = open(['a', 'b']);
  await end();
  expect(ends).toHaveLength(0);
  await end();
  await worker.stop();
  expect(done).toEqual(['a', 'b']);
});

test('woken while it works, looks again before it rests', async () => {
  const pieces: string[] = ['a'];
  const { worker, done, end } = open(pieces);
  const first = end();
  worker.wake();
  await first;
  pieces.push('b');
  await end();
  await worker.stop();
  expect(done).toEqual(['a', 'b']);
});

test('stops after the piece under way, takes no other, and is not woken any more', async () => {
  const pieces = ['a', 'b'];
  const { worker, done, end } = open(pieces);
  const first = end();
  const stopped = worker.stop();
  await first;
  await stopped;
  worker.wake();
  await worker.stop();
  expect({ done, pieces }).toEqual({ done: ['a'], pieces: ['b'] });
});

test('tells of a failure, and goes on when it is woken', async () => {
  const told: unknown[] = [];
  const done: number[] = [];
  const pieces = [() => Promise.reject(new Error('Away.')), async () => true];
  let heard: () => void = () => {};
  const worker = startWorker(
    async () => {
      const piece = pieces.shift();
      if (!piece) return false;
      done.push(pieces.length);
      return piece();
    },
    {
      everyMs: 3_600_000,
      onError: (error) => {
        told.push(error);
        heard();
      },
    },
  );
  await new Promise<void>((resolve) => {
    heard = resolve;
  });
  await new Promise((resolve) => setImmediate(resolve));
  worker.wake();
  await worker.stop();
  expect(told).toMatchObject([{ message: 'Away.' }]);
  expect(done).toEqual([1, 0]);
});
