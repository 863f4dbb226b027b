import { createHash } from 'node:crypto';
import type { Money } from '@storegraph/money';
import type { Cart, Line, Seen, Standing } from './domain.ts';

/** What is known of a variant right now. Undefined is what nobody could say: then nothing is told of it. */
export type Glance = {
  readonly standing: Standing;
  readonly price: Money | null | undefined;
  /** How many pieces can be had. */
  readonly pieces: number | undefined;
};
export type Glances = ReadonlyMap<string, Glance>;

export type LineChange =
  | {
      readonly __typename: 'CartLinePriceChanged';
      readonly lineId: string;
      readonly was: Money | null;
      readonly now: Money | null;
    }
  | {
      readonly __typename: 'CartLineAvailabilityChanged';
      readonly lineId: string;
      readonly wasAvailable: boolean;
      readonly isAvailable: boolean;
    }
  | { readonly __typename: 'CartLineWithdrawn'; readonly lineId: string };

const isAvailable = ({ quantity }: Line, { standing, pieces }: Glance): boolean =>
  standing === 'sold' && (pieces === undefined || pieces >= quantity);

/** What is different from what the customer has seen. Nothing, of a line that was never seen. */
export const changesOf = (line: Line, glances: Glances): LineChange[] => {
  const { id: lineId, seen } = line;
  const glance = glances.get(line.variantId);
  if (seen === null || glance === undefined) return [];
  if (glance.standing !== 'sold') return [{ __typename: 'CartLineWithdrawn', lineId }];
  const changes: LineChange[] = [];
  const { price: now } = glance;
  if (now !== undefined && costsOther(seen.price, now)) {
    changes.push({ __typename: 'CartLinePriceChanged', lineId, was: seen.price, now });
  }
  const available = isAvailable(line, glance);
  if (available !== seen.isAvailable) {
    changes.push({
      ...{ __typename: 'CartLineAvailabilityChanged', lineId },
      ...{ wasAvailable: seen.isAvailable, isAvailable: available },
    });
  }
  return changes;
};

/** Prices in two currencies are not compared: the owner of the cart has chosen the other one. */
export const costsOther = (was: Money | null, now: Money | null): boolean =>
  was === null || now === null
    ? was !== now
    : now.currency === was.currency && now.amountMinor !== was.amountMinor;

/** Stands for what is shown of a cart: it differs as soon as something else would be shown. */
export const markOf = ({ lines }: Cart, glances: Glances): string => {
  const shown = lines.map((line) => {
    const glance = glances.get(line.variantId);
    return [line.id, line.quantity, glance?.standing, glance?.price, glance && isAvailable(line, glance)];
  });
  return createHash('sha256').update(JSON.stringify(shown)).digest('base64url').slice(0, 22);
};

/** What the customer has seen from now on, by line. A price that nobody could say stays the one seen before. */
export const seenBy = ({ lines }: Cart, glances: Glances, at: string): Record<string, Seen> =>
  Object.fromEntries(
    lines.flatMap((line) => {
      const glance = glances.get(line.variantId);
      if (!glance) return [];
      const price = glance.price === undefined ? (line.seen?.price ?? null) : glance.price;
      return [[line.id, { price, isAvailable: isAvailable(line, glance), at }]];
    }),
  );
