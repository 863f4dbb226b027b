-- A count of things on shelves. The bound is far above any warehouse and far below where integers end.
create domain pieces as integer check (value between 0 and 100000000);

create table warehouses (
  warehouse_id uuid primary key,
  code text not null unique check (code ~ '^[A-Z0-9-]{1,32}$'),
  name text not null,
  region text not null,
  -- null: it ships everywhere
  serves_regions text[],
  priority integer not null check (priority between 0 and 1000),
  is_active boolean not null
);

create type policy_kind as enum ('DENY', 'BACKORDER', 'PREORDER');

-- A variant: what its publisher told us, and what staff decided about its stock.
create table variants (
  variant_id uuid primary key,
  product_id uuid not null,
  sku text not null,
  removed_at timestamptz,
  policy policy_kind not null default 'DENY',
  preorder_until timestamptz check ((preorder_until is not null) = (policy = 'PREORDER')),
  low_stock_threshold integer not null default 0 check (low_stock_threshold between 0 and 1000000),
  -- Kept, so that each crossing of the threshold is published once, however many batches lead to it.
  is_low boolean not null default true
);
create index variants_sku on variants (sku);

-- The truth about what can be sold. What is free to be reserved is on_hand - reserved - sold; it falls below
-- zero only on the one row of a variant that carries its backorder bound.
create table stock (
  variant_id uuid not null references variants,
  warehouse_id uuid not null references warehouses,
  on_hand pieces not null default 0,
  reserved pieces not null default 0,
  sold pieces not null default 0,
  backorder_limit pieces not null default 0,
  -- Of a preorder: from then on the bound is not used any more, but what was promised stays promised.
  backorder_until timestamptz,
  version bigint not null default 0,
  primary key (variant_id, warehouse_id),
  constraint stock_is_never_oversold check (on_hand - reserved - sold >= -backorder_limit)
-- Room on each page for the next versions of its rows, so that a hot row is changed in place (HOT).
) with (fillfactor = 50);
create unique index stock_one_backorder_warehouse on stock (variant_id) where backorder_limit > 0;

create type reservation_status as enum ('HELD', 'CONFIRMED', 'RELEASED', 'EXPIRED', 'SHIPPED', 'REFUSED');

-- One narrow row for each reserve ever answered. Its id is derived from caller and idempotency key, so that
-- the primary key is also the rule "one reservation per key, forever". The lines are parallel arrays, in the
-- order of the cart. A refused one holds nothing; it is forgotten at expires_at, a day later.
create table reservations (
  reservation_id uuid primary key,
  fingerprint bytea not null,
  status reservation_status not null,
  expires_at timestamptz not null,
  region text,
  variant_ids uuid[] not null,
  warehouse_ids uuid[] not null,
  quantities integer[] not null,
  refusal jsonb,
  constraint reservation_is_whole check (
    (status = 'REFUSED') = (refusal is not null)
    and cardinality(variant_ids) = cardinality(quantities)
    and cardinality(warehouse_ids) = cardinality(quantities))
);
create index reservations_due on reservations (expires_at) where status in ('HELD', 'REFUSED');

create type movement_reason as enum (
  'RECEIVED', 'SHIPPED', 'RETURNED', 'DAMAGED', 'LOST', 'FOUND', 'TRANSFERRED', 'COUNTED', 'CORRECTED');

-- The ledger: every change of on_hand, with its reason. on_hand is the sum of its deltas, always.
create table movements (
  movement_id bigint generated always as identity primary key,
  variant_id uuid not null,
  warehouse_id uuid not null,
  delta integer not null check (delta <> 0),
  reason movement_reason not null,
  reference text,
  note text,
  actor text not null,
  occurred_at timestamptz not null,
  -- When the shelves were looked at, which is before the count was recorded.
  counted_at timestamptz check ((counted_at is not null) = (reason = 'COUNTED')),
  is_from_feed boolean not null default false,
  foreign key (variant_id, warehouse_id) references stock
);
create index movements_of_variant on movements (variant_id, movement_id);
create index movements_of_shelf on movements (variant_id, warehouse_id, occurred_at);
create unique index movements_feed_reference on movements (warehouse_id, reference) where is_from_feed;

create function refuse_ledger_change() returns trigger language plpgsql as $$
begin
  raise exception 'The ledger is append-only: write a movement that corrects.';
end
$$;
create trigger movements_are_append_only before update or delete or truncate on movements
  for each statement execute function refuse_ledger_change();

-- When each shelf was last looked at: an older count says nothing about today.
create table last_counts (
  variant_id uuid not null,
  warehouse_id uuid not null,
  counted_at timestamptz not null,
  primary key (variant_id, warehouse_id),
  foreign key (variant_id, warehouse_id) references stock
);

-- The life of a reservation: what each operation does in each state. The last three columns are multiples of
-- the lines' quantities. An operation that a state has no row for is refused. OVERDUE is a hold past its time
-- that no sweep has met yet.
create table reservation_rules (
  operation text not null,
  state text not null,
  outcome text not null,
  next_status reservation_status,
  fact text,
  reserved integer not null default 0,
  sold integer not null default 0,
  on_hand integer not null default 0,
  primary key (operation, state)
);
insert into reservation_rules (operation, state, outcome, next_status, fact, reserved, sold, on_hand) values
  ('confirm', 'HELD',      'ReservationConfirmed', 'CONFIRMED', 'inventory.reservation_confirmed', -1,  1,  0),
  ('confirm', 'OVERDUE',   'ReservationConfirmed', 'CONFIRMED', 'inventory.reservation_confirmed', -1,  1,  0),
  ('confirm', 'CONFIRMED', 'ReservationConfirmed', null,        null,                               0,  0,  0),
  ('confirm', 'SHIPPED',   'ReservationConfirmed', null,        null,                               0,  0,  0),
  ('confirm', 'EXPIRED',   'HoldExpired',          null,        null,                               0,  0,  0),
  ('release', 'HELD',      'ReservationReleased',  'RELEASED',  'inventory.reservation_released',  -1,  0,  0),
  ('release', 'OVERDUE',   'ReservationReleased',  'RELEASED',  'inventory.reservation_released',  -1,  0,  0),
  ('release', 'CONFIRMED', 'ReservationReleased',  'RELEASED',  'inventory.reservation_released',   0, -1,  0),
  ('release', 'EXPIRED',   'ReservationReleased',  'RELEASED',  'inventory.reservation_released',   0,  0,  0),
  ('release', 'RELEASED',  'ReservationReleased',  null,        null,                               0,  0,  0),
  ('extend',  'HELD',      'ReservationExtended',  'HELD',      null,                               0,  0,  0),
  ('ship',    'CONFIRMED', 'ReservationShipped',   'SHIPPED',   'inventory.reservation_shipped',    0, -1, -1),
  ('ship',    'SHIPPED',   'ReservationShipped',   null,        null,                               0,  0,  0),
  ('expire',  'OVERDUE',   'ReservationExpired',   'EXPIRED',   'inventory.reservation_expired',   -1,  0,  0);
