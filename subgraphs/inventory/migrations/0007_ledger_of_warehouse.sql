-- The ledger of one shelf is paged in its order too.
create index movements_of_warehouse on movements (variant_id, warehouse_id, movement_id);
