-- Something the shop gives, to whom and when. What it gives and its conditions are read as a whole, so they
-- are stored as one; the service parses them before they are written.
create table promotions (
  promotion_id uuid primary key,
  code text not null unique check (code ~ '^[A-Z0-9-]{1,32}$'),
  name text not null,
  is_active boolean not null,
  needs_coupon boolean not null,
  starts_at timestamptz,
  ends_at timestamptz,
  priority integer not null check (priority between 0 and 1000),
  is_exclusive boolean not null,
  stacking_group text check (stacking_group ~ '^[A-Z0-9-]{1,32}$'),
  conditions jsonb not null,
  action jsonb not null,
  version integer not null check (version >= 1),
  constraint promotion_ends_after_it_starts check (ends_at > starts_at)
);
-- What every quote asks for.
create index promotions_automatic on promotions (promotion_id) where is_active and not needs_coupon;

-- A code that switches a promotion on. Its key is the code without what people leave out when they type.
create table coupons (
  coupon_key text primary key check (coupon_key ~ '^[A-Z0-9]{3,64}$'),
  code text not null,
  promotion_id uuid not null references promotions,
  batch_id uuid,
  -- null: any number
  max_uses integer check (max_uses >= 1),
  max_uses_per_customer integer check (max_uses_per_customer >= 1),
  -- null: for everybody
  customer_id uuid,
  is_withdrawn boolean not null default false,
  uses integer not null default 0,
  place bigint generated always as identity,
  constraint coupon_is_never_overused check (uses between 0 and coalesce(max_uses, 2147483647))
-- Room on each page for the next version of a row that many buyers use (HOT).
) with (fillfactor = 70);
create index coupons_of_promotion on coupons (promotion_id, place);
create index coupons_of_batch on coupons (batch_id, place) where batch_id is not null;

-- One row for each checkout that used coupons up, or might have: an order. A released one stays released.
create table redemptions (
  checkout_id uuid primary key,
  -- null: it was released before it came
  owner_kind text check (owner_kind in ('guest', 'customer')),
  owner_id text,
  redeemed_at timestamptz not null default now(),
  released_at timestamptz,
  constraint redemption_has_an_owner check (
    (owner_kind is null) = (owner_id is null) and (owner_id is not null or released_at is not null))
);
create index redemptions_of_owner on redemptions (owner_id, owner_kind) where released_at is null;

create table coupon_uses (
  checkout_id uuid not null references redemptions,
  coupon_key text not null references coupons,
  owner_kind text not null,
  owner_id text not null,
  is_released boolean not null default false,
  primary key (checkout_id, coupon_key)
);
create index coupon_uses_of_owner on coupon_uses (coupon_key, owner_id, owner_kind) where not is_released;

-- Wrong codes, each once for who entered it; forgotten after a day.
create table coupon_guesses (
  owner text not null,
  coupon_key text not null,
  guessed_at timestamptz not null default now(),
  primary key (owner, coupon_key)
);
create index coupon_guesses_old on coupon_guesses (guessed_at);

create table points_accounts (
  customer_id uuid primary key,
  balance integer not null default 0,
  -- How many the customer wants to pay with.
  to_use integer not null default 0 check (to_use >= 0),
  constraint points_are_never_below_zero check (balance >= 0)
);

create type points_reason as enum ('EARNED', 'SPENT', 'SPENT_RETURNED', 'EARNED_REVERSED');

-- Every change of a balance, with the order behind it. The balance is the sum of its deltas, always.
create table points_entries (
  entry_id bigint generated always as identity primary key,
  customer_id uuid not null references points_accounts,
  order_id uuid not null,
  reason points_reason not null,
  delta integer not null check ((delta > 0) = (reason in ('EARNED', 'SPENT_RETURNED')) and delta <> 0),
  balance integer not null check (balance >= 0),
  occurred_at timestamptz not null default now(),
  constraint points_move_once_for_an_order unique (order_id, reason)
);
create index points_entries_of_customer on points_entries (customer_id, entry_id);

create function refuse_points_change() returns trigger language plpgsql as $$
begin
  raise exception 'The ledger of points is append-only: write an entry that corrects.';
end
$$;
create trigger points_are_append_only before update or delete or truncate on points_entries
  for each statement execute function refuse_points_change();

-- Orders whose points were undone, which is final.
create table points_reversals (
  order_id uuid primary key,
  customer_id uuid not null,
  returned integer not null,
  taken_back integer not null,
  balance integer not null,
  reversed_at timestamptz not null default now()
);

-- What quotes are signed with. Only who reads these tables checks a token, so the key lies where they do; the
-- latest signs, and a new row replaces it while older tokens still hold. Two random UUIDs have 244 bits of chance.
create table quote_keys (
  key_id text primary key check (key_id ~ '^[A-Za-z0-9]{1,32}$'),
  secret bytea not null check (length(secret) >= 32),
  created_at timestamptz not null default now()
);
insert into quote_keys (key_id, secret)
values ('first', decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));
