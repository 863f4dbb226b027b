import { announceCommit, append, type Fact } from '@storegraph/events';
import { type Database, type Reader, type Transaction, transaction } from '@storegraph/postgres';
import {
  type ChangeOutcome,
  type ChangeRequest,
  changeReservations,
  expireReservations,
  type KeyedAnswer,
} from './change-repository.ts';
import { type Answered, createGroupCommit, type Failure } from './group-commit.ts';
import type { Tally } from './movement-domain.ts';
import { type MoveRequest, moveStock } from './movement-repository.ts';
import { type ReserveAnswer, type ReserveRequest, reserveStock } from './reserve-repository.ts';

/** Lines of carts in one batch: each costs the batch some 10 µs. */
const maxCartLines = 2_000;
/** Changes of reservations in one batch: how many lines they have is not known before they are read. */
const maxChanges = 256;
/** Lines of feeds and counts in one batch: each costs some 70 µs, and a flash sale may wait behind them. */
export const linesPerPart = 250;
/** Holds that one sweep ends, for the same reason. */
const sweptAtOnce = 256;

/** A request, and what its answer is to be told as: where staff ask, and nobody else. */
type Asked<Request, Answer> = Request & {
  readonly tells?: ((answer: Answer) => Fact | null) | undefined;
};
type Reserve = Asked<ReserveRequest, ReserveAnswer>;
type Change = Asked<ChangeRequest, KeyedAnswer<ChangeOutcome>>;
type Move = Asked<MoveRequest, KeyedAnswer<Tally>>;

/** The one path to stock. Each function answers one request, in one commit with those that came meanwhile. */
export type StockPath = {
  readonly reserve: (request: Reserve) => Promise<ReserveAnswer>;
  readonly change: (request: Change) => Promise<KeyedAnswer<ChangeOutcome>>;
  readonly move: (request: Move) => Promise<KeyedAnswer<Tally>>;
  /** Ends holds past their time. Answers how many there were. */
  readonly sweep: () => Promise<number>;
  /** Settles when nothing is under way any more. */
  readonly idle: () => Promise<void>;
};

/** Opens the path over a connection of its own, so that a batch never stands behind somebody's read. */
export const openStockPath = (db: Database): StockPath => {
  const commits = createGroupCommit({ failureOf });
  return {
    reserve: commits.lane<Reserve, ReserveAnswer>({
      run: answering(db, reserveStock),
      marks: ({ reservationId }) => [reservationId],
      weight: ({ lines }) => lines.length,
      maxWeight: maxCartLines,
    }),
    change: commits.lane<Change, KeyedAnswer<ChangeOutcome>>({
      run: answering(db, withoutRivals(changeReservations)),
      marks: (request) => [request.reservationId, markOf(request)],
      weight: () => 1,
      maxWeight: maxChanges,
    }),
    move: commits.lane<Move, KeyedAnswer<Tally>>({
      run: answering(db, withoutRivals(moveStock)),
      marks: (request) => [markOf(request)],
      weight: ({ lines }) => lines.length,
      maxWeight: linesPerPart,
    }),
    sweep: sweepLane(
      commits.lane<null, number>({
        run: async (requests) => {
          const ended = await expireReservations(db, sweptAtOnce);
          announceCommit('inventory');
          return { answers: requests.map(() => ended), hadRivals: false };
        },
        marks: () => [],
        weight: () => 1,
        maxWeight: 1,
      }),
    ),
    idle: commits.idle,
  };
};

type Answering<Request, Result> = (reader: Reader, requests: readonly Request[]) => Promise<Result>;

/** Of changes and movements a batch holds few: whether rivals are there makes no difference to it. */
const withoutRivals =
  <Request, Answer>(
    answer: Answering<Request, readonly (Answer | null)[]>,
  ): Answering<Request, Answered<Answer>> =>
  async (reader, requests) => ({ answers: await answer(reader, requests), hadRivals: false });

/** Answers a batch by one statement alone; where staff are among those who ask, together with what is told of them. */
const answering =
  <Request, Answer>(db: Database, answer: Answering<Request, Answered<Answer>>) =>
  async (requests: readonly Asked<Request, Answer>[]): Promise<Answered<Answer>> => {
    const isTold = requests.some(({ tells }) => tells);
    const answered = isTold
      ? await transaction(db, async (tx) => tellingAll(tx, requests, await answer(tx, requests)))
      : await answer(db, requests);
    announceCommit('inventory');
    return answered;
  };

const tellingAll = <Request, Answer>(
  tx: Transaction,
  requests: readonly Asked<Request, Answer>[],
  answered: Answered<Answer>,
) => {
  const facts = requests.map(({ tells }, index) => {
    const answer = answered.answers[index] ?? null;
    return answer === null ? null : (tells?.(answer) ?? null);
  });
  append(
    tx,
    facts.filter((fact) => fact !== null),
  );
  return answered;
};

const sweepLane = (sweepOnce: (request: null) => Promise<number>) => async () => {
  for (let total = 0; ; ) {
    const ended = await sweepOnce(null);
    total += ended;
    if (ended < sweptAtOnce) return total;
  }
};

const markOf = ({ scope, mutation, key }: { scope: string; mutation: string; key: string }): string =>
  `${scope} ${mutation} ${key}`;

/** Two inserted one key, or waited for each other: the second time the first one's commit is seen. */
const rivalCodes = new Set(['23505', '40001', '40P01', '55P03']);

/** Postgres says what it did with a batch, unless it was stopping, full, or gone: then nobody knows. */
const isAnswer = (code: string): boolean => /^[0-9A-Z]{5}$/.test(code) && !/^(?:08|25|53|57|58)/.test(code);

const failureOf = (error: unknown): Failure => {
  const code = codeOf(error);
  if (code === undefined) return 'request';
  if (rivalCodes.has(code)) return 'rival';
  return isAnswer(code) ? 'request' : 'unknown';
};

const codeOf = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined;
  return 'code' in error && typeof error.code === 'string' ? error.code : codeOf(error.cause);
};
