-- What a customer keeps with the shop. One row of profiles for each: whoever changes anything in this part holds it,
-- so that two devices at once take turns, and the closing of an account ends them all.
create table profiles (
  customer_id uuid primary key references accounts,
  given_name text,
  family_name text,
  company text,
  phone text,
  tax_id text,
  locale text,
  currency text check (currency ~ '^[A-Z]{3}$'),
  region text check (region ~ '^[A-Z]{2}$'),
  marketing_channels text[] not null default '{}'
    check (marketing_channels <@ '{EMAIL,SMS,PUSH,POST}' and cardinality(marketing_channels) <= 4),
  default_shipping_id uuid,
  default_billing_id uuid,
  default_payment_method_id uuid,
  version integer not null default 0
);

create table addresses (
  address_id uuid primary key,
  customer_id uuid not null references profiles,
  label text,
  recipient text not null,
  company text,
  lines text[] not null check (cardinality(lines) between 1 and 3),
  city text not null,
  subdivision text,
  postal_code text,
  country text not null check (country ~ '^[A-Z]{2}$'),
  phone text,
  version integer not null default 1,
  unique (customer_id, address_id)
);

create table payment_methods (
  payment_method_id uuid primary key,
  customer_id uuid not null references profiles,
  kind text not null check (kind in ('CARD', 'BANK_ACCOUNT', 'WALLET')),
  provider text not null,
  -- A provider's name for it. What looks like a card number is refused before it comes here.
  token text not null,
  label text,
  brand text,
  last4 text check (last4 ~ '^[0-9]{4}$'),
  expiry_month integer check (expiry_month between 1 and 12),
  expiry_year integer check (expiry_year between 2000 and 2100),
  added_at timestamptz not null default now(),
  check ((expiry_month is null) = (expiry_year is null)),
  unique (customer_id, payment_method_id),
  constraint payment_methods_token unique (customer_id, provider, token)
);

-- A default is one of one's own.
alter table profiles
  add foreign key (customer_id, default_shipping_id) references addresses (customer_id, address_id),
  add foreign key (customer_id, default_billing_id) references addresses (customer_id, address_id),
  add foreign key (customer_id, default_payment_method_id)
    references payment_methods (customer_id, payment_method_id);

-- The proof of who agreed to what, and until when. It names nobody but by the id, so it outlives an erasure.
create table consents (
  consent_id bigint generated always as identity primary key,
  customer_id uuid not null references accounts,
  purpose text not null check (purpose in ('TERMS', 'PRIVACY', 'MARKETING_EMAIL', 'MARKETING_SMS', 'MARKETING_PUSH',
    'MARKETING_POST', 'PERSONALISATION', 'ANALYTICS')),
  version text not null,
  is_granted boolean not null,
  -- The clock and not the transaction's start: a customer's lines are written one after the other.
  recorded_at timestamptz not null default clock_timestamp()
);
create index consents_of_customer on consents (customer_id, consent_id);

create function refuse_consent_change() returns trigger language plpgsql as $$
begin
  raise exception 'The ledger of consents is append-only: write a line that withdraws.';
end
$$;
create trigger consents_are_append_only before update or delete or truncate on consents
  for each statement execute function refuse_consent_change();

-- Exports and erasures over all subgraphs. Any process takes one that is due, and another takes it over when that
-- process has said nothing for the time of its lease.
create table data_jobs (
  job_id uuid primary key,
  customer_id uuid not null references accounts,
  kind text not null check (kind in ('EXPORT', 'ERASURE')),
  status text not null check (status in ('WAITING', 'CLOSING', 'RUNNING', 'FINISHED', 'WITHDRAWN', 'FAILED')),
  -- Leads whoever holds it to the state of an erasure, and to nothing else.
  receipt_code text unique,
  requested_at timestamptz not null default now(),
  begins_at timestamptz not null,
  run_at timestamptz not null,
  attempts integer not null default 0,
  lease_owner uuid,
  lease_until timestamptz,
  finished_at timestamptz,
  archive bytea,
  expires_at timestamptz,
  check ((kind = 'ERASURE') = (receipt_code is not null)),
  check (kind = 'ERASURE' or archive is null or expires_at is not null),
  check (kind = 'EXPORT' or archive is null)
);
create unique index data_jobs_open on data_jobs (customer_id, kind)
  where status in ('WAITING', 'CLOSING', 'RUNNING');
create index data_jobs_due on data_jobs (run_at) where status in ('WAITING', 'CLOSING', 'RUNNING');
create index data_jobs_of_customer on data_jobs (customer_id, job_id);
create index data_jobs_to_forget on data_jobs (expires_at) where archive is not null;
create index data_jobs_old on data_jobs (finished_at) where kind = 'EXPORT' or status = 'WITHDRAWN';

-- The word of each subgraph on its part; what it exported stands here only until the archive is made of it.
create table data_receipts (
  job_id uuid not null references data_jobs on delete cascade,
  subgraph text not null,
  items integer not null check (items >= 0),
  kept jsonb not null default '[]',
  content text,
  received_at timestamptz not null default now(),
  primary key (job_id, subgraph)
);
