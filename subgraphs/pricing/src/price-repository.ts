import type { Reader } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import { inOrder, type PriceLine, type PriceList, type Tariff } from './price-domain.ts';
import { modeOf, type StoredMode } from './rate-repository.ts';
import { isId } from './variant-repository.ts';

/** Everything that prices of some variants in some currencies hang on, at one moment. */
export type PriceBook = {
  readonly tariff: Tariff;
  /** The customer's group, if they are in one. */
  readonly customerGroup: string | null;
  readonly linesOf: (variantId: string) => readonly PriceLine[];
};

type Line = [string, string, number, number, number | null, number | null, number | null];

type Row = {
  readonly atMs: number;
  readonly customerGroup: string | null;
  readonly lists: PriceList[];
  readonly rates: {
    currency: string;
    rateNano: number | null;
    validFromMs: number | null;
    nextFromMs: number | null;
  }[];
  readonly rules: { currency: string; stepMinor: number; endingMinor: number; mode: StoredMode }[];
  readonly lines: Line[];
};

const ms = (column: string) => sql.raw(`floor(extract(epoch from ${column}) * 1000)::bigint`);

/**
 * Reads it in one statement, so that all of it is of one moment: the database's, which every process shares. What
 * has ended is left out; what has not begun yet is there, since it says how long today's price holds.
 */
export const readPriceBook = async (
  reader: Reader,
  asked: {
    readonly variantIds: readonly string[];
    readonly currencies: readonly string[];
    readonly baseCurrency: string;
    /** Whose group counts; null for somebody without an account. */
    readonly customerId: string | null;
  },
): Promise<PriceBook> => {
  const { baseCurrency, customerId } = asked;
  const ids = sql`${sql.param(asked.variantIds.filter(isId))}::uuid[]`;
  const wanted = sql`${sql.param([...asked.currencies])}::text[]`;
  const member = customerId !== null && isId(customerId) ? customerId : null;
  const [row] = await reader.execute<Row>(sql`
    with lists as materialized (
      select price_list_id, code, name, currency, regions, customer_group, priority, includes_tax, starts_at, ends_at
      from price_lists
      where is_active and (currency = ${baseCurrency} or currency = any(${wanted}))
        and (ends_at is null or ends_at > now())
    )
    select ${ms('now()')} as "atMs",
      (select group_code from customer_group_members where customer_id = ${member}::uuid) as "customerGroup",
      (select coalesce(jsonb_agg(jsonb_build_object('id', price_list_id, 'code', code, 'name', name,
        'currency', currency, 'regions', regions, 'customerGroup', customer_group, 'priority', priority,
        'includesTax', includes_tax, 'startsAtMs', ${ms('starts_at')}, 'endsAtMs', ${ms('ends_at')})), '[]')
        from lists) as lists,
      (select coalesce(jsonb_agg(jsonb_build_object('currency', currency, 'rateNano', rate_nano,
        'validFromMs', ${ms('valid_from')}, 'nextFromMs', ${ms('next_from')})), '[]')
        from unnest(${wanted}) as wanted (currency)
        left join lateral (select rate_nano, valid_from from exchange_rates
          where base = ${baseCurrency} and exchange_rates.currency = wanted.currency and valid_from <= now()
          order by valid_from desc limit 1) as rate on true
        left join lateral (select valid_from as next_from from exchange_rates
          where base = ${baseCurrency} and exchange_rates.currency = wanted.currency and valid_from > now()
          order by valid_from limit 1) as next on true) as rates,
      (select coalesce(jsonb_agg(jsonb_build_object('currency', currency, 'stepMinor', step_minor,
        'endingMinor', ending_minor, 'mode', mode)), '[]')
        from rounding_rules where currency = any(${wanted})) as rules,
      (select coalesce(jsonb_agg(jsonb_build_array(variant_id, price_list_id, min_quantity, amount_minor,
        compare_at_minor, ${ms('prices.starts_at')}, ${ms('prices.ends_at')})), '[]')
        from prices join lists using (price_list_id)
        where variant_id = any(${ids}) and (prices.ends_at is null or prices.ends_at > now())) as lines`);
  if (!row) throw new Error('A select without a table gave no row.');
  return bookOf(row, baseCurrency);
};

const bookOf = (row: Row, baseCurrency: string): PriceBook => {
  const lines = new Map<string, PriceLine[]>();
  for (const [
    variantId,
    listId,
    minQuantity,
    amountMinor,
    compareAtMinor,
    startsAtMs,
    endsAtMs,
  ] of row.lines) {
    const line = { listId, minQuantity, amountMinor, compareAtMinor, startsAtMs, endsAtMs };
    const known = lines.get(variantId);
    if (known) known.push(line);
    else lines.set(variantId, [line]);
  }
  const rates = row.rates.map(({ currency, rateNano, validFromMs, nextFromMs }) => {
    const rate = rateNano === null || validFromMs === null ? null : { rateNano, validFromMs };
    return [currency, { rate, nextFromMs }] as const;
  });
  const rules = row.rules.map((rule) => [rule.currency, { ...rule, mode: modeOf(rule.mode) }] as const);
  return {
    tariff: {
      atMs: Number(row.atMs),
      baseCurrency,
      lists: inOrder(row.lists),
      rates: new Map(rates),
      rules: new Map(rules),
    },
    customerGroup: row.customerGroup,
    linesOf: (variantId) => lines.get(variantId.toLowerCase()) ?? [],
  };
};
