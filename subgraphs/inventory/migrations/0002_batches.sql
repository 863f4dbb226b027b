-- What every batch on stock begins and ends with. A batch is one call of one function, so one commit: it locks
-- the stock rows it needs, then reads what is known of its keys (a later statement, so with a snapshot that
-- sees every commit before the locks), decides in order, writes, and publishes last.
--
-- Plans are made once per connection, perhaps while the tables are still empty. So lookups by key are written
-- as laterals with a limit or as single-row statements, which no plan can turn into a scan.

create function lock_stock(touched uuid[]) returns void language plpgsql as $$
begin
  -- All rows of a variant, always in this order: no two batches can wait for each other.
  perform from stock where variant_id = any(touched) order by variant_id, warehouse_id for no key update;
end
$$;

-- Publishes the rows this transaction has changed, and each crossing of a low-stock threshold, with the
-- reservations' facts handed in. It numbers facts, which holds the outbox until the commit: call it last.
create function publish_stock(touched uuid[], fact_types text[] default '{}', reservation_ids uuid[] default '{}')
returns void language plpgsql as $$
declare
  types text[];
  aggregate_ids text[];
  payloads jsonb[];
  crossings uuid[];
  crossing record;
begin
  select array_agg('inventory.stock_changed'::text) filter (where is_changed),
    array_agg(variant_id::text) filter (where is_changed),
    array_agg(jsonb_build_object('variantId', variant_id, 'warehouseId', warehouse_id, 'onHand', on_hand,
      'reserved', reserved, 'sold', sold, 'available', on_hand - reserved - sold, 'version', version))
      filter (where is_changed),
    array_agg(variant_id) filter (where is_low <> (free <= low_stock_threshold))
  into types, aggregate_ids, payloads, crossings
  from (
    select stock.*, version > 0 and stock.xmin = pg_current_xact_id()::xid as is_changed, is_low, low_stock_threshold,
      sum(greatest(on_hand - reserved - sold, 0)) over (partition by variant_id) as free
    from stock join variants using (variant_id) where variant_id = any(touched)) as stock;

  if crossings is not null then
    for crossing in
      update variants set is_low = not is_low where variant_id = any(crossings)
      returning *, (select sum(greatest(on_hand - reserved - sold, 0)) from stock
        where stock.variant_id = variants.variant_id) as free
    loop
      types := types || case when crossing.is_low then 'inventory.stock_low' else 'inventory.stock_recovered' end;
      aggregate_ids := aggregate_ids || crossing.variant_id::text;
      payloads := payloads || jsonb_strip_nulls(jsonb_build_object('variantId', crossing.variant_id,
        'available', crossing.free, 'threshold', case when crossing.is_low then crossing.low_stock_threshold end));
    end loop;
  end if;

  for place in 1 .. cardinality(reservation_ids) loop
    types := types || fact_types[place];
    aggregate_ids := aggregate_ids || reservation_ids[place]::text;
    payloads := payloads || jsonb_build_object('reservationId', reservation_ids[place]);
  end loop;

  if types is not null then
    perform append_facts(types, array_fill(1, array[cardinality(types)]), aggregate_ids, payloads);
  end if;
end
$$;
