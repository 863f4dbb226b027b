/** How a stream of events becomes a stream of results. */
export type StreamMapping<Event, Result> = {
  readonly map: (event: Event) => Promise<Result>;
  /** What the reader is told when the source fails; the stream ends after it. */
  readonly failed: (error: unknown) => Result;
  /** Runs once, however the stream ends. */
  readonly ended: () => void;
};

/** A stream of results; its `return()` settles at once. */
export type ResultStream<Result> = AsyncIterableIterator<Result> & {
  return(): Promise<IteratorResult<Result>>;
};

/**
 * Maps a stream to one whose `return()` settles at once. An async generator would first finish the `next()` it
 * is in, and so hand out an event after its reader has left.
 */
export const mapStream = <Event, Result>(
  source: AsyncIterator<Event>,
  { map, failed, ended }: StreamMapping<Event, Result>,
): ResultStream<Result> => {
  const done: IteratorResult<Result> = { value: undefined, done: true };
  let isOver = false;
  let answerWaiting: (result: IteratorResult<Result>) => void = () => undefined;

  const finish = (): void => {
    isOver = true;
    // Not waited for: a generator that waits for an event settles only when the event comes.
    source.return?.()?.catch(() => undefined);
    ended();
  };

  const advance = async (): Promise<IteratorResult<Result>> => {
    try {
      const step = await source.next();
      if (!step.done) return { value: await map(step.value), done: false };
      if (!isOver) finish();
      return done;
    } catch (error) {
      if (isOver) return done;
      finish();
      return { value: failed(error), done: false };
    }
  };

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () =>
      new Promise((resolve) => {
        if (isOver) return resolve(done);
        answerWaiting = resolve;
        void advance().then(resolve);
      }),
    return: async () => {
      if (!isOver) finish();
      answerWaiting(done);
      return done;
    },
  };
};

/** Whether an answer is a stream, or one result. */
export const isStream = <T>(answer: AsyncIterable<T> | object): answer is AsyncIterable<T> =>
  Symbol.asyncIterator in answer;
