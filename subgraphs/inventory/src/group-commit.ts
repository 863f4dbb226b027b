import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as afterEvents } from 'node:timers/promises';

/** Requests of one batch: its commit still takes only milliseconds, however long each request's cart is. */
const maxBatch = 512;
/** From here on half of those who ask wait for the next commit, so that this process and Postgres both work. */
const splitFrom = 64;
/** How long rivals are reckoned with: whoever of them comes first often comes a few times more. */
const rivalsMs = 250;
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

/** What became of a batch. */
export type Answered<Answer> = {
  /** In the order of the requests; null puts one into a later batch. */
  readonly answers: readonly (Answer | null)[];
  /** Whether it stood behind other processes' batches: then those keep Postgres busy, whatever this one does. */
  readonly hadRivals: boolean;
};

/** Requests of one kind, which one statement answers in one commit. */
export type Lane<Request, Answer> = {
  /** Answers each request. Asked again, a request gets the same answer. */
  readonly run: (requests: readonly Request[]) => Promise<Answered<Answer>>;
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

/** A batch that was answered; to be delivered is to tell those who wait. */
type Sent = { readonly size: number; readonly hadRivals: boolean; readonly deliver: () => void };

/** A lane as the turns see it. */
type Turn = { waiting(): number; sendNext(most: number): Promise<Sent> };

/**
 * Gathers requests while the previous commit runs, and sends them together: one batch at a time, lanes in
 * turn, no timer. Correctness does not rest on it, so any number of processes may do the same.
 */
export const createGroupCommit = ({ failureOf }: { readonly failureOf: (error: unknown) => Failure }) => {
  const turns: Turn[] = [];
  // A batch belongs to many requests: it must not inherit the deadline of the one that happens to start it.
  const outsideRequests = AsyncLocalStorage.snapshot();
  let running: Promise<void> | null = null;
  let delivered: Promise<void> | null = null;
  let rivalsUntil = 0;
  let place = 0;

  const inLine = () => turns.reduce((sum, turn) => sum + turn.waiting(), 0);

  /** The next lane in turn in which somebody waits. */
  const nextLane = (): Turn | undefined => {
    for (let tries = 0; tries < turns.length; tries += 1) {
      const turn = turns[place];
      place = (place + 1) % turns.length;
      if (turn && turn.waiting() > 0) return turn;
    }
    return undefined;
  };

  const sendBatch = async (turn: Turn, sizeBefore: number, last: Sent | null): Promise<Sent> => {
    const hasRivals = performance.now() < rivalsUntil;
    // Rivals keep Postgres busy: rather than half of those who ask, all come along, the answered ones too.
    if (hasRivals && last) await soon(last.deliver);
    const asking = turn.waiting() + sizeBefore;
    const isSplit = asking > splitFrom && !hasRivals;
    const sending = turn.sendNext(isSplit ? Math.ceil(asking / 2) : maxBatch);
    // Who is answered asks again and keeps this process busy: by then Postgres has the next batch.
    if (!hasRivals && last) delivered = soon(last.deliver);
    const sent = await sending;
    if (sent.hadRivals) rivalsUntil = performance.now() + rivalsMs;
    return sent;
  };

  const run = async () => {
    // Whoever asks in the same moment comes along.
    await null;
    const sizes = new Map<Turn, number>();
    let last: Sent | null = null;
    for (let turn = nextLane(); turn; turn = nextLane()) {
      last = await sendBatch(turn, sizes.get(turn) ?? 0, last);
      sizes.set(turn, last.size);
    }
    running = null;
    last?.deliver();
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
      await delivered;
    },
  };
};

export type GroupCommit = ReturnType<typeof createGroupCommit>;

/** After what was written to Postgres is on its way; settles when those who were told have done what they do at once. */
const soon = async (deliver: () => void): Promise<void> => {
  await afterEvents();
  deliver();
  await afterEvents();
};

/** The requests of one lane that wait, and how a batch of them is answered. */
const createLine = <Request, Answer>(
  lane: Lane<Request, Answer>,
  failureOf: (error: unknown) => Failure,
): Turn & { enter(request: Request): Promise<Answer> } => {
  let waiting: Entry<Request, Answer>[] = [];

  const answerAll = async (batch: readonly Entry<Request, Answer>[], attempt = 1): Promise<Sent> => {
    const requests = batch.map(({ request }) => request);
    const result = await lane.run(requests).then(
      (answered) => ({ answered }),
      (error: unknown) => ({ error }),
    );
    if (!('answered' in result)) return failed(batch, attempt, result.error);
    const { answers, hadRivals } = result.answered;
    const again = batch.filter((_, place) => answers[place] === null);
    if (again.length > 0) waiting = [...again, ...waiting];
    return { size: batch.length, hadRivals, deliver: () => settle(batch, answers) };
  };

  const failed = async (
    batch: readonly Entry<Request, Answer>[],
    attempt: number,
    error: unknown,
  ): Promise<Sent> => {
    const failure = failureOf(error);
    if (failure !== 'request' && attempt < maxAttempts) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * pauseMs * attempt));
      return answerAll(batch, attempt + 1);
    }
    if (failure === 'unknown' || batch.length === 1) {
      const deliver = () => {
        for (const { reject } of batch) reject(error);
      };
      return { size: batch.length, hadRivals: false, deliver };
    }
    // The halves find the one that cannot be answered, and the others get their answers.
    const half = Math.ceil(batch.length / 2);
    const first = await answerAll(batch.slice(0, half));
    const second = await answerAll(batch.slice(half));
    const deliver = () => {
      first.deliver();
      second.deliver();
    };
    return { size: batch.length, hadRivals: second.hadRivals, deliver };
  };

  return {
    waiting: () => waiting.length,
    enter: (request) =>
      new Promise((resolve, reject) => {
        waiting.push({ request, resolve, reject });
      }),
    sendNext: (most) => {
      const { batch, left } = cutBatch(waiting, lane, Math.min(most, maxBatch));
      waiting = left;
      return answerAll(batch);
    },
  };
};

/** Gives each request its answer, except those that are asked again. */
const settle = <Request, Answer>(
  batch: readonly Entry<Request, Answer>[],
  answers: readonly (Answer | null)[],
): void => {
  for (const [place, entry] of batch.entries()) {
    const answer = answers[place];
    if (answer === undefined) entry.reject(new Error('A batch was answered in part.'));
    else if (answer !== null) entry.resolve(answer);
  }
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
