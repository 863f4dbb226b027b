import { randomUUID } from 'node:crypto';
import { type Answer, isAnswer } from '../run/answer.ts';
import type { Exchange } from './exchange.ts';
import type { Caller } from './head.ts';
import type { FrontLimits } from './limits.ts';
import { type Opened, type Runner, run, subscribe } from './operation.ts';
import { full, type Outflow, type Outflows, pump } from './outflow.ts';
import { BadRequest, overLimit } from './refusal.ts';
import { eventStream, eventText } from './subscription.ts';

/** One stream that carries the answers of many operations, each asked for by a request of its own. */
export type Reservation = {
  readonly attach: (exchange: Exchange) => void;
  readonly start: (id: string, opened: Opened, caller: Caller) => void;
  readonly end: (id: string) => void;
  readonly drop: () => void;
};

type Operation = { isOver: boolean; end: () => void };

/** Between the reservation and its stream lies one round trip. */
const reservationMs = 15_000;

const conflict = (message: string): BadRequest => new BadRequest(409, 'BAD_REQUEST', message);

const carry = async (
  operation: Operation,
  next: (answer: Answer) => void,
  { opened, caller, runner }: { readonly opened: Opened; readonly caller: Caller; readonly runner: Runner },
): Promise<void> => {
  if (opened.prepared.kind !== 'subscription') return next(await run(opened, caller, runner));
  const source = await subscribe(opened, caller, runner);
  if (isAnswer(source)) return next(source);
  // It may have been ended while it was being opened.
  if (operation.isOver) return void source.return();
  operation.end = () => void source.return();
  await pump(source, { caller, runner }, next);
};

type Options = {
  readonly runner: Runner;
  readonly outflows: Outflows;
  readonly limits: FrontLimits;
};

const createReservation = ({ runner, outflows, limits }: Options, dropped: () => void): Reservation => {
  const operations = new Map<string, Operation>();
  let outflow: Outflow | null = null;
  let waiting = '';

  const end = (id: string): void => {
    const operation = operations.get(id);
    if (!operation) return;
    operations.delete(id);
    operation.isOver = true;
    operation.end();
  };

  const drop = (): void => {
    clearTimeout(expiry);
    dropped();
    for (const id of [...operations.keys()]) end(id);
  };
  const expiry = setTimeout(drop, reservationMs);

  const say = (event: 'next' | 'complete', data: string): void => {
    const text = eventText(event, data);
    if (outflow !== null) outflow.send(text);
    // Its owner asks much and reads nothing; it is cut as the reader of an open stream would be.
    else if (waiting.length > limits.maxUnsentBytes) drop();
    else waiting += text;
  };

  const start: Reservation['start'] = (id, opened, caller) => {
    if (operations.has(id)) throw conflict('An operation with this id is running.');
    const allowed = limits.maxOperationsPerStream;
    if (operations.size >= allowed) {
      const message = `One stream carries at most ${allowed} operations at a time.`;
      throw overLimit(400, message, { limit: 'operationsPerStream', allowed, asked: operations.size + 1 });
    }
    const operation: Operation = { isOver: false, end: () => undefined };
    operations.set(id, operation);
    const name = JSON.stringify(id);
    const next = ({ body }: Answer): void => {
      if (!operation.isOver) say('next', `{"id":${name},"payload":${body}}`);
    };
    void carry(operation, next, { opened, caller, runner }).then(() => {
      if (operation.isOver) return;
      operations.delete(id);
      say('complete', `{"id":${name}}`);
    });
  };

  const attach: Reservation['attach'] = (exchange) => {
    if (outflow) throw conflict('The stream is open already.');
    outflows.check();
    outflow = outflows.open(exchange, eventStream, drop);
    clearTimeout(expiry);
    outflow.send(waiting);
    waiting = '';
  };

  return { attach, start, end, drop };
};

/** The reservations of one process: clients of several routers need one that is theirs, or the distinct mode. */
export type Reservations = {
  readonly reserve: () => string;
  /** Throws 404 for a token that nobody has got from this process, or that is no longer good. */
  readonly find: (token: string) => Reservation;
  readonly stop: () => void;
};

/** Hands out streams by tokens that cannot be guessed. */
export const createReservations = (options: Options): Reservations => {
  const byToken = new Map<string, Reservation>();
  return {
    reserve: () => {
      if (byToken.size >= options.limits.maxStreams) throw full();
      const token = randomUUID();
      byToken.set(
        token,
        createReservation(options, () => byToken.delete(token)),
      );
      return token;
    },
    find: (token) => {
      const reservation = byToken.get(token);
      if (reservation) return reservation;
      throw new BadRequest(404, 'NOT_FOUND', 'There is no such stream: reserve one by PUT.');
    },
    stop: () => {
      for (const reservation of [...byToken.values()]) reservation.drop();
    },
  };
};
