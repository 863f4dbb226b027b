import type { Reader } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import type { CouponOfBuyer } from './coupon-domain.ts';
import type { Owner } from './coupon-repository.ts';
import { quoteLifetimeMs } from './quote-domain.ts';
import type { QuoteKey } from './quote-token-domain.ts';
import { countryOf } from './region-domain.ts';
import type { TaxRate } from './tax-domain.ts';
import { isId } from './variant-repository.ts';

const texts = (values: readonly string[]) => sql`${sql.param([...values])}::text[]`;

/** An owner with where they buy. */
export type OwnerIn = Owner & { readonly region: string };

/** What is known of an owner that a price can depend on. */
export type OwnerRow = {
  readonly customerGroup: string | null;
  readonly hasOrdered: boolean;
  readonly balance: number;
  readonly toUse: number;
  readonly taxExemption: string | null;
  readonly exemptUntilMs: number | null;
  /** The keys of the wrong codes entered within a day. */
  readonly wrongCodes: readonly string[];
  readonly lastWrongAtMs: number | null;
};

const ms = (column: string) => sql.raw(`floor(extract(epoch from ${column}) * 1000)::float8`);

/** Any number of owners in one statement, in the order given. */
export const ownersOf = async (reader: Reader, owners: readonly OwnerIn[]): Promise<OwnerRow[]> => {
  const customers = owners.map(({ kind, id }) => (kind === 'customer' && isId(id) ? id : null));
  const rows = await reader.execute<OwnerRow>(sql`
    select member.group_code as "customerGroup",
      exists (select from redemptions where redemptions.owner_id = owner.id
        and redemptions.owner_kind = owner.kind and released_at is null) as "hasOrdered",
      coalesce(account.balance, 0) as balance, coalesce(account.to_use, 0) as "toUse",
      exemption.reason as "taxExemption", ${ms('exemption.valid_until')} as "exemptUntilMs", guesses.keys as "wrongCodes",
      ${ms('guesses.last_at')} as "lastWrongAtMs"
    from unnest(${texts(owners.map(({ kind }) => kind))}, ${texts(owners.map(({ id }) => id))},
      ${texts(owners.map(({ region }) => region))}, ${sql.param(customers)}::uuid[])
      with ordinality as owner (kind, id, region, customer_id, place)
    left join customer_group_members as member using (customer_id)
    left join points_accounts as account using (customer_id)
    left join tax_exemptions as exemption on exemption.customer_id = owner.customer_id
      and exemption.region = left(owner.region, 2) and (exemption.valid_until is null or exemption.valid_until > now())
    cross join lateral (select coalesce(array_agg(coupon_key), '{}') as keys, max(guessed_at) as last_at from coupon_guesses
      where coupon_guesses.owner = owner.kind || ' ' || owner.id
        and guessed_at > now() - interval '1 day') as guesses
    order by owner.place`);
  return [...rows];
};

/** A code that an owner has entered, by its key. */
export type Entered = Owner & { readonly key: string };

/** The coupons entered, each with how often its owner has used it; unknown ones are left out. */
export const couponsEntered = async (
  reader: Reader,
  entered: readonly Entered[],
): Promise<(CouponOfBuyer & { ownerKind: string; ownerId: string })[]> => {
  const rows = await reader.execute<CouponOfBuyer & { ownerKind: string; ownerId: string }>(sql`
    select coupons.coupon_key as key, code, promotion_id as "promotionId", max_uses as "maxUses",
      max_uses_per_customer as "maxUsesPerCustomer", customer_id as "customerId",
      is_withdrawn as "isWithdrawn", uses, entered.kind as "ownerKind", entered.id as "ownerId",
      (select count(*)::integer from coupon_uses where coupon_uses.coupon_key = coupons.coupon_key
        and owner_id = entered.id and owner_kind = entered.kind and not is_released) as "usesByBuyer"
    from unnest(${texts(entered.map(({ key }) => key))}, ${texts(entered.map(({ kind }) => kind))},
      ${texts(entered.map(({ id }) => id))}) as entered (coupon_key, kind, id)
    join coupons using (coupon_key)`);
  return [...rows];
};

/** What quotes are signed with, the key that signs first. */
export const quoteKeys = async (reader: Reader): Promise<(QuoteKey & { readonly nowMs: number })[]> => [
  ...(await reader.execute<QuoteKey & { nowMs: number }>(sql`
    select key_id as id, secret, ${ms('now()')} as "nowMs" from quote_keys order by created_at desc, key_id`)),
];

/**
 * The shop's own table of taxes, as far as it matters for a quote that is made now: what holds, what follows while a
 * quote lasts, and what has just ended, since other reads of the quote may be a moment older.
 */
export const taxRatesIn = async (reader: Reader, regions: readonly string[]): Promise<TaxRate[]> => {
  const rows = await reader.execute<Omit<TaxRate, 'validFrom'> & { validFromMs: number }>(sql`
    select region, subdivision, category, name, rate_millionths as "rateMillionths", ${ms('valid_from')} as "validFromMs"
    from (select *, lead(valid_from) over (partition by region, subdivision, category, name order by valid_from) as next_from
      from tax_rates where region = any(${texts(regions.map(countryOf))})) as rates
    where valid_from <= now() + make_interval(secs => ${quoteLifetimeMs / 1_000})
      and (next_from is null or next_from > now() - interval '1 minute')`);
  return [...rows].map(({ validFromMs, ...rate }) => ({ ...rate, validFrom: new Date(validFromMs) }));
};
