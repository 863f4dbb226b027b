import type { Reader } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import type { KeptRefusal, Operation } from './reservation-domain.ts';

/** The key a request is kept under, with what it was asked. */
export type Keyed = {
  readonly scope: string;
  readonly mutation: string;
  readonly key: string;
  readonly fingerprint: Buffer;
};

/** What is to happen to a reservation. */
export type ChangeRequest = Keyed & {
  readonly operation: Operation;
  readonly reservationId: string;
  /** For extend alone. */
  readonly holdSeconds: number | null;
  readonly actor: string;
};

/** A hold whose time was over when it was to be confirmed, with what it takes to hold it again. */
export type HoldExpired = {
  readonly __typename: 'HoldExpired';
  readonly reservationId: string;
  readonly fingerprint: string;
  readonly region: string | null;
  readonly variantIds: readonly string[];
  readonly quantities: readonly number[];
};

export type ChangeDone =
  | 'ReservationConfirmed'
  | 'ReservationReleased'
  | 'ReservationExtended'
  | 'ReservationShipped';

export type ChangeOutcome =
  | { readonly __typename: ChangeDone; readonly reservationId: string }
  | KeptRefusal
  | HoldExpired;

/** What was answered to a key, now or before. */
export type KeyedAnswer<Outcome> =
  | { readonly conflict: true }
  | { readonly conflict?: never; readonly earlier?: true; readonly outcome: Outcome };

/** Changes a batch of reservations in one commit. Null asks for the request again in a later batch. */
export const changeReservations = async (
  reader: Reader,
  requests: readonly ChangeRequest[],
): Promise<readonly (KeyedAnswer<ChangeOutcome> | null)[]> => {
  const asked = requests.map((request) => ({
    scope: request.scope,
    mutation: request.mutation,
    key: request.key,
    fingerprint: request.fingerprint.toString('hex'),
    operation: request.operation,
    reservation_id: request.reservationId,
    hold_seconds: request.holdSeconds,
    actor: request.actor,
  }));
  const [row] = await reader.execute<{ answers: (KeyedAnswer<ChangeOutcome> | null)[] }>(
    sql`select change_reservations(${JSON.stringify(asked)}::jsonb) as answers`,
  );
  if (!row) throw new Error('A batch of changes was not answered.');
  return row.answers;
};

/** Ends holds past their time, at most so many. Answers how many; 0 also while another process does it. */
export const expireReservations = async (reader: Reader, most: number): Promise<number> => {
  const [row] = await reader.execute<{ ended: number }>(sql`select expire_reservations(${most}) as ended`);
  return row?.ended ?? 0;
};
