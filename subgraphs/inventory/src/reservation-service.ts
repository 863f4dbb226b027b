import {
  fingerprintOf,
  type IdempotencyConflict,
  idempotencyConflict,
  markReplay,
} from '@storegraph/idempotency';
import { type Database, transaction } from '@storegraph/postgres';
import { callerScope, type InvalidInput, parseInput, type Viewer } from '@storegraph/server';
import type { z } from 'zod';
import type { ChangeDone, ChangeOutcome, HoldExpired, KeyedAnswer } from './change-repository.ts';
import * as inputs from './inputs.ts';
import { once, tellingOf } from './once-service.ts';
import { isId } from './repository.ts';
import {
  addUp,
  cartFingerprint,
  type KeptRefusal,
  type Operation,
  type Refusal,
  refusalOf,
  reservationIdOf,
} from './reservation-domain.ts';
import type { ReserveAnswer } from './reserve-repository.ts';
import type { StockPath } from './stock-service.ts';
import type { Warehouses } from './warehouse-service.ts';

/** How long a hold that was taken again lasts: until the next batch confirms it. */
const renewedHoldSeconds = 60;

type Needs = { readonly db: Database; readonly stock: StockPath; readonly warehouses: Warehouses };
type RefusedBy<Name extends Refusal['__typename']> = Extract<Refusal, { readonly __typename: Name }>;
type Unasked = InvalidInput | IdempotencyConflict;
type Reserved = { readonly __typename: 'StockReserved'; readonly reservationId: string };
type Done<Name extends ChangeDone> = { readonly __typename: Name; readonly reservationId: string };

export type ReserveOutcome = Reserved | RefusedBy<'OutOfStock' | 'VariantNotFound'> | Unasked;
export type ChangedOutcome<Name extends ChangeDone> =
  | Done<Name>
  | RefusedBy<'ReservationStateRefused' | 'ReservationNotFound'>
  | Unasked;
export type ConfirmOutcome = ChangedOutcome<'ReservationConfirmed'> | RefusedBy<'OutOfStock'>;
export type ShipOutcome = ChangedOutcome<'ReservationShipped'> | RefusedBy<'StockCommitted'>;

/** Stock held for checkouts, and sold by them. */
export const createReservations = (needs: Needs) => ({
  reserve: createReserve(needs),
  confirm: createConfirm(needs),
  release: createOperation(needs.stock, release, inputs.reservationChange, 'ReservationReleased'),
  extend: createOperation(needs.stock, extend, inputs.reservationExtend, 'ReservationExtended'),
  ship: createOperation(needs.stock, ship, inputs.reservationChange, 'ReservationShipped', 'StockCommitted'),
});

const confirm = { operation: 'confirm', mutation: 'reservationConfirm' } as const;
const release = { operation: 'release', mutation: 'reservationRelease' } as const;
const extend = { operation: 'extend', mutation: 'reservationExtend' } as const;
const ship = { operation: 'ship', mutation: 'reservationShip' } as const;

const createReserve =
  ({ stock, warehouses }: Needs) =>
  async (viewer: Viewer, input: unknown): Promise<ReserveOutcome> => {
    const parsed = parseInput(inputs.stockReserve, input);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey: key, lines, region, holdSeconds } = parsed.input;
    const unknown = lines.find(({ variantId }) => !isId(variantId));
    if (unknown) return refusalOf({ __typename: 'VariantNotFound', variantId: unknown.variantId });

    const reservationId = reservationIdOf(callerScope(viewer), key);
    const asked = { key, reservationId };
    const answer = await stock.reserve({
      reservationId,
      fingerprint: cartFingerprint(lines, region, holdSeconds),
      lines: addUp(lines),
      region,
      holdSeconds,
      route: warehouses.route(region),
      isRenewal: false,
      ...(viewer.kind === 'staff' && {
        tells: tellingOf(viewer, { operation: 'stockReserve', input }, (told) => reserved(told, asked)),
      }),
    });
    return reserved(answer, asked);
  };

const reserved = (
  answer: ReserveAnswer,
  { key, reservationId }: { readonly key: string; readonly reservationId: string },
): ReserveOutcome => {
  if (answer.kind === 'conflict') return idempotencyConflict(key);
  const outcome: ReserveOutcome =
    answer.kind === 'granted'
      ? { __typename: 'StockReserved', reservationId }
      : only(refusalOf(answer.refusal), 'OutOfStock', 'VariantNotFound');
  return answer.isEarlier ? markReplay(outcome) : outcome;
};

const createConfirm = (needs: Needs) => {
  const change = createChange(needs.stock);
  return async (viewer: Viewer, input: unknown): Promise<ConfirmOutcome> => {
    const parsed = parseInput(inputs.reservationChange, input);
    if ('invalid' in parsed) return parsed.invalid;
    const command = { ...parsed.input, ...confirm };
    const first = await change(viewer, input, command);
    if (first.__typename !== 'HoldExpired') {
      return only(first, 'ReservationConfirmed', 'OutOfStock', ...alwaysPossible);
    }
    // Held again under its own id, then confirmed: a crash in between leaves a short hold, and a repeat goes on.
    const refusal = await renew(needs, first);
    if (refusal === null) {
      return only(await change(viewer, input, command), 'ReservationConfirmed', ...alwaysPossible);
    }
    const { idempotencyKey: key } = parsed.input;
    const intent = { scope: callerScope(viewer), operation: command.mutation, key, input };
    return transaction(needs.db, (tx) => once<RefusedBy<'OutOfStock'>>(tx, intent, async () => refusal));
  };
};

/** Holds the stock of a hold that has expired again. Null when it is held; else the refusal. */
const renew = async (
  { stock, warehouses }: Needs,
  expired: HoldExpired,
): Promise<RefusedBy<'OutOfStock'> | null> => {
  const lines = expired.variantIds.map((variantId, index) => ({
    variantId,
    quantity: expired.quantities[index] ?? 0,
  }));
  const answer = await stock.reserve({
    reservationId: expired.reservationId,
    fingerprint: expired.fingerprint,
    lines: addUp(lines),
    region: expired.region,
    holdSeconds: renewedHoldSeconds,
    route: warehouses.route(expired.region),
    isRenewal: true,
  });
  return answer.kind === 'refused' ? soldOut(answer.refusal, addUp(lines)) : null;
};

/** A variant that is not sold any more has nothing left of it. */
const soldOut = (refusal: KeptRefusal, lines: readonly { variantId: string; quantity: number }[]) => {
  const gone = (): RefusedBy<'OutOfStock'> =>
    refusalOf({
      __typename: 'OutOfStock',
      lines: lines.map(({ variantId, quantity }) => ({ variantId, requested: quantity, available: 0 })),
    });
  return refusal.__typename === 'VariantNotFound' ? gone() : only(refusalOf(refusal), 'OutOfStock');
};

const alwaysPossible = ['ReservationStateRefused', 'ReservationNotFound', 'IdempotencyConflict'] as const;

/** An operation that ends with one of these, once for a key. */
const createOperation = <Name extends ChangeDone | 'StockCommitted'>(
  stock: StockPath,
  operation: Pick<Command, 'operation' | 'mutation'>,
  schema: z.ZodType<Omit<Command, 'operation' | 'mutation'>>,
  ...names: readonly Name[]
) => {
  const change = createChange(stock);
  return async (viewer: Viewer, input: unknown) => {
    const parsed = parseInput(schema, input);
    if ('invalid' in parsed) return parsed.invalid;
    const outcome = await change(viewer, input, { ...parsed.input, ...operation });
    return only<Changed, Name | (typeof alwaysPossible)[number]>(outcome, ...names, ...alwaysPossible);
  };
};

type Command = {
  readonly operation: Operation;
  readonly mutation: string;
  readonly idempotencyKey: string;
  readonly reservationId: string;
  readonly holdSeconds?: number | undefined;
};
type Changed = Done<ChangeDone> | Refusal | HoldExpired | IdempotencyConflict;

/** Changes one reservation, once for a key. */
const createChange =
  (stock: StockPath) =>
  async (viewer: Viewer, input: unknown, command: Command): Promise<Changed> => {
    const { idempotencyKey: key, reservationId, operation, mutation, holdSeconds = null } = command;
    if (!isId(reservationId)) return refusalOf({ __typename: 'ReservationNotFound', reservationId });
    const scope = callerScope(viewer);
    const outcomeOf = (answer: KeyedAnswer<ChangeOutcome>): Changed => {
      if (answer.conflict) return idempotencyConflict(key);
      const outcome = told(answer.outcome);
      return answer.earlier ? markReplay(outcome) : outcome;
    };
    const answer = await stock.change({
      scope,
      mutation,
      key,
      fingerprint: fingerprintOf(input),
      operation,
      reservationId,
      holdSeconds,
      actor: scope,
      tells: tellingOf(viewer, { operation: mutation, input }, outcomeOf),
    });
    return outcomeOf(answer);
  };

const told = (outcome: ChangeOutcome): Changed => {
  switch (outcome.__typename) {
    case 'HoldExpired':
    case 'ReservationConfirmed':
    case 'ReservationReleased':
    case 'ReservationExtended':
    case 'ReservationShipped':
      return outcome;
    default:
      return refusalOf(outcome);
  }
};

/** Narrows an outcome to those that can happen here; any other is a fault of ours. */
const only = <Outcome extends { readonly __typename: string }, const Name extends Outcome['__typename']>(
  outcome: Outcome,
  ...names: readonly Name[]
): Extract<Outcome, { readonly __typename: Name }> => {
  if (isOneOf(outcome, names)) return outcome;
  throw new Error(`${outcome.__typename} cannot be the outcome of this operation.`);
};

const isOneOf = <Outcome extends { readonly __typename: string }, Name extends string>(
  outcome: Outcome,
  names: readonly Name[],
): outcome is Extract<Outcome, { readonly __typename: Name }> =>
  names.some((name) => name === outcome.__typename);
