/** What must hold of stock at every commit: each query finds what breaks it, so it must find nothing. */
export const invariants: Readonly<Record<string, string>> = {
  'what is on hand is the sum of the ledger': `
    select variant_id, warehouse_id, on_hand, coalesce(moved, 0) as moved
    from stock
    left join (
      select variant_id, warehouse_id, sum(delta) as moved from movements group by variant_id, warehouse_id
    ) as ledger using (variant_id, warehouse_id)
    where on_hand <> coalesce(moved, 0)`,
  'what is reserved and sold is what reservations say': `
    with lines as (
      select variant_id, warehouse_id, sum(quantity) filter (where status = 'HELD') as held,
        sum(quantity) filter (where status = 'CONFIRMED') as confirmed
      from reservations, unnest(variant_ids, warehouse_ids, quantities) as line (variant_id, warehouse_id, quantity)
      where status in ('HELD', 'CONFIRMED')
      group by variant_id, warehouse_id
    )
    select variant_id, warehouse_id, reserved, held, sold, confirmed
    from stock full join lines using (variant_id, warehouse_id)
    where coalesce(reserved, 0) <> coalesce(held, 0) or coalesce(sold, 0) <> coalesce(confirmed, 0)`,
  'no stock is oversold beyond its bound': `
    select * from stock
    where on_hand < 0 or reserved < 0 or sold < 0 or on_hand - reserved - sold < -backorder_limit`,
  'every variant whose policy allows it has one shelf with a bound, and no other has one': `
    select variant_id, policy, preorder_until, count(warehouse_id) as bounds
    from variants left join stock using (variant_id)
    group by variants.variant_id
    having count(*) filter (where backorder_limit > 0) <> (policy <> 'DENY')::integer
      or bool_or(backorder_limit > 0 and backorder_until is distinct from preorder_until)`,
  'every reservation has lines of at least one piece, of shelves that exist': `
    select reservation_id, status, line.*
    from reservations
    left join unnest(variant_ids, warehouse_ids, quantities) as line (variant_id, warehouse_id, quantity) on true
    left join stock using (variant_id, warehouse_id)
    where status <> 'REFUSED' and (stock.version is null or quantity < 1)`,
  'what shipped left the warehouse once': `
    with left_over as (
      select reference, variant_id, warehouse_id, -sum(delta) as quantity from movements
      where reason = 'SHIPPED' group by reference, variant_id, warehouse_id
    ), shipped as (
      select reservation_id::text as reference, line.*
      from reservations, unnest(variant_ids, warehouse_ids, quantities) as line (variant_id, warehouse_id, quantity)
      where status = 'SHIPPED'
    )
    select * from left_over full join shipped using (reference, variant_id, warehouse_id)
    where left_over.quantity is distinct from shipped.quantity`,
  'a variant counts as low when it is': `
    select variant_id, is_low, low_stock_threshold, sum(greatest(on_hand - reserved - sold, 0)) as free
    from variants join stock using (variant_id)
    group by variants.variant_id
    having is_low <> (sum(greatest(on_hand - reserved - sold, 0)) <= low_stock_threshold)`,
  'the latest fact about a shelf tells its stock': `
    select stock.*, told.data
    from stock
    join (
      select distinct on (aggregate_id, data ->> 'warehouseId') data
      from outbox where type = 'inventory.stock_changed'
      order by aggregate_id, data ->> 'warehouseId', sequence desc
    ) as told on variant_id = (data ->> 'variantId')::uuid and warehouse_id = (data ->> 'warehouseId')::uuid
    where (data ->> 'version')::bigint <> version or (data ->> 'onHand')::integer <> on_hand
      or (data ->> 'reserved')::integer <> reserved or (data ->> 'sold')::integer <> sold`,
};
