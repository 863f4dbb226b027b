create type product_status as enum ('DRAFT', 'PUBLISHED', 'ARCHIVED');

create table product_types (
  id uuid primary key,
  code text collate "C" not null unique,
  name text not null,
  -- The definitions in their order: read and written together, and never without the type.
  attributes jsonb not null check (jsonb_typeof(attributes) = 'array'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Each row carries its path from the root, and the checks make a path that is no path unwritable.
create table categories (
  id uuid primary key,
  parent_id uuid references categories,
  slug text collate "C" not null constraint categories_slug unique,
  names jsonb not null check (names ? 'en'),
  path uuid[] not null check (cardinality(path) between 1 and 4 and path[cardinality(path)] = id),
  position integer not null check (position >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check (parent_id is not distinct from path[cardinality(path) - 1])
);
create index categories_children on categories (parent_id, position);
create index categories_below on categories using gin (path);

create table products (
  id uuid primary key,
  type_id uuid not null references product_types,
  slug text collate "C" not null,
  status product_status not null,
  published_at timestamptz,
  -- Texts, attributes and media belong to one product and are read with it: columns, so that they cost no join.
  texts jsonb not null check (texts #>> '{en,name}' <> ''),
  name_key text collate "C" not null,
  attributes jsonb not null check (jsonb_typeof(attributes) = 'object'),
  option_names text[] not null check (cardinality(option_names) <= 3),
  media jsonb not null check (jsonb_typeof(media) = 'array'),
  regions text[] check (cardinality(regions) > 0),
  version integer not null check (version > 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- What NEWEST sorts by: a draft stands where it was created until it has a publish date.
  listed_at timestamptz not null generated always as (coalesce(published_at, created_at)) stored,
  check (status <> 'DRAFT' or published_at is null),
  check (status <> 'PUBLISHED' or published_at is not null)
);
create index products_type on products (type_id);

-- Every slug a product has or had, so that an old address finds it and nobody else takes it.
create table product_slugs (
  slug text collate "C" constraint product_slugs_slug primary key,
  product_id uuid not null references products,
  created_at timestamptz not null default now()
);
create index product_slugs_product on product_slugs (product_id);

create table variants (
  id uuid primary key,
  product_id uuid not null references products,
  sku text not null,
  -- The SKU as it is compared: without regard to case.
  sku_key text collate "C" not null,
  -- One value for each of the product's option names, in their order.
  option_values text[] not null,
  barcode text check (barcode ~ '^([0-9]{8}|[0-9]{12,14})$'),
  weight_grams integer check (weight_grams >= 0),
  position integer not null check (position >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- A removed variant stays, so that an id in an old order never means something else.
  removed_at timestamptz
);
create unique index variants_sku on variants (sku_key) where removed_at is null;
create unique index variants_options on variants (product_id, option_values) where removed_at is null;

create table product_categories (
  product_id uuid not null references products,
  category_id uuid not null references categories,
  position integer not null,
  primary key (product_id, category_id)
);
create index product_categories_category on product_categories (category_id);

create table product_relations (
  product_id uuid not null references products,
  kind text not null check (kind in ('ACCESSORY', 'UP_SELL', 'CROSS_SELL', 'BUNDLE_PART')),
  target_id uuid not null references products,
  position integer not null,
  quantity integer not null check (quantity > 0),
  primary key (product_id, kind, target_id),
  check (product_id <> target_id)
);
