import type { Database } from '@storegraph/postgres';
import { createMovements } from './movement-service.ts';
import { createPolicies } from './policy-service.ts';
import { createReservations } from './reservation-service.ts';
import type { StockPath } from './stock-service.ts';
import type { Warehouses } from './warehouse-service.ts';

type Needs = {
  readonly db: Database;
  readonly stock: StockPath;
  readonly warehouses: Warehouses;
  readonly now?: () => Date;
};

/** Everything that changes stock. */
export const createInventory = ({ db, stock, warehouses, now = () => new Date() }: Needs) => ({
  warehouses,
  policies: createPolicies({ db, warehouses }),
  movements: createMovements({ db, stock, now }),
  reservations: createReservations({ db, stock, warehouses }),
});

export type Inventory = ReturnType<typeof createInventory>;
