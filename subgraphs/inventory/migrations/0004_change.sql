-- What happens to reservations after they were made: confirm, release, extend, ship (each under its key) and
-- expire. Answers one outcome for each request; null asks for the request again in a later batch.
create function change_reservations(requests jsonb) returns jsonb language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  touched uuid[];
  seen uuid[];
  changed_at timestamptz;
  outcomes jsonb;
  fact_types text[];
  fact_ids uuid[];
begin
  -- The variants of a reservation never change, so it may be read before the locks.
  select array_agg(distinct variant_id), array_agg(distinct reservation_id) into touched, seen
  from jsonb_to_recordset(requests) as asked (reservation_id uuid)
  cross join lateral (
    select variant_ids from reservations where reservations.reservation_id = asked.reservation_id limit 1) as kept
  cross join unnest(kept.variant_ids) as variant_id;
  perform lock_stock(touched);
  changed_at := clock_timestamp();

  with asked as (
    select * from rows from (jsonb_to_recordset(requests) as (operation text, reservation_id uuid, hold_seconds integer,
      actor text, scope text, mutation text, key text, fingerprint text)) with ordinality
      as asked (operation, reservation_id, hold_seconds, actor, scope, mutation, key, fingerprint, place)
  ),
  known as materialized (
    select asked.*, earlier.outcome as earlier_outcome,
      earlier.fingerprint is not null as is_earlier, earlier.fingerprint = decode(asked.fingerprint, 'hex') as is_same,
      kept.status, kept.expires_at, kept.region, kept.variant_ids, kept.warehouse_ids, kept.quantities,
      encode(kept.fingerprint, 'hex') as reserved_fingerprint,
      -- One that was made between the first statement and the locks.
      kept.status is not null and not asked.reservation_id = any(coalesce(seen, '{}')) as is_unlocked,
      rule.outcome, rule.next_status, rule.fact, rule.reserved, rule.sold, rule.on_hand
    from asked
    left join lateral (
      select * from idempotency_keys as earlier where earlier.scope = asked.scope
        and earlier.operation = asked.mutation and earlier.key = asked.key limit 1) as earlier on true
    left join lateral (
      select * from reservations where reservations.reservation_id = asked.reservation_id
        and status <> 'REFUSED' limit 1) as kept on true
    left join lateral (
      select * from reservation_rules as rule where rule.operation = asked.operation and rule.state =
        case when kept.status = 'HELD' and kept.expires_at <= changed_at then 'OVERDUE' else kept.status::text end
      limit 1) as rule on true
  ),
  -- Shipping needs pieces that are there. Who finds too few for himself is refused; who finds too few only
  -- because of others before him in this batch is asked again.
  needed as (
    select place, piece.variant_id, piece.warehouse_id, quantity, shelf.on_hand
    from known
    cross join unnest(variant_ids, warehouse_ids, quantities) as piece (variant_id, warehouse_id, quantity)
    cross join lateral (
      select stock.on_hand from stock where stock.variant_id = piece.variant_id
        and stock.warehouse_id = piece.warehouse_id limit 1) as shelf
    where known.on_hand < 0 and not is_earlier
  ),
  short as (
    select place, min(on_hand) as available from needed where quantity > on_hand group by place
  ),
  crowded as (
    select place from (
      select place, on_hand, sum(quantity) over (partition by variant_id, warehouse_id order by place) as needed_so_far
      from needed where place not in (select place from short)) as others
    where needed_so_far > on_hand group by place
  ),
  answered as materialized (
    select known.*, case
      when is_earlier and not is_same then jsonb_build_object('conflict', true)
      when is_earlier then jsonb_build_object('earlier', true, 'outcome', earlier_outcome)
      when is_unlocked or crowded.place is not null then null
      when status is null then jsonb_build_object('outcome',
        jsonb_build_object('__typename', 'ReservationNotFound', 'reservationId', reservation_id))
      when outcome is null then jsonb_build_object('outcome', jsonb_build_object('__typename',
        'ReservationStateRefused', 'reservationId', reservation_id, 'operation', operation,
        'status', case when status = 'HELD' then 'EXPIRED' else status::text end))
      when short.place is not null then jsonb_build_object('outcome',
        jsonb_build_object('__typename', 'StockCommitted', 'available', short.available))
      when outcome = 'HoldExpired' then jsonb_build_object('outcome', jsonb_build_object('__typename', outcome,
        'reservationId', reservation_id, 'fingerprint', reserved_fingerprint, 'region', region,
        'variantIds', variant_ids, 'quantities', quantities))
      else jsonb_build_object('outcome', jsonb_build_object('__typename', outcome, 'reservationId', reservation_id))
    end as answer,
    not is_earlier and not is_unlocked and next_status is not null and short.place is null
      and crowded.place is null as is_change
    from known left join short using (place) left join crowded using (place)
  ),
  changed as (
    merge into reservations using (select * from answered where is_change) as change
      on reservations.reservation_id = change.reservation_id
    when matched then update set status = change.next_status, expires_at = case when operation = 'extend'
      then greatest(reservations.expires_at, changed_at + make_interval(secs => hold_seconds))
      else reservations.expires_at end
    when not matched then do nothing
  ),
  pieces as (
    select answered.*, piece.variant_id, piece.warehouse_id, quantity from answered
    cross join unnest(variant_ids, warehouse_ids, quantities) as piece (variant_id, warehouse_id, quantity)
    where is_change
  ),
  stocked as (
    merge into stock using (
      select variant_id, warehouse_id, sum(reserved * quantity) as reserved, sum(sold * quantity) as sold,
        sum(on_hand * quantity) as on_hand
      from pieces where reserved <> 0 or sold <> 0 or on_hand <> 0 group by variant_id, warehouse_id) as change
      on stock.variant_id = change.variant_id and stock.warehouse_id = change.warehouse_id
    when matched then update set reserved = stock.reserved + change.reserved, sold = stock.sold + change.sold,
      on_hand = stock.on_hand + change.on_hand, version = version + 1
    when not matched then do nothing
  ),
  moved as (
    insert into movements (variant_id, warehouse_id, delta, reason, reference, actor, occurred_at)
    select variant_id, warehouse_id, on_hand * quantity, 'SHIPPED', reservation_id::text, actor, changed_at
    from pieces where on_hand <> 0 order by place
  ),
  remembered as (
    insert into idempotency_keys (scope, operation, key, fingerprint, outcome)
    select scope, mutation, key, decode(fingerprint, 'hex'), answer -> 'outcome' from answered
    where key is not null and not is_earlier and answer is not null and outcome is distinct from 'HoldExpired'
  )
  select jsonb_agg(answer order by place), array_agg(fact order by place) filter (where is_change and fact is not null),
    array_agg(reservation_id order by place) filter (where is_change and fact is not null)
  into outcomes, fact_types, fact_ids from answered;

  perform publish_stock(coalesce(touched, '{}'), coalesce(fact_types, '{}'), coalesce(fact_ids, '{}'));
  return outcomes;
end
$$;

-- Ends holds past their time, at most so many, and forgets refusals that are old. Answers how many holds ended.
create function expire_reservations(most integer) returns integer language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off
as $$
declare
  due jsonb;
begin
  -- One process sweeps at a time, and its death ends its turn: the others would only wait for its locks.
  if not pg_try_advisory_xact_lock(hashtext('inventory sweep')) then
    return 0;
  end if;
  delete from reservations where reservation_id in (
    select reservation_id from reservations where status = 'REFUSED' and expires_at <= now() limit most);
  select jsonb_agg(jsonb_build_object('operation', 'expire', 'reservation_id', reservation_id)) into due from (
    select reservation_id from reservations where status = 'HELD' and expires_at <= now() order by expires_at
    limit most) as overdue;
  if due is null then
    return 0;
  end if;
  return (select count(*) from jsonb_array_elements(change_reservations(due)) as answer
    where answer -> 'outcome' ->> '__typename' = 'ReservationExpired');
end
$$;
