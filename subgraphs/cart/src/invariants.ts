/** What must hold of carts at every commit: each query finds what breaks it, so it must find nothing. */
export const invariants: Readonly<Record<string, string>> = {
  'a cart has one line for a variant, of 1 to 999 pieces': `
    select cart_id, line ->> 'variantId' as variant_id, count(*)
    from carts, jsonb_array_elements(content -> 'lines') as line
    group by cart_id, line ->> 'variantId'
    having count(*) > 1 or min((line ->> 'quantity')::integer) < 1 or max((line ->> 'quantity')::integer) > 999`,
  'a line has an id of its own': `
    select cart_id, line ->> 'id' as line_id
    from carts, jsonb_array_elements((content -> 'lines') || (content -> 'savedForLater')) as line
    group by cart_id, line ->> 'id' having count(*) > 1`,
  'a merge that was cut short is ended': `
    select cart_id, owner_id, updated_at from carts
    where is_half_merged and updated_at < now() - interval '10 minutes'`,
  'what was handed over is nowhere else': `
    select cart_id from carts
    where content ->> 'isHandedOver' = 'true'
      and (content ->> 'closedInto' is null or is_filled or jsonb_array_length(content -> 'savedForLater') > 0)`,
  'what was published as abandoned is marked so, or was touched again': `
    select aggregate_id, data from outbox
    join carts on cart_id = aggregate_id::uuid
    where type = 'cart.abandoned' and abandoned_at is null and (data ->> 'updatedAt')::timestamptz = updated_at`,
};
