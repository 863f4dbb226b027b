-- A shelf is any list of products one may walk: the whole shop, a type, a category with all below it, one value
-- of a filterable attribute, or all that have a number for one. Its name is an id: the category's, the type's,
-- nil for the shop, or one of these.
create function value_shelf(type_id uuid, code text, value jsonb) returns uuid
language sql immutable parallel safe
return md5(type_id::text || ' ' || code || ' = ' || (value #>> '{}'))::uuid;

create function attribute_shelf(type_id uuid, code text) returns uuid
language sql immutable parallel safe
return md5(type_id::text || ' ' || code)::uuid;

-- A row for each shelf a product stands on, with the sort keys, so that an index holds each shelf in each order
-- and a page costs the same however many products there are and however deep it lies.
-- No foreign keys: it is derived, in the transaction of each change, from the view below.
create table listings (
  product_id uuid not null,
  shelf uuid not null,
  status product_status not null,
  listed_at timestamptz not null,
  updated_at timestamptz not null,
  name_key text collate "C" not null,
  -- The value, on the shelf of a numeric attribute.
  number double precision,
  primary key (product_id, shelf)
);
-- listed_at ends the other two as well: a publish date to come is then seen in the index, without the row.
create index listings_newest on listings (shelf, status, listed_at, product_id);
create index listings_name on listings (shelf, status, name_key, product_id, listed_at);
create index listings_updated on listings (shelf, status, updated_at, product_id, listed_at);
create index listings_number on listings (shelf, number) where number is not null;
-- Enough values for the planner to know each large shelf's size.
alter table listings alter column shelf set statistics 1000;

-- What `listings` must hold: the one definition, which writes copy and the invariants compare.
create view wanted_listings as
select p.id as product_id, place.shelf, p.status, p.listed_at, p.updated_at, p.name_key, place.number
from products p
cross join lateral (
  select '00000000-0000-0000-0000-000000000000'::uuid as shelf, null::double precision as number
  union all
  select p.type_id, null
  union all
  select distinct ancestor, null::double precision
  from product_categories pc
  join categories c on c.id = pc.category_id
  cross join unnest(c.path) as ancestor
  where pc.product_id = p.id
  union all
  select held.shelf, held.number
  from product_types t
  cross join jsonb_to_recordset(t.attributes) as d (code text, kind text, "isFilterable" boolean)
  cross join lateral (
    select attribute_shelf(t.id, d.code) as shelf, (p.attributes ->> d.code)::double precision as number
    where d.kind in ('INTEGER', 'NUMBER')
    union all
    select value_shelf(t.id, d.code, v.value), null
    from jsonb_array_elements(
      case jsonb_typeof(p.attributes -> d.code)
        when 'array' then p.attributes -> d.code
        else jsonb_build_array(p.attributes -> d.code)
      end) as v (value)
    where d.kind not in ('INTEGER', 'NUMBER')
  ) as held
  where t.id = p.type_id and d."isFilterable" and p.attributes ? d.code
) as place;
