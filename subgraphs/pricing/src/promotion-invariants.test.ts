import { randomUUID } from 'node:crypto';
import { transaction } from '@storegraph/postgres';
import { type SQL, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { invariants } from './invariants.ts';
import { openPromotions, type TestPromotions } from './promotion-fixture.ts';

/** A check of the checks: whatever goes wrong with coupons or points is found by an invariant. */

let shop: TestPromotions;
const me = randomUUID();
const [used, undone] = [randomUUID(), randomUUID()];
beforeAll(async () => {
  shop = await openPromotions();
  const codes = [await shop.couponCode({ maxUses: 2, maxUsesPerCustomer: 1 })];
  await shop.change('couponRedeem', { checkoutId: used, ownerKind: 'customer', ownerId: me, codes });
  await shop.change('pointsEarn', { customerId: me, orderId: undone, points: 10 });
  await shop.change('pointsReverse', { customerId: me, orderId: undone });
  await shop.change('pointsEarn', { customerId: me, orderId: randomUUID(), points: 5 });
});
afterAll(() => shop.stop());

const [uses, perCustomer, released, balance, reversal] = [
  'a coupon’s uses are those of checkouts that stand, and no more than it has',
  'no customer uses a coupon more often than each may',
  'what a released checkout has used is given back, and what stands is its owner’s',
  'a balance of points is the sum of the ledger, and was at each entry',
  'what an order did to points is undone where it says so, and nowhere else',
];

test.each<[string, SQL, (string | undefined)[]]>([
  ['nothing', sql`select 1`, []],
  ['a use that nobody made', sql`update coupons set uses = uses + 1`, [uses]],
  ['a use that is forgotten', sql`update coupon_uses set is_released = true`, [uses, released]],
  [
    'a use too many of one customer',
    sql`
    with more as (insert into redemptions (checkout_id, owner_kind, owner_id)
      select gen_random_uuid(), owner_kind, owner_id from redemptions returning *),
    again as (insert into coupon_uses select more.checkout_id, coupon_key, more.owner_kind, more.owner_id
      from more, (select distinct coupon_key from coupon_uses) as used)
    update coupons set uses = 2`,
    [perCustomer],
  ],
  ['a release that gave nothing back', sql`update redemptions set released_at = now()`, [released]],
  ['a use of somebody else', sql`update redemptions set owner_id = 'thief'`, [released]],
  ['points from nowhere', sql`update points_accounts set balance = balance + 1`, [balance]],
  ['a reversal that took nothing', sql`update points_reversals set taken_back = 0`, [reversal]],
  ['a reversal that nobody noted', sql`delete from points_reversals`, [reversal]],
])('%s', async (_what, wrong, expected) => {
  class Undone extends Error {}
  const found: string[] = [];
  const planted = transaction(shop.db, async (tx) => {
    await tx.execute(wrong);
    for (const [says, query] of Object.entries(invariants))
      if ((await tx.execute(sql.raw(query))).length > 0) found.push(says);
    throw new Undone();
  });
  await expect(planted).rejects.toThrow(Undone);
  expect(found).toEqual(expected);
});
