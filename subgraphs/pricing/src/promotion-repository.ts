import type { Reader, Transaction } from '@storegraph/postgres';
import { type SQL, sql } from 'drizzle-orm';
import type { Action, Conditions, Promotion } from './promotion-domain.ts';
import { isId } from './variant-repository.ts';

type PromotionRow = {
  readonly promotion_id: string;
  readonly code: string;
  readonly name: string;
  readonly is_active: boolean;
  readonly needs_coupon: boolean;
  readonly starts_at: Date | string | null;
  readonly ends_at: Date | string | null;
  readonly priority: number;
  readonly is_exclusive: boolean;
  readonly stacking_group: string | null;
  readonly conditions: Conditions;
  readonly action: Action;
  readonly version: number;
};

const instant = (value: Date | string | null): Date | null => (value === null ? null : new Date(value));

const promotionOf = (row: PromotionRow): Promotion => ({
  id: row.promotion_id,
  code: row.code,
  name: row.name,
  isActive: row.is_active,
  needsCoupon: row.needs_coupon,
  startsAt: instant(row.starts_at),
  endsAt: instant(row.ends_at),
  priority: row.priority,
  isExclusive: row.is_exclusive,
  stackingGroup: row.stacking_group,
  // Those that were stored before there were categories name none.
  conditions: { ...row.conditions, categoryIds: row.conditions.categoryIds ?? null },
  action: row.action,
  version: row.version,
});

const select = async (reader: Reader, rest: SQL): Promise<Promotion[]> =>
  [...(await reader.execute<PromotionRow>(sql`select * from promotions ${rest}`))].map(promotionOf);

export const promotionsByIds = (reader: Reader, ids: readonly string[]): Promise<Promotion[]> =>
  select(reader, sql`where promotion_id = any(${sql.param(ids.filter(isId))}::uuid[])`);

/** Those that any cart may get, and those that codes switch on, whether their time has come or not. */
export const promotionsForQuotes = (reader: Reader, couponKeys: readonly string[]): Promise<Promotion[]> =>
  select(
    reader,
    sql`where (is_active and not needs_coupon and (ends_at is null or ends_at > now()))
      or promotion_id in (
        select promotion_id from coupons where coupon_key = any(${sql.param([...couponKeys])}::text[]))`,
  );

export const promotionByCode = async (reader: Reader, code: string): Promise<Promotion | null> => {
  if (!/^[A-Z0-9-]{1,32}$/.test(code)) return null;
  const [found] = await select(reader, sql`where code = ${code}`);
  return found ?? null;
};

/** Locks the promotion of a code until the transaction ends, be it there or not. */
export const lockPromotion = async (tx: Transaction, code: string): Promise<Promotion | null> => {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`promotion ${code}`}, 0))`);
  const [found] = await select(tx, sql`where code = ${code}`);
  return found ?? null;
};

/** A page of promotions, latest first: their ids are in the order they were made. */
export const pageOfPromotions = (
  reader: Reader,
  {
    isActive,
    before,
    limit,
  }: { readonly isActive: boolean | null; readonly before: string | null; readonly limit: number },
): Promise<Promotion[]> =>
  select(
    reader,
    sql`where (${isActive}::boolean is null or is_active = ${isActive}::boolean)
      and (${before}::uuid is null or promotion_id < ${before}::uuid)
    order by promotion_id desc limit ${limit}`,
  );

/** Keeps others from switching promotions on until the transaction ends, and counts those that are, but for one. */
export const countAutomatic = async (tx: Transaction, exceptId: string | null): Promise<number> => {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('promotions', 0))`);
  const [row] = await tx.execute<{ count: number }>(sql`select count(*)::integer as count from promotions
    where is_active and not needs_coupon and (ends_at is null or ends_at > now())
      and promotion_id is distinct from ${exceptId}::uuid`);
  return row?.count ?? 0;
};

/** Writes a promotion that is new or was locked. */
export const writePromotion = async (tx: Transaction, promotion: Promotion): Promise<void> => {
  const { id, startsAt, endsAt, conditions, action, ...rest } = promotion;
  const [starts, ends] = [startsAt?.toISOString() ?? null, endsAt?.toISOString() ?? null];
  await tx.execute(sql`
    insert into promotions (promotion_id, code, name, is_active, needs_coupon, starts_at, ends_at, priority,
      is_exclusive, stacking_group, conditions, action, version)
    values (${id}, ${rest.code}, ${rest.name}, ${rest.isActive}, ${rest.needsCoupon}, ${starts}, ${ends},
      ${rest.priority}, ${rest.isExclusive}, ${rest.stackingGroup}, ${JSON.stringify(conditions)}::text::jsonb,
      ${JSON.stringify(action)}::text::jsonb, ${rest.version})
    on conflict (promotion_id) do update set name = excluded.name, is_active = excluded.is_active,
      needs_coupon = excluded.needs_coupon, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
      priority = excluded.priority, is_exclusive = excluded.is_exclusive,
      stacking_group = excluded.stacking_group, conditions = excluded.conditions, action = excluded.action,
      version = excluded.version`);
};
