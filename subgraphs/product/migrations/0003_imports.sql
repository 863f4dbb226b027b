create type import_status as enum ('RECEIVING', 'RUNNING', 'FINISHED', 'FAILED');

-- A bulk import. Everything before its place (part, byte, row) is written, with the products themselves, so a
-- process that takes it over goes on exactly there.
create table imports (
  id uuid primary key,
  format text not null check (format in ('JSONL', 'CSV')),
  file_name text not null,
  status import_status not null default 'RECEIVING',
  parts integer check (parts > 0),
  next_part integer not null default 1,
  next_byte integer not null default 0,
  next_row integer not null default 1,
  rows_read integer not null default 0,
  products_written integer not null default 0,
  products_refused integer not null default 0,
  failure text,
  -- Who works on it, and until when others leave it alone.
  lease_owner uuid,
  leased_until timestamptz,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  check ((status in ('FINISHED', 'FAILED')) = (finished_at is not null))
);
create index imports_to_run on imports (created_at) where status = 'RUNNING';

-- The file, until it is read.
create table import_parts (
  import_id uuid not null references imports,
  part integer not null check (part > 0),
  content bytea not null,
  primary key (import_id, part)
);

-- Which products the file has had, so that one that comes again further down is noticed.
create table import_slugs (
  import_id uuid not null references imports,
  slug text collate "C" not null,
  primary key (import_id, slug)
);

create table import_errors (
  import_id uuid not null references imports,
  row integer not null,
  place integer not null,
  field text,
  message text not null,
  primary key (import_id, row, place)
);
