-- An amount in the smallest unit of its currency. A trillion is far above any price, in rupiahs too.
create domain price_minor as bigint check (value between 0 and 1000000000000);
create domain currency_code as text check (value ~ '^[A-Z]{3}$');
create domain short_code as text check (value ~ '^[A-Z0-9-]{1,32}$');

-- A variant: what its publisher told us, and how it is taxed.
create table variants (
  variant_id uuid primary key,
  product_id uuid not null,
  sku text not null,
  -- The form in which SKUs are compared.
  sku_key text not null collate "C",
  tax_category text not null default 'standard',
  removed_at timestamptz
);
create index variants_sku_key on variants (sku_key);

create table customer_groups (
  group_code short_code primary key,
  name text not null
);

create table customer_group_members (
  customer_id uuid primary key,
  group_code short_code not null references customer_groups
);

create table price_lists (
  price_list_id uuid primary key,
  code short_code not null unique,
  name text not null,
  currency currency_code not null,
  -- null: it is for everywhere
  regions text[],
  customer_group short_code references customer_groups,
  priority integer not null check (priority between 0 and 1000),
  includes_tax boolean not null,
  is_active boolean not null,
  starts_at timestamptz,
  ends_at timestamptz check (ends_at > starts_at),
  version integer not null default 1
);

-- A price of a variant in a list, from a quantity on. Without a start it is the standing one; with one it stands
-- before it while it lasts. An amount has no currency of its own: it is the list's, so that they cannot differ.
create table prices (
  variant_id uuid not null references variants,
  price_list_id uuid not null references price_lists on delete cascade,
  min_quantity integer not null check (min_quantity between 1 and 1000000),
  amount_minor price_minor not null,
  compare_at_minor price_minor check (compare_at_minor > amount_minor),
  starts_at timestamptz,
  ends_at timestamptz check (ends_at > starts_at),
  constraint one_price_for_each_start unique nulls not distinct (variant_id, price_list_id, min_quantity, starts_at)
);
create index prices_of_list on prices (price_list_id);
create index prices_to_start on prices (starts_at) where starts_at is not null;
create index prices_to_end on prices (ends_at) where ends_at is not null;

-- Rates in billionths, from the base currency. The one that began last holds.
create table exchange_rates (
  base currency_code not null,
  currency currency_code not null check (currency <> base),
  valid_from timestamptz not null,
  rate_nano bigint not null check (rate_nano between 1 and 1000000000000000),
  primary key (base, currency, valid_from)
);
create index exchange_rates_to_start on exchange_rates (valid_from);

create type rounding_mode as enum ('HALF_EVEN', 'HALF_UP', 'DOWN', 'UP');

create table rounding_rules (
  currency currency_code primary key,
  step_minor integer not null check (step_minor between 1 and 1000000),
  ending_minor integer not null check (ending_minor >= 0 and ending_minor < step_minor),
  mode rounding_mode not null
);

-- Tax in millionths. Of one name the one that began last holds; a category without rates has those of `standard`.
create table tax_rates (
  region text not null,
  -- A state or province: `CA` of `US`. Empty: the whole country.
  subdivision text not null default '',
  category text not null,
  name text not null,
  valid_from timestamptz not null,
  rate_millionths integer not null check (rate_millionths between 0 and 1000000),
  primary key (region, subdivision, category, name, valid_from)
);

-- Customers who pay no tax in a region, and by which paper.
create table tax_exemptions (
  customer_id uuid not null,
  region text not null,
  reason text not null,
  valid_until timestamptz,
  primary key (customer_id, region)
);

-- Up to when at least the starts and ends of prices were told. Who moves it holds it, so that each is told once.
create table told_changes (
  is_only boolean primary key default true check (is_only),
  told_until timestamptz not null
);
insert into told_changes (told_until) values (now());

-- What starts or ends behind one instant and up to another, and which variant or list it is about.
create function changes_between(since timestamptz, until timestamptz)
returns table (variant_id uuid, price_list_id uuid, currency text) language sql stable as $$
  select variant_id, price_list_id, null from prices where starts_at > since and starts_at <= until
  union all
  select variant_id, price_list_id, null from prices where ends_at > since and ends_at <= until
  union all
  select null, price_list_id, null from price_lists
  where (starts_at > since and starts_at <= until) or (ends_at > since and ends_at <= until)
  union all
  select null, null, currency from exchange_rates where valid_from > since and valid_from <= until
$$;

-- Tells of prices, lists and rates that have started or ended since the last call, in the transaction that notes
-- it. Many at once are told of as their lists: one fact for each would hold up everybody who publishes. Answers how
-- many facts those are, and when the next change is due.
create function tell_due_changes(most integer, out told integer, out next_at timestamptz) language plpgsql as $$
declare
  since timestamptz;
  -- What is committed after it has a fact of its own after it.
  until timestamptz := now();
  is_much boolean;
  types text[];
  aggregates text[];
  payloads jsonb[];
begin
  told := 0;
  -- Asked without a lock first: mostly nothing is due, and then nothing is to be written.
  if exists (select from told_changes, changes_between(told_until, until)) then
    select told_until into since from told_changes for update skip locked;
  end if;
  -- Another process may have begun later and been faster.
  if until > since then
    select count(*) > most into is_much
    from (select distinct variant_id from changes_between(since, until) where variant_id is not null limit most + 1) as due;
    with due as (select * from changes_between(since, until)),
    changes as (
      select 'pricing.price_changed' as type, variant_id::text as aggregate,
        jsonb_build_object('variantId', variant_id) as data
      from (select distinct variant_id from due where variant_id is not null and not is_much) as variants
      union all
      select 'pricing.price_list_changed', price_list_id::text, jsonb_build_object('code', code)
      from price_lists
      where price_list_id in (select price_list_id from due where variant_id is null or is_much)
      union all
      select distinct 'pricing.exchange_rate_changed', currency, jsonb_build_object('currency', currency)
      from due where currency is not null
    )
    select count(*), array_agg(type), array_agg(aggregate), array_agg(data)
    into told, types, aggregates, payloads from changes;
    update told_changes set told_until = until;
    if told > 0 then
      perform append_facts(types, array_fill(1, array[told]), aggregates, payloads);
    end if;
  end if;
  select min(at) into next_at from (
    select min(starts_at) from prices where starts_at > until
    union all select min(ends_at) from prices where ends_at > until
    union all select min(starts_at) from price_lists where starts_at > until
    union all select min(ends_at) from price_lists where ends_at > until
    union all select min(valid_from) from exchange_rates where valid_from > until) as next (at);
end
$$;
