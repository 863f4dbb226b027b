import { hash } from 'node:crypto';

export type ReservationStatus = 'HELD' | 'CONFIRMED' | 'RELEASED' | 'EXPIRED' | 'SHIPPED';

/** Pieces of one variant. */
export type CartLine = { readonly variantId: string; readonly quantity: number };

/** Two lines of one variant are one line: checked apart, each could be filled and both together not. */
export const addUp = (lines: readonly CartLine[]): readonly CartLine[] => {
  if (lines.length === 1) return lines;
  const quantities = new Map<string, number>();
  for (const { variantId, quantity } of lines) {
    quantities.set(variantId, (quantities.get(variantId) ?? 0) + quantity);
  }
  return [...quantities].map(([variantId, quantity]) => ({ variantId, quantity }));
};

/**
 * The id of the one reservation a caller's key stands for, forever: a UUID of version 8 made of a hash, so that
 * the table's primary key also keeps a key from reserving twice.
 */
export const reservationIdOf = (scope: string, key: string): string => {
  const hex = hash('sha256', `${scope}\n${key}`, 'hex');
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

/** What a cart asks for, as a hash in hex: a key that comes again with another one is a mistake. */
export const cartFingerprint = (
  lines: readonly CartLine[],
  region: string | null,
  holdSeconds: number,
): string => {
  const parts = lines.map(({ variantId, quantity }) => `${variantId} ${quantity}`);
  return hash('sha256', [region ?? '', holdSeconds, ...parts].join('\n'), 'hex');
};

/** One variant that falls short. */
export type Shortage = {
  readonly variantId: string;
  readonly requested: number;
  readonly available: number;
};

/** How a request on stock can be refused, as it is kept under the request's key. */
export type KeptRefusal =
  | { readonly __typename: 'VariantNotFound'; readonly variantId: string }
  | { readonly __typename: 'OutOfStock'; readonly lines: readonly Shortage[] }
  | { readonly __typename: 'ReservationNotFound'; readonly reservationId: string }
  | {
      readonly __typename: 'ReservationStateRefused';
      readonly reservationId: string;
      readonly operation: Operation;
      readonly status: ReservationStatus;
    }
  | { readonly __typename: 'StockCommitted'; readonly available: number };

export type Operation = 'confirm' | 'release' | 'extend' | 'ship';

const deeds: Readonly<Record<Operation, string>> = {
  confirm: 'confirmed',
  release: 'released',
  extend: 'extended',
  ship: 'shipped',
};

const states: Readonly<Record<ReservationStatus, string>> = {
  HELD: 'still held: confirm it first',
  CONFIRMED: 'sold already',
  RELEASED: 'released: reserve anew',
  EXPIRED: 'expired: confirm it, or reserve anew',
  SHIPPED: 'shipped already',
};

/** What a person is told of a refusal. */
export const messageOf = (refusal: KeptRefusal): string => {
  switch (refusal.__typename) {
    case 'VariantNotFound':
      return `There is no variant ${refusal.variantId}.`;
    case 'OutOfStock':
      return refusal.lines.length === 1
        ? 'One variant falls short, so nothing was held: ask for no more than is available.'
        : `${refusal.lines.length} variants fall short, so nothing was held: ask for no more than is available.`;
    case 'ReservationNotFound':
      return `There is no reservation ${refusal.reservationId}.`;
    case 'ReservationStateRefused':
      return `The reservation cannot be ${deeds[refusal.operation]}, because it is ${states[refusal.status]}.`;
    case 'StockCommitted':
      return `Only ${refusal.available} pieces may go: the others are held, sold or not there. Nothing was changed.`;
  }
};

/** A refusal as it is answered. */
export type Refusal = KeptRefusal & { readonly message: string };

export const refusalOf = <Kept extends KeptRefusal>(kept: Kept): Kept & { readonly message: string } => ({
  ...kept,
  message: messageOf(kept),
});
