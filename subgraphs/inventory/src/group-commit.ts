import { AsyncLocalStorage } from 'node:async_hooks';

/** Requests of one batch: its commit still takes only milliseconds, however long each request's cart is. */
const maxBatch = 512;
/** From here on half of those who ask wait for the next commit, so that this process and Postgres both work. */
const splitFrom = 64;
/** How many may wait: the last one then waits for about a second. */
const maxWaiting = 20_000;
/** How often a batch is sent when a rival, or a lost connection, stands in its way. */
const maxAttempts = 5;
/** The longest pause after the first attempt; it grows with each, and is random so that rivals part. */
const pauseMs = 20;

/** So many requests wait already that another would not be answered in time. */
export class StockBusyError extends Error {
  override name = 'StockBusyError';
  readonly code = 'BUSY';
}

/** Requests of one kind, which one statement answers in one commit. */
export type Lane<Request, Answer> = {
  /** Answers each request, or puts it into a later batch by null. Asked again, a request gets the same answer. */
  readonly run: (requests: readonly Request[]) => Promise<readonly (Answer | null)[]>;
  /** What no other request of the same batch may name. */
  readonly marks: (request: Request) => readonly string[];
  /** How much of a batch's room a request takes; a heavier one than there is goes alone. */
  readonly weight: (request: Request) => number;
  readonly maxWeight: number;
};

/**
 * Why a batch failed: a rival stood in its way, so it may succeed as it is; nobody knows whether it was
 * committed, so it must be asked again; or one of its requests cannot be answered.
 */
export type Failure = 'rival' | 'unknown' | 'request';

type Entry<Request, Answer> = {
  readonly request: Request;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
};

/** A lane as the turns see it. */
type Turn = { waiting(): number; sendNext(most: number): Promise<number> };

/**
 * Gathers requests while the previous commit runs, and sends them together: one batch at a time, lanes in
 * turn, no timer. Correctness does not rest on it, so any number of processes may do the same.
 */
export const createGroupCommit = ({ failureOf }: { readonly failureOf: (error: unknown) => Failure }) => {
  const turns: Turn[] = [];
  // A batch belongs to many requests: it must not inherit the deadline of the one that happens to start it.
  const outsideRequests = AsyncLocalStorage.snapshot();
  let running: Promise<void> | null = null;

  const inLine = () => turns.reduce((sum, turn) => sum + turn.waiting(), 0);

  const run = async () => {
    // Whoever asks in the same moment comes along.
    await null;
    const answered = new Map<Turn, number>();
    for (let next = 0, idle = 0; idle < turns.length; next = (next + 1) % turns.length) {
      const turn = turns[next];
      if (!turn || turn.waiting() === 0) {
        idle += 1;
        continue;
      }
      idle = 0;
      const asking = turn.waiting() + (answered.get(turn) ?? 0);
      answered.set(turn, await turn.sendNext(asking > splitFrom ? Math.ceil(asking / 2) : maxBatch));
    }
    running = null;
  };

  return {
    /** Opens a lane: a function that answers one request, in the company of others. */
    lane: <Request, Answer>(lane: Lane<Request, Answer>): ((request: Request) => Promise<Answer>) => {
      const line = createLine(lane, failureOf);
      turns.push(line);
      return (request) => {
        if (inLine() >= maxWaiting) {
          return Promise.reject(new StockBusyError(`${maxWaiting} requests wait for stock already.`));
        }
        const answer = line.enter(request);
        running ??= outsideRequests(run);
        return answer;
      };
    },
    /** Settles when nobody waits any more. */
    idle: async () => {
      await running;
    },
  };
};

export type GroupCommit = ReturnType<typeof createGroupCommit>;

/** The requests of one lane that wait, and how a batch of them is answered. */
const createLine = <Request, Answer>(
  lane: Lane<Request, Answer>,
  failureOf: (error: unknown) => Failure,
): Turn & { enter(request: Request): Promise<Answer> } => {
  let waiting: Entry<Request, Answer>[] = [];

  const answerAll = async (batch: readonly Entry<Request, Answer>[], attempt = 1): Promise<void> => {
    const requests = batch.map(({ request }) => request);
    const result = await lane.run(requests).then(
      (answers) => ({ answers }),
      (error: unknown) => ({ error }),
    );
    if ('answers' in result) waiting = [...settle(batch, result.answers), ...waiting];
    else await failed(batch, attempt, result.error);
  };

  const failed = async (batch: readonly Entry<Request, Answer>[], attempt: number, error: unknown) => {
    const failure = failureOf(error);
    if (failure !== 'request' && attempt < maxAttempts) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * pauseMs * attempt));
      await answerAll(batch, attempt + 1);
    } else if (failure === 'unknown' || batch.length === 1) {
      for (const { reject } of batch) reject(error);
    } else {
      // The halves find the one that cannot be answered, and the others get their answers.
      const half = Math.ceil(batch.length / 2);
      await answerAll(batch.slice(0, half));
      await answerAll(batch.slice(half));
    }
  };

  return {
    waiting: () => waiting.length,
    enter: (request) =>
      new Promise((resolve, reject) => {
        waiting.push({ request, resolve, reject });
      }),
    sendNext: async (most) => {
      const { batch, left } = cutBatch(waiting, lane, Math.min(most, maxBatch));
      waiting = left;
      await answerAll(batch);
      return batch.length;
    },
  };
};

/** Gives each request its answer. Those without one are to be asked again. */
const settle = <Request, Answer>(
  batch: readonly Entry<Request, Answer>[],
  answers: readonly (Answer | null)[],
): Entry<Request, Answer>[] => {
  const again: Entry<Request, Answer>[] = [];
  for (const [index, entry] of batch.entries()) {
    const answer = answers[index];
    if (answer === null) again.push(entry);
    else if (answer !== undefined) entry.resolve(answer);
    else entry.reject(new Error('A batch was answered in part.'));
  }
  return again;
};

/** Takes from the front what fits into one batch; what shares a mark with it stays, in its order. */
const cutBatch = <Request, Answer>(
  waiting: readonly Entry<Request, Answer>[],
  { marks, weight, maxWeight }: Lane<Request, Answer>,
  most: number,
): { batch: Entry<Request, Answer>[]; left: Entry<Request, Answer>[] } => {
  const batch: Entry<Request, Answer>[] = [];
  const stays: Entry<Request, Answer>[] = [];
  const taken = new Set<string>();
  let room = maxWeight;
  let index = 0;
  for (; index < waiting.length && batch.length < most; index += 1) {
    const entry = waiting[index];
    if (!entry) break;
    const entryMarks = marks(entry.request);
    if (entryMarks.some((mark) => taken.has(mark))) {
      stays.push(entry);
      continue;
    }
    const entryWeight = weight(entry.request);
    if (entryWeight > room && batch.length > 0) break;
    room -= entryWeight;
    for (const mark of entryMarks) taken.add(mark);
    batch.push(entry);
  }
  return { batch, left: [...stays, ...waiting.slice(index)] };
};
