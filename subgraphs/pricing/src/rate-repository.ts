import type { Rounding } from '@storegraph/money';
import type { Reader, Transaction } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';

/** How a rounding mode is called in the graph and in the table. */
export type StoredMode = 'HALF_EVEN' | 'HALF_UP' | 'DOWN' | 'UP';

const modes = { HALF_EVEN: 'halfEven', HALF_UP: 'halfUp', DOWN: 'down', UP: 'up' } as const;

export const modeOf = (stored: StoredMode): Rounding => modes[stored];

export type ExchangeRateRow = {
  readonly base: string;
  readonly currency: string;
  readonly rateNano: number;
  readonly validFrom: Date;
};

type RoundingRuleRow = {
  readonly currency: string;
  readonly stepMinor: number;
  readonly endingMinor: number;
  readonly mode: StoredMode;
};

/** The rates that hold now, by currency. */
export const ratesNow = async (reader: Reader, base: string): Promise<ExchangeRateRow[]> => {
  const rows = await reader.execute<ExchangeRateRow>(sql`
    select distinct on (currency) base, currency, rate_nano::float8 as "rateNano", valid_from as "validFrom"
    from exchange_rates where base = ${base} and valid_from <= now() order by currency, valid_from desc`);
  return [...rows];
};

/** Writes rates that hold from an instant on. Answers the currencies whose rate is another than before. */
export const saveRates = async (
  tx: Transaction,
  {
    base,
    validFrom,
    rates,
  }: {
    readonly base: string;
    readonly validFrom: Date;
    readonly rates: readonly { readonly currency: string; readonly rateNano: number }[];
  },
): Promise<string[]> => {
  const rows = await tx.execute<{ currency: string }>(sql`
    insert into exchange_rates as known (base, currency, valid_from, rate_nano)
    select ${base}, currency, ${validFrom.toISOString()}::timestamptz, "rateNano"
    from jsonb_to_recordset(${JSON.stringify(rates)}::jsonb) as rate (currency text, "rateNano" bigint)
    on conflict (base, currency, valid_from) do update set rate_nano = excluded.rate_nano
      where known.rate_nano <> excluded.rate_nano
    returning currency`);
  return [...rows].map(({ currency }) => currency);
};

export const roundingRules = async (reader: Reader): Promise<RoundingRuleRow[]> => [
  ...(await reader.execute<RoundingRuleRow>(sql`
    select currency, step_minor as "stepMinor", ending_minor as "endingMinor", mode
    from rounding_rules order by currency`)),
];

export const saveRoundingRule = async (tx: Transaction, rule: RoundingRuleRow): Promise<void> => {
  const { currency, stepMinor, endingMinor, mode } = rule;
  await tx.execute(sql`insert into rounding_rules (currency, step_minor, ending_minor, mode)
    values (${currency}, ${stepMinor}, ${endingMinor}, ${mode}::rounding_mode)
    on conflict (currency) do update
      set step_minor = excluded.step_minor, ending_minor = excluded.ending_minor, mode = excluded.mode`);
};
