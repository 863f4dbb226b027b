import type { Reader, Transaction } from '@storegraph/postgres';
import { type SQL, sql } from 'drizzle-orm';
import type { Coupon, CouponToRedeem } from './coupon-domain.ts';
import { isId } from './variant-repository.ts';

/** A coupon as staff see it. */
export type CouponRow = Coupon & { readonly batchId: string | null; readonly place: number };

const columns = sql`coupons.coupon_key as key, coupons.code, coupons.promotion_id as "promotionId",
  coupons.max_uses as "maxUses", coupons.max_uses_per_customer as "maxUsesPerCustomer",
  coupons.customer_id as "customerId", coupons.is_withdrawn as "isWithdrawn", coupons.uses,
  coupons.batch_id as "batchId", coupons.place::float8 as place`;

/** What cannot be a batch is of no coupon. */
const noBatch = '00000000-0000-0000-0000-000000000000';
/** Behind every place there will ever be. */
const afterAll = sql.raw('9223372036854775807');

const texts = (values: readonly string[]): SQL => sql`${sql.param([...values])}::text[]`;

export const couponsByKeys = async (reader: Reader, keys: readonly string[]): Promise<CouponRow[]> => [
  ...(await reader.execute<CouponRow>(sql`
    select ${columns} from coupons where coupon_key = any(${texts(keys)})`)),
];

/** A page of a promotion's coupons: all of them, or those of a batch. */
export type CouponsWish = {
  readonly promotionId: string;
  readonly batchId: string | null;
  readonly before: number | null;
  readonly limit: number;
};

/** Any number of pages in one statement, in the order asked, each latest first. */
export const pagesOfCoupons = async (
  reader: Reader,
  wishes: readonly CouponsWish[],
): Promise<CouponRow[][]> => {
  const batches = wishes.map(({ batchId }) => (batchId === null || isId(batchId) ? batchId : noBatch));
  // Two ways in, so that each finds its page by an index of its own.
  const rows = await reader.execute<CouponRow & { page: string }>(sql`
    select wish.page, ${columns}
    from unnest(${sql.param(wishes.map(({ promotionId }) => promotionId))}::uuid[], ${sql.param(batches)}::uuid[],
      ${sql.param(wishes.map(({ before }) => before))}::bigint[],
      ${sql.param(wishes.map(({ limit }) => limit))}::integer[])
      with ordinality as wish (promotion_id, batch_id, before, size, page)
    cross join lateral (
      (select * from coupons where wish.batch_id is null and promotion_id = wish.promotion_id
        and place < coalesce(wish.before, ${afterAll}) order by place desc limit wish.size)
      union all
      (select * from coupons where batch_id = wish.batch_id and promotion_id = wish.promotion_id
        and place < coalesce(wish.before, ${afterAll}) order by place desc limit wish.size)) as coupons
    order by wish.page, coupons.place desc`);
  const pages: CouponRow[][] = wishes.map(() => []);
  for (const { page, ...row } of rows) pages[Number(page) - 1]?.push(row);
  return pages;
};

/** What new coupons have in common. */
export type NewCoupons = Pick<Coupon, 'promotionId' | 'maxUses' | 'maxUsesPerCustomer' | 'customerId'> & {
  readonly batchId: string | null;
};

/** Writes coupons whose keys are free, and answers how many those were. */
export const insertCoupons = async (
  tx: Transaction,
  coupons: readonly { readonly key: string; readonly code: string }[],
  { promotionId, batchId, maxUses, maxUsesPerCustomer, customerId }: NewCoupons,
): Promise<number> => {
  const rows = await tx.execute(sql`
    insert into coupons (coupon_key, code, promotion_id, batch_id, max_uses, max_uses_per_customer, customer_id)
    select key, code, ${promotionId}::uuid, ${batchId}::uuid, ${maxUses}::integer,
      ${maxUsesPerCustomer}::integer, ${customerId}::uuid
    from unnest(${texts(coupons.map(({ key }) => key))}, ${texts(coupons.map(({ code }) => code))})
      as made (key, code)
    on conflict (coupon_key) do nothing returning 1 as made`);
  return rows.length;
};

/** Answers whether there is such a coupon. */
export const markWithdrawn = async (tx: Transaction, key: string): Promise<boolean> => {
  const rows = await tx.execute(sql`
    update coupons set is_withdrawn = true where coupon_key = ${key} returning 1 as there`);
  return rows.length > 0;
};

/** Whoever buys or pays: their kind and id. */
export type Owner = { readonly kind: string; readonly id: string };

/** What a checkout has used up so far. */
export type Redemption = {
  readonly ownerKind: string | null;
  readonly ownerId: string | null;
  readonly isReleased: boolean;
  readonly keys: readonly string[];
};

/**
 * Makes whoever works on the same checkout, or for the same owner, wait. In this order everywhere, and before any
 * coupon is locked, so that nobody waits for each other in a ring.
 */
export const lockCheckout = async (
  tx: Transaction,
  checkoutId: string,
  owner: Owner | null,
): Promise<Redemption | null> => {
  const names = [`checkout ${checkoutId}`, ...(owner ? [`owner ${owner.kind} ${owner.id}`] : [])];
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(name, 0))
    from unnest(${texts(names)}) with ordinality as lock (name, place) order by place`);
  const [found] = await tx.execute<Redemption>(sql`
    select owner_kind as "ownerKind", owner_id as "ownerId", released_at is not null as "isReleased",
      array(select coupon_key from coupon_uses where coupon_uses.checkout_id = redemptions.checkout_id
        order by coupon_key) as keys
    from redemptions where checkout_id = ${checkoutId}`);
  return found ?? null;
};

/** Locks coupons, in the order of their keys. What is to be known of them is read by a statement after this one. */
export const lockCoupons = async (tx: Transaction, keys: readonly string[]): Promise<void> => {
  await tx.execute(sql`select 1 as locked from coupons where coupon_key = any(${texts(keys)})
    order by coupon_key for no key update`);
};

/** What decides whether coupons can be used up. The time is the database's, which every process shares. */
export const couponsToRedeem = async (
  reader: Reader,
  keys: readonly string[],
  owner: Owner,
): Promise<CouponToRedeem[]> => [
  ...(await reader.execute<CouponToRedeem>(sql`
    select ${columns}, promotions.is_active as "isActive",
      (promotions.conditions ->> 'isFirstOrderOnly')::boolean as "isFirstOrderOnly",
      case when promotions.starts_at > now() then 'NOT_YET' when promotions.ends_at <= now() then 'EXPIRED'
        else 'RUNNING' end as timing,
      (select count(*)::integer from coupon_uses where coupon_uses.coupon_key = coupons.coupon_key
        and owner_id = ${owner.id} and owner_kind = ${owner.kind} and not is_released) as "usesByBuyer"
    from coupons join promotions using (promotion_id) where coupon_key = any(${texts(keys)})`)),
];

/** Whether an owner has other checkouts that came to something. */
export const hasOtherOrders = async (tx: Transaction, checkoutId: string, owner: Owner): Promise<boolean> => {
  const rows = await tx.execute(sql`select 1 as there from redemptions
    where owner_id = ${owner.id} and owner_kind = ${owner.kind} and released_at is null
      and checkout_id <> ${checkoutId} limit 1`);
  return rows.length > 0;
};

/** Notes what a checkout uses up, of coupons that are locked. */
export const writeRedemption = async (
  tx: Transaction,
  {
    checkoutId,
    owner,
    keys,
  }: { readonly checkoutId: string; readonly owner: Owner; readonly keys: readonly string[] },
): Promise<void> => {
  await tx.execute(sql`
    with redeemed as (
      insert into redemptions (checkout_id, owner_kind, owner_id)
      values (${checkoutId}, ${owner.kind}, ${owner.id}) on conflict do nothing),
    used as (
      insert into coupon_uses (checkout_id, coupon_key, owner_kind, owner_id)
      select ${checkoutId}, key, ${owner.kind}, ${owner.id} from unnest(${texts(keys)}) as key
      returning coupon_key)
    update coupons set uses = uses + 1 from used where used.coupon_key = coupons.coupon_key`);
};

/** Gives back what a checkout has used up, for good, and answers the codes. */
export const writeRelease = async (tx: Transaction, checkoutId: string): Promise<string[]> => {
  await tx.execute(sql`
    insert into redemptions (checkout_id, released_at) values (${checkoutId}, now())
    on conflict (checkout_id) do update set released_at = coalesce(redemptions.released_at, now())`);
  await tx.execute(sql`select 1 as locked from coupons where coupon_key in (
    select coupon_key from coupon_uses where checkout_id = ${checkoutId} and not is_released)
    order by coupon_key for no key update`);
  const rows = await tx.execute<{ code: string }>(sql`
    with released as (
      update coupon_uses set is_released = true where checkout_id = ${checkoutId} and not is_released
      returning coupon_key)
    update coupons set uses = uses - 1 from released where released.coupon_key = coupons.coupon_key
    returning code`);
  return [...rows].map(({ code }) => code);
};

/** The codes a checkout has used, as they are printed. */
export const codesOfCheckout = async (reader: Reader, checkoutId: string): Promise<string[]> => {
  const rows = await reader.execute<{ code: string }>(sql`
    select code from coupon_uses join coupons using (coupon_key) where checkout_id = ${checkoutId}
    order by coupon_key`);
  return [...rows].map(({ code }) => code);
};
