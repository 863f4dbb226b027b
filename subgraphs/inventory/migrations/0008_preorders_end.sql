-- A preorder ends by itself, at its date. Whoever follows the variant is to hear of it: this is the date whose
-- passing was published last.
alter table variants add column ended_preorder timestamptz;
create index variants_preorders_to_end on variants (preorder_until)
  where preorder_until is distinct from ended_preorder;

-- Publishes that preorders have ended, at most so many. Answers how many.
create function end_preorders(most integer) returns integer language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off
as $$
declare
  ended uuid[];
begin
  with due as (
    -- Those another process publishes right now are left to it.
    select variant_id from variants
    where preorder_until <= now() and preorder_until is distinct from ended_preorder
    order by preorder_until limit most for update skip locked
  ),
  told as (
    update variants set ended_preorder = preorder_until from due where variants.variant_id = due.variant_id
    returning variants.variant_id
  )
  select array_agg(variant_id) into ended from told;
  if ended is null then
    return 0;
  end if;
  perform append_facts(array_fill('inventory.preorder_ended'::text, array[cardinality(ended)]),
    array_fill(1, array[cardinality(ended)]), ended::text[],
    array(select jsonb_build_object('variantId', variant_id) from unnest(ended) as variant_id));
  return cardinality(ended);
end
$$;
