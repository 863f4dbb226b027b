import { connect, newId } from '@storegraph/postgres';
import { mountForTest, staff } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { inventory } from './main.ts';

/** What the tests of reads share: a mounted inventory whose rows a test writes itself. */

export const reader = staff('stock:read');
export const writer = staff('stock:read', 'stock:write', 'stock:reserve');

/** Whatever a test looks at in an answer, it states in its expectation. */
// biome-ignore lint/suspicious/noExplicitAny: answers have the shape of the operation, which is text.
export type Answer = any;

type Shelf = {
  readonly variantId: string;
  readonly warehouseId: string;
  readonly onHand?: number;
  readonly reserved?: number;
  readonly sold?: number;
  readonly limit?: number;
  /** Until when the bound counts, as SQL. */
  readonly until?: string;
};

export const openStock = async () => {
  const mounted = await mountForTest(inventory);
  const db = connect({ url: mounted.url, schema: 'inventory', name: 'test' });

  const ask = async (query: string, variables: object = {}, viewer = reader): Promise<Answer> => {
    const { data, errors } = await mounted.execute(query, variables, viewer);
    if (errors) throw new Error(errors.map((error: Answer) => error.message).join(' '));
    return data;
  };
  const makeWarehouse = async (rest: object = {}): Promise<string> => {
    const input = { idempotencyKey: newId(), code: newId().toUpperCase().slice(4), ...rest };
    const { warehouseSave } = await ask(
      `mutation ($input: WarehouseSaveInput!) { warehouseSave(input: $input) {
        ... on WarehouseSaved { warehouse { id } } ... on UserError { message } } }`,
      { input: { name: 'A warehouse', region: 'DE', ...input } },
      writer,
    );
    return warehouseSave.warehouse.id;
  };
  const makeVariant = async (rest: { policy?: string; until?: string; low?: number } = {}) => {
    const id = newId();
    await db.execute(sql`insert into variants
      (variant_id, product_id, sku, sku_key, policy, preorder_until, low_stock_threshold)
      values (${id}, ${newId()}, ${id}, ${id}, ${rest.policy ?? 'DENY'}::policy_kind,
        ${sql.raw(rest.until ?? 'null')}, ${rest.low ?? 0})`);
    return id;
  };
  /** Writes what stands on a shelf, and the fact of it, in one commit. */
  const put = async (shelf: Shelf): Promise<void> => {
    const { variantId, warehouseId, onHand = 0, reserved = 0, sold = 0, limit = 0, until = 'null' } = shelf;
    const fact = { variantId, warehouseId, onHand, reserved, sold, available: onHand - reserved - sold };
    await db.execute(sql`
      with written as (
        insert into stock as shelf (variant_id, warehouse_id, on_hand, reserved, sold, backorder_limit, backorder_until, version)
        values (${variantId}, ${warehouseId}, ${onHand}, ${reserved}, ${sold}, ${limit}, ${sql.raw(until)}, 1)
        on conflict (variant_id, warehouse_id) do update set on_hand = excluded.on_hand, reserved = excluded.reserved,
          sold = excluded.sold, version = shelf.version + 1
        returning version)
      select append_facts(array['inventory.stock_changed'], array[1], array[${variantId}::text],
        array[${JSON.stringify(fact)}::jsonb || jsonb_build_object('version', version)]) from written`);
  };
  return {
    ...mounted,
    db,
    ask,
    makeWarehouse,
    makeVariant,
    put,
    stop: async () => {
      await db.close();
      await mounted.stop();
    },
  };
};

export type OpenStock = Awaited<ReturnType<typeof openStock>>;

/** Variants as the router asks for them. */
export const entities = (ids: readonly string[]) => ({
  representations: ids.map((id) => ({ __typename: 'ProductVariant', id })),
});
