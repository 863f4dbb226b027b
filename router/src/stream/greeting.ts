import { GraphQLError } from 'graphql';
import type { Caller } from '../front/head.ts';
import type { Runner } from '../front/operation.ts';
import { BadRequest } from '../front/refusal.ts';
import { type Closing, closing } from './closing.ts';
import type { Seats, SocketLimits } from './limits.ts';

export type GreetingOptions = {
  readonly runner: Runner;
  readonly limits: SocketLimits;
  /** Who asks, by the payload of the first message; throws for a token that does not hold. */
  readonly identify: (payload: Readonly<Record<string, unknown>>) => Promise<Caller>;
  /** The sockets of each account. */
  readonly seats: Seats;
};

/** How a socket finds out who is at its other end, and for how long that holds. */
export type Greeting = {
  readonly greet: (payload: Readonly<Record<string, unknown>>) => void;
  /** Null before the greeting was acknowledged. */
  readonly caller: () => Caller | null;
  readonly end: () => void;
};

/** What becomes of a socket by its greeting. */
export type Greeted = {
  readonly close: (why: Closing) => void;
  readonly acknowledge: () => void;
  /** The session has ended. */
  readonly leave: () => void;
};

/** The longest delay a timer takes; a longer one would fire at once. */
const maxTimerMs = 2 ** 31 - 1;

const accountOf = ({ viewer }: Caller): string | null =>
  viewer.kind === 'anonymous' || viewer.kind === 'guest' ? null : `${viewer.kind}:${viewer.id}`;

/** Waits for the first message, and ends the socket when it does not come, is wrong, or has lost its validity. */
export const createGreeting = (
  { close, acknowledge, leave }: Greeted,
  { limits, seats, identify, runner }: GreetingOptions,
): Greeting => {
  let stage: 'silent' | 'greeting' | 'over' = 'silent';
  let caller: Caller | null = null;
  let unwatch = () => {};
  let timer = setTimeout(close, limits.initTimeoutMs, closing.initTimeout);

  const admit = (identified: Caller) => {
    if (stage === 'over') return;
    if (runner.ended.has(identified.viewer)) return close(closing.sessionEnded);
    const account = accountOf(identified);
    if (account !== null && !seats.take(account)) return close(closing.tooManySockets);
    caller = identified;
    // A socket can be open for weeks, and the rights of its viewer must not be.
    if (Number.isFinite(identified.expiresAt)) {
      const remainingMs = Math.max(0, identified.expiresAt - Date.now());
      timer = setTimeout(close, Math.min(remainingMs, maxTimerMs), closing.expired);
    }
    unwatch = runner.ended.watch(identified.viewer, leave);
    acknowledge();
  };

  const turnAway = (error: unknown) => {
    if (error instanceof BadRequest || error instanceof GraphQLError) {
      return close([closing.forbidden[0], error.message]);
    }
    runner.log.error('A socket failed.', { error });
    close(closing.failed);
  };

  return {
    greet: (payload) => {
      if (stage !== 'silent') return close(closing.tooManyInits);
      stage = 'greeting';
      clearTimeout(timer);
      identify(payload).then(admit, turnAway);
    },
    caller: () => caller,
    end: () => {
      stage = 'over';
      clearTimeout(timer);
      unwatch();
      const account = caller && accountOf(caller);
      if (account !== null) seats.free(account);
      caller = null;
    },
  };
};
