-- Guests' carts that are closed and not handed over yet: merges under way, and those that were cut short. A column of
-- its own and an index on what never changes, so that a cart is changed in place all the same (HOT).
alter table carts add column is_half_merged boolean not null generated always as (
  content ->> 'closedInto' is not null and content ->> 'isHandedOver' is distinct from 'true') stored;
create index carts_half_merged on carts (cart_id) where is_half_merged;
