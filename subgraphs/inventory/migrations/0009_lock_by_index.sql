-- A batch of reserves calls it by itself too, not only from functions that fix the shape of plans.
alter function lock_stock(uuid[])
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off;
