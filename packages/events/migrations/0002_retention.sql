-- How far each consumer has got, as it tells this publisher: it may keep its own books in another database.
create table consumer_places (
  consumer text primary key,
  sequence bigint not null check (sequence >= 0),
  seen_at timestamptz not null default now()
);

-- Deletes the oldest facts, at most so many: those older than `kept` that every consumer heard of within `heard`
-- has taken in. What goes is always the log's beginning and never its last fact, so whoever reads on from a place
-- that is gone meets a gap, and cannot take it for the end. Answers how many went.
create function prune_outbox(kept interval, heard interval, most integer) returns integer language plpgsql
set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  last_to_go bigint;
  pruned integer;
begin
  -- One process prunes at a time, and its death ends its turn: the others would only wait for its locks.
  if not pg_try_advisory_xact_lock(hashtext('prune outbox of ' || current_schema())) then
    return 0;
  end if;
  -- Sequences follow the order of commits and times that of beginnings, so the first young fact is the bound.
  select coalesce(min(sequence) filter (where occurred_at >= now() - kept) - 1, max(sequence)) into last_to_go
  from (select sequence, occurred_at from outbox order by sequence limit most) as oldest;
  delete from outbox where sequence <= least(last_to_go,
    (select sequence - 1 from outbox_head),
    (select min(sequence) from consumer_places where seen_at >= now() - heard));
  get diagnostics pruned = row_count;
  return pruned;
end
$$;
