import type { Reader, Transaction } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import { isId } from './variant-repository.ts';

/** A price to write in a list; without an amount, to take away. */
export type PriceToWrite = {
  readonly variantId: string;
  readonly minQuantity: number;
  readonly amountMinor: number | null;
  readonly compareAtMinor: number | null;
  readonly startsAt: Date | null;
  readonly endsAt: Date | null;
};

/**
 * Writes prices in a list. Answers the variant of each line that changed something. Rows are met in one order, so
 * that two who write the same prices do not wait for each other in a circle.
 */
export const writePrices = async (
  tx: Transaction,
  priceListId: string,
  lines: readonly PriceToWrite[],
): Promise<string[]> => {
  const [row] = await tx.execute<{ changed: string[] }>(sql`
    with lines as materialized (
      select * from jsonb_to_recordset(${JSON.stringify(lines)}::jsonb) as line ("variantId" uuid, "minQuantity" integer,
        "amountMinor" bigint, "compareAtMinor" bigint, "startsAt" timestamptz, "endsAt" timestamptz)
      order by "variantId", "minQuantity", "startsAt"
    ),
    written as (
      insert into prices as known
        (variant_id, price_list_id, min_quantity, amount_minor, compare_at_minor, starts_at, ends_at)
      select "variantId", ${priceListId}::uuid, "minQuantity", "amountMinor", "compareAtMinor", "startsAt", "endsAt"
      from lines where "amountMinor" is not null
      on conflict on constraint one_price_for_each_start do update
        set amount_minor = excluded.amount_minor, compare_at_minor = excluded.compare_at_minor, ends_at = excluded.ends_at
        where (known.amount_minor, known.compare_at_minor, known.ends_at)
          is distinct from (excluded.amount_minor, excluded.compare_at_minor, excluded.ends_at)
      returning variant_id
    ),
    taken as (
      delete from prices using lines
      where variant_id = "variantId" and price_list_id = ${priceListId}::uuid and min_quantity = "minQuantity"
        and starts_at is not distinct from "startsAt" and "amountMinor" is null
      returning variant_id
    )
    select coalesce(array_agg(variant_id::text), '{}') as changed
    from (select variant_id from written union all select variant_id from taken) as changed`);
  return row?.changed ?? [];
};

export type WrittenPriceRow = {
  readonly listCode: string;
  readonly currency: string;
  readonly minQuantity: number;
  readonly amountMinor: number;
  readonly compareAtMinor: number | null;
  readonly startsAt: Date | null;
  readonly endsAt: Date | null;
};

/** A variant in every list there may be, twice; more nobody would read. */
const maxWritten = 1_000;

/** The prices of a variant, past ones too. */
export const pricesOfVariant = async (reader: Reader, variantId: string): Promise<WrittenPriceRow[]> => {
  if (!isId(variantId)) return [];
  const rows = await reader.execute<WrittenPriceRow>(sql`
    select code as "listCode", currency, min_quantity as "minQuantity", amount_minor::float8 as "amountMinor",
      compare_at_minor::float8 as "compareAtMinor", prices.starts_at as "startsAt", prices.ends_at as "endsAt"
    from prices join price_lists using (price_list_id) where variant_id = ${variantId}
    order by priority, code, min_quantity, prices.starts_at nulls first limit ${maxWritten}`);
  return [...rows];
};
