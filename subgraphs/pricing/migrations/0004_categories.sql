-- The catalogue's tree, as far as prices go by it, and how what stands in a category is taxed.
create table categories (
  category_id uuid primary key,
  -- null: it stands at the top
  parent_id uuid,
  tax_category text
);

-- Where a product stands, in its order. An id of a category that was removed stands for nothing.
create table product_places (
  product_id uuid primary key,
  category_ids uuid[] not null
);

-- null: it is taxed as its categories say, and as `standard` where they say nothing.
alter table variants alter column tax_category drop not null, alter column tax_category drop default;
update variants set tax_category = null where tax_category = 'standard';

-- Where a product stands with every category above, and how the nearest of them is taxed that says so; of two as near
-- the one that the product names first. The tree has four levels; a bound of steps, so that no circle could hold a read.
create function standing_of(product uuid, out category_ids uuid[], out tax_category text) language sql stable as $$
  with recursive above as (
    select known.*, 0 as steps, own.place
    from product_places, unnest(product_places.category_ids) with ordinality as own (category_id, place)
    join categories as known using (category_id)
    where product_places.product_id = product
    union all
    select parent.*, above.steps + 1, above.place
    from above join categories as parent on parent.category_id = above.parent_id
    where above.steps < 8
  )
  select coalesce(array_agg(distinct above.category_id), '{}'),
    (array_agg(above.tax_category order by above.steps, above.place)
      filter (where above.tax_category is not null))[1]
  from above
$$;
