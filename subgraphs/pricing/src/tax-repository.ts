import type { Reader, Transaction } from '@storegraph/postgres';
import { skuKeyOf } from '@storegraph/sku';
import { sql } from 'drizzle-orm';

/** A rate of a tax, from an instant on. */
export type TaxRateRow = {
  readonly region: string;
  /** A state or province; empty for the whole country. */
  readonly subdivision: string;
  readonly category: string;
  readonly name: string;
  readonly rateMillionths: number;
  readonly validFrom: Date;
};

/** Every rate of regions: those that held, hold and will hold. */
export const ratesOfRegions = async (reader: Reader, regions: readonly string[]): Promise<TaxRateRow[]> => [
  ...(await reader.execute<TaxRateRow>(sql`
    select region, subdivision, category, name, rate_millionths as "rateMillionths", valid_from as "validFrom"
    from tax_rates join unnest(${sql.param([...regions])}::text[]) as asked (place) on region = left(place, 2)
      and (length(place) = 2 or subdivision in ('', substring(place from 4)))
    order by region, subdivision, category, name, valid_from`)),
];

/** Writes rates. Answers the regions in which one is another than before. */
export const saveTaxRates = async (tx: Transaction, rates: readonly TaxRateRow[]): Promise<string[]> => {
  const [row] = await tx.execute<{ regions: string[] }>(sql`
    with written as (
      insert into tax_rates as known (region, subdivision, category, name, valid_from, rate_millionths)
      select region, subdivision, category, name, "validFrom", "rateMillionths"
      from jsonb_to_recordset(${JSON.stringify(rates)}::jsonb) as rate (region text, subdivision text, category text,
        name text, "validFrom" timestamptz, "rateMillionths" integer)
      on conflict (region, subdivision, category, name, valid_from) do update
        set rate_millionths = excluded.rate_millionths
        where known.rate_millionths <> excluded.rate_millionths
      returning region
    )
    select coalesce(array_agg(distinct region), '{}') as regions from written`);
  return row?.regions ?? [];
};

export const hasTaxRates = async (reader: Reader): Promise<boolean> => {
  const rows = await reader.execute(sql`select 1 as one from tax_rates limit 1`);
  return rows.length > 0;
};

/** Says how variants are taxed, by the keys of their SKUs; null for as their categories say. */
export const saveTaxCategories = async (
  tx: Transaction,
  lines: readonly { readonly sku: string; readonly category: string | null }[],
): Promise<void> => {
  const keyed = lines.map(({ sku, category }) => ({ key: skuKeyOf(sku), category }));
  await tx.execute(sql`update variants set tax_category = category
    from jsonb_to_recordset(${JSON.stringify(keyed)}::jsonb) as line (key text, category text)
    where sku_key = key and removed_at is null`);
};

type TaxExemption = {
  readonly customerId: string;
  readonly region: string;
  readonly reason: string;
  readonly validUntil: Date | null;
};

export const saveExemption = async (tx: Transaction, exemption: TaxExemption): Promise<void> => {
  const { customerId, region, reason, validUntil } = exemption;
  await tx.execute(sql`insert into tax_exemptions (customer_id, region, reason, valid_until)
    values (${customerId}, ${region}, ${reason}, ${validUntil?.toISOString() ?? null}::timestamptz)
    on conflict (customer_id, region) do update
      set reason = excluded.reason, valid_until = excluded.valid_until`);
};

/** Answers whether there was one. */
export const removeExemption = async (
  tx: Transaction,
  { customerId, region }: Pick<TaxExemption, 'customerId' | 'region'>,
): Promise<boolean> => {
  const rows = await tx.execute(sql`delete from tax_exemptions
    where customer_id = ${customerId} and region = ${region} returning 1 as gone`);
  return rows.length > 0;
};
