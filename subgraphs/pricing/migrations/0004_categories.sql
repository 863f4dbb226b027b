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
