-- How the shop got its first products. A filling without an end was cut short, and nobody has seen its shop.
create table seeding (
  is_only boolean primary key default true check (is_only),
  begun_at timestamptz not null default now(),
  finished_at timestamptz
);
