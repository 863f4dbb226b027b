-- A cart is one document with one version: each write replaces the document it has read, and no other. Where Redis
-- keeps the carts, this is the copy.
create table carts (
  cart_id uuid primary key,
  owner_kind text not null check (owner_kind in ('guest', 'customer')),
  owner_id text not null check (length(owner_id) between 1 and 128),
  version integer not null check (version > 0),
  content jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  -- When its being left was published; null again with the next change.
  abandoned_at timestamptz,
  -- What sweeps look for. A day and a boolean seldom change, so that a cart is changed in place all the same (HOT).
  updated_on date not null generated always as ((updated_at at time zone 'UTC')::date) stored,
  is_filled boolean not null generated always as (jsonb_array_length(content -> 'lines') > 0) stored,
  constraint cart_of_owner unique (owner_kind, owner_id),
  constraint cart_is_bounded check (
    jsonb_array_length(content -> 'lines') <= 100
    and jsonb_array_length(content -> 'savedForLater') <= 100
    and jsonb_array_length(content -> 'couponCodes') <= 10),
  constraint quantities_are_bounded check (
    not jsonb_path_exists(content, '$.lines[*].quantity ? (@ < 1 || @ > 999)')
    and not jsonb_path_exists(content, '$.savedForLater[*].quantity ? (@ < 1 || @ > 999)'))
-- Room on each page for the next version of a cart.
) with (fillfactor = 70);
create index carts_to_watch on carts (updated_on) where is_filled and abandoned_at is null;
create index carts_of_guests on carts (updated_on) where owner_kind = 'guest';

-- What the catalogue told of its variants and products: enough to refuse what is not sold, and no more.
create table variants (
  variant_id uuid primary key,
  product_id uuid not null,
  is_removed boolean not null default false
);
create table products (
  product_id uuid primary key,
  is_published boolean not null
);

-- Which customer a guest became by signing in, as the account subgraph told.
create table sign_ins (
  guest_id text primary key,
  customer_id text not null,
  signed_in_at timestamptz not null
);
create index sign_ins_of_customer on sign_ins (customer_id, signed_in_at);
