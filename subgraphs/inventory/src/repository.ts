import type { Reader, Transaction } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import type { ReservationStatus } from './reservation-domain.ts';
import type { Shelf, VariantStock } from './stock-domain.ts';

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Whether text is an id at all. One that is not finds nothing, and Postgres would refuse to look for it. */
export const isId = (text: string): boolean => uuid.test(text);

/** The shelf columns of `stock`. */
const shelfColumns = sql`variant_id as "variantId", warehouse_id as "warehouseId", on_hand as "onHand", reserved,
  sold, version, case when backorder_until <= now() then 0 else backorder_limit end as room`;

type VariantRow = Omit<VariantStock, 'shelves'> & { readonly variantId: string; readonly shelves: Shelf[] };

/** The stock of variants, in the order asked; null where nobody has told us of the variant. One statement. */
export const variantStocks = async (
  reader: Reader,
  ids: readonly string[],
): Promise<(VariantStock | null)[]> => {
  const rows = await reader.execute<VariantRow>(sql`
    select variant_id as "variantId", policy, preorder_until as "preorderUntil",
      low_stock_threshold as "lowStockThreshold", removed_at is not null as "isRemoved", coalesce(shelves, '[]') as shelves
    from variants
    left join lateral (
      select jsonb_agg(to_jsonb(shelf) order by "warehouseId") as shelves
      from (select ${shelfColumns} from stock where stock.variant_id = variants.variant_id) as shelf
    ) as shelves on true
    where variant_id = any(${sql.param(ids.filter(isId))}::uuid[])`);
  const byId = new Map([...rows].map(({ variantId, ...variant }) => [variantId, variant]));
  return ids.map((id) => byId.get(id.toLowerCase()) ?? null);
};

/** All shelves of variants. */
export const shelvesOf = async (reader: Reader, variantIds: readonly string[]): Promise<Shelf[]> => [
  ...(await reader.execute<Shelf>(
    sql`select ${shelfColumns} from stock where variant_id = any(${sql.param([...variantIds])}::uuid[])
      order by variant_id, warehouse_id`,
  )),
];

export type ReservationRow = {
  readonly id: string;
  readonly status: ReservationStatus;
  readonly expiresAt: Date;
  readonly variantIds: readonly string[];
  readonly warehouseIds: readonly string[];
  readonly quantities: readonly number[];
};

/** Reservations; a hold whose time is over counts as expired, whether or not a sweep has met it. */
export const reservationsByIds = async (
  reader: Reader,
  ids: readonly string[],
): Promise<ReservationRow[]> => [
  ...(await reader.execute<ReservationRow>(sql`
    select reservation_id as id, expires_at as "expiresAt", variant_ids as "variantIds",
      warehouse_ids as "warehouseIds", quantities,
      case when status = 'HELD' and expires_at <= now() then 'EXPIRED' else status end as status
    from reservations
    where reservation_id = any(${sql.param(ids.filter(isId))}::uuid[]) and status <> 'REFUSED'`)),
];

/** Locks all stock of variants, as every batch does. */
export const lockStock = async (tx: Transaction, variantIds: readonly string[]): Promise<void> => {
  await tx.execute(sql`select lock_stock(${sql.param([...variantIds])}::uuid[])`);
};

/** Publishes what the transaction has changed of variants' stock. Call it last: it holds the outbox. */
export const publishStock = async (tx: Transaction, variantIds: readonly string[]): Promise<void> => {
  await tx.execute(sql`select publish_stock(${sql.param([...variantIds])}::uuid[])`);
};
