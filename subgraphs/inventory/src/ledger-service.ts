import type { Database } from '@storegraph/postgres';
import { maxMovements, movementAt } from './ledger-domain.ts';
import { type MovementRow, movementsOf } from './movement-repository.ts';
import { isId } from './repository.ts';

/** A page of the ledger as a caller asks for it. */
export type LedgerWish = {
  readonly variantId: string;
  readonly warehouseId: string | null;
  readonly first: number;
  readonly after: string | null;
};

/** A page that was read. */
export type MovementPage = {
  readonly movements: readonly MovementRow[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
};

/** One page of a variant's ledger, or what is wrong with the wish. */
export const openLedger = async (
  db: Database,
  { variantId, warehouseId, first, after }: LedgerWish,
): Promise<MovementPage | { readonly problem: string }> => {
  if (first < 1 || first > maxMovements) return { problem: `first must be from 1 to ${maxMovements}.` };
  const place = after === null ? null : movementAt(after);
  if (after !== null && place === null) return { problem: 'after is no cursor of a ledger.' };

  const mayExist = isId(variantId) && (warehouseId === null || isId(warehouseId));
  // One more than the page shows whether another follows.
  const movements = mayExist
    ? await movementsOf(db, { variantId, warehouseId, before: place, limit: first + 1 })
    : [];
  return {
    movements: movements.slice(0, first),
    hasNextPage: movements.length > first,
    hasPreviousPage: place !== null,
  };
};
