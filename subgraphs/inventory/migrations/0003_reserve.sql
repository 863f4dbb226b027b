-- Reserving works on a grid in arrays. A cell is a variant in a warehouse; a line knows the cell before its
-- variant's first one, and a stop is a warehouse's place in the batch, so that line + stop is a cell. Terms are
-- what requests have in common: how long they hold, for which region, and the stops in the order they are asked.

-- What is known of keys already: { conflict }, { earlier, refusal }, or null for a key that is new. A hold that
-- has expired may be taken anew, by its own id.
create function earlier_answers(reservation_ids uuid[], fingerprints bytea[], renewals uuid[])
returns jsonb[] language plpgsql as $$
declare
  answers jsonb[] := array_fill(null::jsonb, array[cardinality(reservation_ids)]);
  earlier record;
begin
  for earlier in
    select asked.place, kept.fingerprint = asked.fingerprint as is_same, kept.refusal
    from unnest(reservation_ids, fingerprints) with ordinality as asked (reservation_id, fingerprint, place)
    cross join lateral (
      select * from reservations where reservations.reservation_id = asked.reservation_id limit 1) as kept
    where not (kept.status = 'EXPIRED' and kept.reservation_id = any(renewals))
  loop
    answers[earlier.place] := case when earlier.is_same
      then jsonb_build_object('earlier', true, 'refusal', earlier.refusal) else '{"conflict": true}' end;
  end loop;
  return answers;
end
$$;

-- A cart put together from several warehouses; or the lines that fall short, with what could have been had.
create type cart_split as (cells integer[], quantities integer[], short_lines integer[], short_available integer[]);

-- Takes from the warehouse that has most of what is still missing, again and again, so that there are few
-- parcels. What no stock can give is promised beyond it, where the policy has room.
create function split_cart(
  line_cells integer[], line_quantities integer[], stops integer[], free integer[], room integer[]
) returns cart_split language plpgsql as $$
declare
  missing integer[] := line_quantities;
  took integer[] := array_fill(0, array[cardinality(line_cells) * cardinality(stops)]);
  split cart_split;
  gain integer;
  best_gain integer;
  best_stop integer;
  here integer;
  cell integer;
  beyond integer;
begin
  loop
    best_gain := 0;
    for stop in 1 .. cardinality(stops) loop
      gain := 0;
      for line in 1 .. cardinality(line_cells) loop
        continue when took[(line - 1) * cardinality(stops) + stop] > 0;
        gain := gain + greatest(least(free[line_cells[line] + stops[stop]], missing[line]), 0);
      end loop;
      if gain > best_gain then
        best_gain := gain;
        best_stop := stop;
      end if;
    end loop;
    exit when best_gain = 0;
    for line in 1 .. cardinality(line_cells) loop
      here := (line - 1) * cardinality(stops) + best_stop;
      continue when took[here] > 0;
      took[here] := greatest(least(free[line_cells[line] + stops[best_stop]], missing[line]), 0);
      missing[line] := missing[line] - took[here];
    end loop;
  end loop;

  for line in 1 .. cardinality(line_cells) loop
    beyond := 0;
    for stop in 1 .. cardinality(stops) loop
      here := (line - 1) * cardinality(stops) + stop;
      cell := line_cells[line] + stops[stop];
      -- Only the variant's backorder warehouse has room.
      if missing[line] > 0 and room[cell] > 0 then
        beyond := greatest(room[cell] + least(free[cell], 0), 0);
        if beyond >= missing[line] then
          took[here] := took[here] + missing[line];
          missing[line] := 0;
        end if;
      end if;
      continue when took[here] = 0;
      split.cells := split.cells || cell;
      split.quantities := split.quantities || took[here];
    end loop;
    continue when missing[line] = 0;
    split.short_lines := split.short_lines || line;
    split.short_available := split.short_available || (line_quantities[line] - missing[line] + beyond);
  end loop;
  return split;
end
$$;

create function out_of_stock(split cart_split, quantities integer[], line_variants uuid[])
returns jsonb language sql immutable as $$
  select jsonb_build_object('__typename', 'OutOfStock', 'lines', jsonb_agg(jsonb_build_object(
    'variantId', line_variants[line], 'requested', quantities[line], 'available', available) order by line))
  from unnest(split.short_lines, split.short_available) as short (line, available)
$$;

-- Writes the granted: one update for each stock row, and a row for each request. Nearly all have one piece, and
-- spare the grouping that others need.
create function write_holds(
  held_at timestamptz, reservation_ids uuid[], fingerprints bytea[], request_terms integer[],
  term_seconds integer[], term_regions text[], variant_ids uuid[], warehouse_ids uuid[], taken integer[],
  single_requests integer[], single_cells integer[], single_quantities integer[],
  piece_requests integer[], piece_cells integer[], piece_quantities integer[], renewals uuid[]
) returns void language plpgsql as $$
declare
  warehouses constant integer := cardinality(warehouse_ids);
begin
  for cell in 1 .. cardinality(taken) loop
    continue when taken[cell] = 0;
    update stock set reserved = reserved + taken[cell], version = version + 1
    where variant_id = variant_ids[(cell - 1) / warehouses + 1]
      and warehouse_id = warehouse_ids[(cell - 1) % warehouses + 1];
  end loop;

  -- A hold taken again is written anew.
  if cardinality(renewals) > 0 then
    delete from reservations using unnest(single_requests || piece_requests) as granted (request)
    where reservation_id = reservation_ids[granted.request] and reservation_id = any(renewals);
  end if;

  if single_requests is not null then
    insert into reservations
      (reservation_id, fingerprint, status, expires_at, region, variant_ids, warehouse_ids, quantities)
    select reservation_ids[request], fingerprints[request], 'HELD',
      held_at + make_interval(secs => term_seconds[request_terms[request]]), term_regions[request_terms[request]],
      array[variant_ids[(cell - 1) / warehouses + 1]], array[warehouse_ids[(cell - 1) % warehouses + 1]],
      array[quantity]
    from unnest(single_requests, single_cells, single_quantities) as piece (request, cell, quantity);
  end if;
  if piece_requests is not null then
    insert into reservations
      (reservation_id, fingerprint, status, expires_at, region, variant_ids, warehouse_ids, quantities)
    select reservation_ids[request], fingerprints[request], 'HELD',
      held_at + make_interval(secs => term_seconds[request_terms[request]]), term_regions[request_terms[request]],
      array_agg(variant_ids[(piece.cell - 1) / warehouses + 1] order by place),
      array_agg(warehouse_ids[(piece.cell - 1) % warehouses + 1] order by place),
      array_agg(quantity order by place)
    from unnest(piece_requests, piece_cells, piece_quantities) with ordinality
      as piece (request, cell, quantity, place)
    group by request;
  end if;
end
$$;

-- Refusals are kept for a day, so that a repeat gets the same answer though the stock has changed.
create function write_refusals(
  refused_at timestamptz, reservation_ids uuid[], fingerprints bytea[], notes jsonb[], renewals uuid[]
) returns void language plpgsql as $$
begin
  insert into reservations
    (reservation_id, fingerprint, status, expires_at, variant_ids, warehouse_ids, quantities, refusal)
  select reservation_id, fingerprint, 'REFUSED', refused_at + interval '1 day', '{}', '{}', '{}', note -> 'refusal'
  from unnest(reservation_ids, fingerprints, notes) as asked (reservation_id, fingerprint, note)
  where note ? 'refusal' and not note ? 'earlier' and not reservation_id = any(renewals);
end
$$;

-- Answers reserves in order; each gets all its lines or none. The answers say of each request what is not
-- simply granted: { conflict }, { earlier, refusal }, { refusal }.
create function reserve_stock(
  reservation_ids uuid[], fingerprints bytea[], request_terms integer[], line_ends integer[], renewals uuid[],
  line_cells integer[], line_quantities integer[],
  term_seconds integer[], term_regions text[], term_starts integer[], term_ends integer[], stops integer[],
  variant_ids uuid[], warehouse_ids uuid[]
) returns jsonb language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  warehouses constant integer := cardinality(warehouse_ids);
  answered_at timestamptz;
  notes jsonb[];
  -- By cell: pieces free in stock (null where the variant is not sold), and how far they may fall below zero.
  free integer[] := array_fill(0, array[cardinality(variant_ids) * cardinality(warehouse_ids)]);
  room integer[] := free;
  taken integer[] := free;
  is_sold boolean[] := array_fill(null::boolean, array[cardinality(variant_ids)]);
  variant integer := 1;
  held record;
  line_variants uuid[];
  split cart_split;
  has_refusals boolean := false;
  singles integer := 0;
  single_requests integer[];
  single_cells integer[];
  single_quantities integer[];
  pieces integer := 0;
  granted_before integer;
  piece_requests integer[];
  piece_cells integer[];
  piece_quantities integer[];
  first_line integer;
  last_line integer := 0;
  term integer;
  stop integer;
  cell integer;
  fits boolean;
begin
  -- As lock_stock does, but what is locked is also what is there: a lock brings the latest version of its row.
  for held in
    select variant_id, array_position(warehouse_ids, warehouse_id) as stop, on_hand - reserved - sold as free,
      case when backorder_until <= clock_timestamp() then 0 else backorder_limit end as room, removed_at
    from stock join variants using (variant_id)
    where variant_id = any(variant_ids) order by variant_id, warehouse_id for no key update of stock
  loop
    while variant_ids[variant] < held.variant_id loop
      variant := variant + 1;
    end loop;
    is_sold[variant] := held.removed_at is null;
    continue when held.stop is null or held.removed_at is not null;
    free[(variant - 1) * warehouses + held.stop] := held.free;
    room[(variant - 1) * warehouses + held.stop] := held.room;
  end loop;
  answered_at := clock_timestamp();
  notes := earlier_answers(reservation_ids, fingerprints, renewals);

  for request in 1 .. cardinality(reservation_ids) loop
    first_line := last_line + 1;
    last_line := line_ends[request];
    continue when notes[request] is not null;

    -- The first warehouse on the way that has the whole cart.
    term := request_terms[request];
    fits := false;
    for place in term_starts[term] .. term_ends[term] loop
      stop := stops[place];
      fits := true;
      for line in first_line .. last_line loop
        continue when free[line_cells[line] + stop] >= line_quantities[line];
        fits := false;
        exit;
      end loop;
      exit when fits;
    end loop;

    if fits and first_line = last_line then
      cell := line_cells[last_line] + stop;
      singles := singles + 1;
      single_requests[singles] := request;
      single_cells[singles] := cell;
      single_quantities[singles] := line_quantities[last_line];
      free[cell] := free[cell] - line_quantities[last_line];
      taken[cell] := taken[cell] + line_quantities[last_line];
      continue;
    end if;

    granted_before := pieces;
    if fits then
      for line in first_line .. last_line loop
        pieces := pieces + 1;
        piece_cells[pieces] := line_cells[line] + stop;
        piece_quantities[pieces] := line_quantities[line];
      end loop;
    else
      line_variants := null;
      for line in first_line .. last_line loop
        variant := line_cells[line] / warehouses + 1;
        line_variants := line_variants || variant_ids[variant];
        -- A variant that was never in stock has no row there.
        is_sold[variant] := coalesce(is_sold[variant], exists (
          select from variants where variant_id = variant_ids[variant] and removed_at is null));
        if not is_sold[variant] and notes[request] is null then
          notes[request] := jsonb_build_object('refusal',
            jsonb_build_object('__typename', 'VariantNotFound', 'variantId', variant_ids[variant]));
        end if;
      end loop;
      split := split_cart(line_cells[first_line:last_line], line_quantities[first_line:last_line],
        stops[term_starts[term]:term_ends[term]], free, room);
      if notes[request] is null and split.short_lines is not null then
        notes[request] := jsonb_build_object('refusal',
          out_of_stock(split, line_quantities[first_line:last_line], line_variants));
      end if;
      if notes[request] is not null then
        has_refusals := true;
        continue;
      end if;
      for piece in 1 .. cardinality(split.cells) loop
        pieces := pieces + 1;
        piece_cells[pieces] := split.cells[piece];
        piece_quantities[pieces] := split.quantities[piece];
      end loop;
    end if;
    for piece in granted_before + 1 .. pieces loop
      cell := piece_cells[piece];
      piece_requests[piece] := request;
      free[cell] := free[cell] - piece_quantities[piece];
      taken[cell] := taken[cell] + piece_quantities[piece];
    end loop;
  end loop;

  perform write_holds(answered_at, reservation_ids, fingerprints, request_terms, term_seconds, term_regions,
    variant_ids, warehouse_ids, taken, single_requests, single_cells, single_quantities,
    piece_requests, piece_cells, piece_quantities, renewals);
  if has_refusals then
    perform write_refusals(answered_at, reservation_ids, fingerprints, notes, renewals);
  end if;
  perform publish_stock(variant_ids);
  return to_jsonb(notes);
end
$$;
