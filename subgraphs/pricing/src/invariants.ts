/** What must hold of prices at every commit: each query finds what breaks it, so it must find nothing. */
export const invariants: Readonly<Record<string, string>> = {
  'no variant that was removed has a price': `
    select variant_id, price_list_id from prices join variants using (variant_id) where removed_at is not null`,
  'a compare-at price is more than the price, and a price ends after it starts': `
    select * from prices where compare_at_minor <= amount_minor or ends_at <= starts_at`,
  'every list for a group names one that is there': `
    select code, customer_group from price_lists left join customer_groups on group_code = customer_group
    where customer_group is not null and group_code is null`,
  'what was told of prices lies in the past': 'select told_until from told_changes where told_until > now()',
  'a coupon’s uses are those of checkouts that stand, and no more than it has': `
    select coupon_key, uses, max_uses, counted from coupons
    left join (select coupon_key, count(*) as counted from coupon_uses where not is_released
      group by coupon_key) as used using (coupon_key)
    where uses <> coalesce(counted, 0) or uses > max_uses`,
  'no customer uses a coupon more often than each may': `
    select coupon_key, owner_id, count(*) from coupon_uses join coupons using (coupon_key)
    where not is_released group by coupon_key, owner_id, max_uses_per_customer
    having count(*) > max_uses_per_customer`,
  'what a released checkout has used is given back, and what stands is its owner’s': `
    select * from coupon_uses join redemptions using (checkout_id)
    where is_released <> (released_at is not null) or coupon_uses.owner_id <> redemptions.owner_id
      or coupon_uses.owner_kind <> redemptions.owner_kind`,
  'a balance of points is the sum of the ledger, and was at each entry': `
    select customer_id, points_accounts.balance, summed from points_accounts
    left join (select customer_id, sum(delta) as summed from points_entries group by customer_id) as ledger
      using (customer_id)
    where balance <> coalesce(summed, 0) or balance < 0
    union all
    select customer_id, balance, running from (
      select customer_id, balance, sum(delta) over (partition by customer_id order by entry_id) as running
      from points_entries) as entries
    where balance <> running`,
  'what an order did to points is undone where it says so, and nowhere else': `
    with undone as (
      select order_id, sum(delta) filter (where reason = 'SPENT') as spent,
        sum(delta) filter (where reason = 'EARNED') as earned,
        coalesce(sum(delta) filter (where reason = 'SPENT_RETURNED'), 0) as returned,
        -coalesce(sum(delta) filter (where reason = 'EARNED_REVERSED'), 0) as taken_back
      from points_entries group by order_id)
    select order_id from undone left join points_reversals as reversal using (order_id)
    where coalesce(reversal.returned, 0) <> undone.returned
      or coalesce(reversal.taken_back, 0) <> undone.taken_back
      or undone.taken_back > coalesce(earned, 0)
      or (reversal.order_id is not null and undone.returned <> -coalesce(spent, 0))`,
};
