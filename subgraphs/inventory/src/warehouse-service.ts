import { append } from '@storegraph/events';
import type { IdempotencyConflict } from '@storegraph/idempotency';
import { type Database, newId, transaction } from '@storegraph/postgres';
import { callerScope, type InvalidInput, parseInput, type Viewer } from '@storegraph/server';
import * as inputs from './inputs.ts';
import { once } from './once-service.ts';
import { routeTo, type Warehouse } from './routing-domain.ts';
import { allWarehouses, saveWarehouse } from './warehouse-repository.ts';

export type WarehouseOutcome = { readonly __typename: 'WarehouseSaved'; readonly warehouseId: string };

/** The warehouses: few, asked by every reserve and read, so that each process keeps a list that facts renew. */
export const openWarehouses = async (db: Database) => {
  let list: readonly Warehouse[] = [];
  let routes = new Map<string | null, readonly string[]>();
  let loading: Promise<void> = Promise.resolve();

  /** One load after the other: an older one must not come in last. */
  const refresh = (): Promise<void> => {
    const load = async () => {
      list = await allWarehouses(db);
      routes = new Map();
    };
    loading = loading.then(load, load);
    return loading;
  };
  await refresh();

  return {
    /** Called after each fact of a saved warehouse, whichever process saved it. */
    refresh,

    list: (): readonly Warehouse[] => list,

    /** The warehouses a cart for a region is asked of, in order; the same array as long as none changes. */
    route: (region: string | null): readonly string[] => {
      const known = routes.get(region);
      if (known) return known;
      const route = routeTo(list, region).map(({ id }) => id);
      routes.set(region, route);
      return route;
    },

    save: async (
      viewer: Viewer,
      input: unknown,
    ): Promise<WarehouseOutcome | InvalidInput | IdempotencyConflict> => {
      const parsed = parseInput(inputs.warehouseSave, input);
      if ('invalid' in parsed) return parsed.invalid;
      const { idempotencyKey: key, ...warehouse } = parsed.input;
      const command = { scope: callerScope(viewer), operation: 'warehouseSave', key, input };
      const outcome = await transaction(db, (tx) =>
        once<WarehouseOutcome>(tx, command, async () => {
          const warehouseId = await saveWarehouse(tx, { id: newId(), ...warehouse });
          const data = { warehouseId, code: warehouse.code };
          append(tx, [{ type: 'inventory.warehouse_saved', aggregateId: warehouseId, data }]);
          return { __typename: 'WarehouseSaved', warehouseId };
        }),
      );
      await refresh();
      return outcome;
    },
  };
};

export type Warehouses = Awaited<ReturnType<typeof openWarehouses>>;
