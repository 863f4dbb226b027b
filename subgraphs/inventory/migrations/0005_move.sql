-- One line of an adjustment, a feed or a count. Answers 'applied', 'unchanged', 'repeated', or why not, with the
-- figure that explains it. Call it with the variant's rows locked.
create type move_answer as (code text, figure bigint);

create function move_stock_line(
  moved_at timestamptz, line_variant uuid, line_warehouse uuid, line_delta integer, counted integer, count_at timestamptz,
  line_reason text, line_reference text, line_note text, line_actor text, expected_version bigint, from_feed boolean
) returns move_answer language plpgsql as $$
declare
  shelf stock;
  delta integer := line_delta;
  last_count timestamptz;
  free integer;
begin
  select * into shelf from stock where variant_id = line_variant and warehouse_id = line_warehouse;
  if not found then
    return row('unknown variant', null)::move_answer;
  end if;
  if expected_version <> shelf.version then
    return row('another version', shelf.version)::move_answer;
  end if;
  if from_feed and exists (select from movements
    where warehouse_id = line_warehouse and reference = line_reference and is_from_feed) then
    return row('repeated', null)::move_answer;
  end if;

  if counted is not null then
    select counted_at into last_count from last_counts where variant_id = line_variant and warehouse_id = line_warehouse;
    if last_count > count_at then
      return row('counted since', null)::move_answer;
    end if;
    -- What should have been there when it was counted: what came and went since is taken back.
    delta := counted - shelf.on_hand + coalesce((select sum(movements.delta) from movements
      where variant_id = line_variant and warehouse_id = line_warehouse
        and occurred_at > count_at and (counted_at is null or counted_at > count_at)), 0);
  end if;

  free := shelf.on_hand - shelf.reserved - shelf.sold;
  if delta < 0 and -delta > greatest(free, 0) then
    return row('committed', greatest(free, 0))::move_answer;
  end if;
  if shelf.on_hand::bigint + delta > 100000000 then
    return row('too many', 100000000 - shelf.on_hand)::move_answer;
  end if;
  if counted is not null then
    insert into last_counts values (line_variant, line_warehouse, count_at)
    on conflict (variant_id, warehouse_id) do update set counted_at = excluded.counted_at;
  end if;
  if delta = 0 then
    return row('unchanged', null)::move_answer;
  end if;

  update stock set on_hand = on_hand + delta, version = version + 1
  where variant_id = line_variant and warehouse_id = line_warehouse;
  insert into movements
    (variant_id, warehouse_id, delta, reason, reference, note, actor, occurred_at, counted_at, is_from_feed)
  values (line_variant, line_warehouse, delta, line_reason::movement_reason, line_reference, line_note, line_actor,
    moved_at, count_at, from_feed);
  return row('applied', null)::move_answer;
end
$$;

-- Applies requests in order, each line by line: a line that cannot be applied is named, the rest is. Answers for
-- each request { conflict }, or { earlier, outcome }, where an outcome counts lines by code and names the refused.
create function move_stock(requests jsonb) returns jsonb language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  touched uuid[];
  moved_at timestamptz;
  answers jsonb := '[]';
  asked record;
  item record;
  earlier record;
  answer move_answer;
  outcome jsonb;
  counts jsonb;
  refused jsonb;
begin
  -- Shelves that are new: their lines find them empty.
  insert into stock (variant_id, warehouse_id)
  select distinct variant.variant_id, warehouse.warehouse_id
  from jsonb_to_recordset(requests) as request (warehouse_id uuid, lines jsonb)
  cross join jsonb_to_recordset(request.lines) as line (variant_id uuid)
  cross join lateral (select warehouse_id from warehouses where warehouses.warehouse_id = request.warehouse_id limit 1) as warehouse
  cross join lateral (select variant_id from variants where variants.variant_id = line.variant_id limit 1) as variant
  order by 1, 2
  on conflict do nothing;
  select array_agg(distinct variant_id) into touched
  from jsonb_to_recordset(requests) as request (lines jsonb)
  cross join jsonb_to_recordset(request.lines) as line (variant_id uuid);
  perform lock_stock(touched);
  moved_at := clock_timestamp();

  for asked in
    select * from jsonb_to_recordset(requests) as request (warehouse_id uuid, counted_at timestamptz,
      expected_version bigint, from_feed boolean, actor text, scope text, mutation text, key text, fingerprint text,
      lines jsonb)
  loop
    select kept.outcome, kept.fingerprint = decode(asked.fingerprint, 'hex') as is_same into earlier
    from idempotency_keys as kept
    where kept.scope = asked.scope and kept.operation = asked.mutation and kept.key = asked.key;
    if found then
      answers := answers || jsonb_build_array(case when earlier.is_same
        then jsonb_build_object('earlier', true, 'outcome', earlier.outcome) else '{"conflict": true}' end);
      continue;
    end if;

    counts := '{"applied": 0, "unchanged": 0, "repeated": 0}';
    refused := '[]';
    for item in
      select * from rows from (jsonb_to_recordset(asked.lines) as (variant_id uuid, delta integer, counted integer,
        reason text, reference text, note text)) with ordinality
        as line (variant_id, delta, counted, reason, reference, note, place)
    loop
      answer := move_stock_line(moved_at, item.variant_id, asked.warehouse_id, item.delta, item.counted,
        asked.counted_at, item.reason, item.reference, item.note, asked.actor, asked.expected_version, asked.from_feed);
      if counts ? answer.code then
        counts := jsonb_set(counts, array[answer.code], to_jsonb((counts ->> answer.code)::integer + 1));
      else
        refused := refused || jsonb_build_array(jsonb_build_object(
          'line', item.place - 1, 'code', answer.code, 'figure', answer.figure));
      end if;
    end loop;
    outcome := counts || jsonb_build_object('refused', refused, 'hasWarehouse',
      exists (select from warehouses where warehouse_id = asked.warehouse_id));
    insert into idempotency_keys (scope, operation, key, fingerprint, outcome)
    values (asked.scope, asked.mutation, asked.key, decode(asked.fingerprint, 'hex'), outcome);
    answers := answers || jsonb_build_array(jsonb_build_object('outcome', outcome));
  end loop;

  perform publish_stock(coalesce(touched, '{}'));
  return answers;
end
$$;
