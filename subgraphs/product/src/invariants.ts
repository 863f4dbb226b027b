/** What must hold of the catalogue at every commit: each query finds what breaks it, so it must find nothing. */
export const invariants: Readonly<Record<string, string>> = {
  'the category tree is a tree of at most four levels whose paths are right': `
    with recursive tree as (
      select id, array[id] as path from categories where parent_id is null
      union all
      select child.id, tree.path || child.id from categories child join tree on tree.id = child.parent_id
    )
    select category.id, category.path, tree.path as right_path
    from categories category left join tree using (id)
    where category.path is distinct from tree.path or cardinality(category.path) > 4`,
  'siblings are numbered from 0 without gaps': `
    select parent_id, array_agg(position order by position) as positions from categories group by parent_id
    having max(position) <> count(*) - 1 or count(distinct position) <> count(*)`,
  'listings are what they derive from': `
    (select 'missing' as fault, * from
      (select * from wanted_listings except
       select product_id, shelf, status, listed_at, updated_at, name_key, number from listings) as missing)
    union all
    (select 'left over', * from
      (select product_id, shelf, status, listed_at, updated_at, name_key, number from listings except
       select * from wanted_listings) as left_over)`,
  'every product answers to its own slug': `
    select product.id, product.slug, own.product_id as answers
    from products product left join product_slugs own on own.slug = product.slug
    where own.product_id is distinct from product.id`,
  'a published product has an English name and a variant': `
    select id from products product
    where status = 'PUBLISHED' and (coalesce(texts #>> '{en,name}', '') = ''
      or not exists (select from variants where product_id = product.id and removed_at is null))`,
  'a variant has one value for each option of its product': `
    select variant.id from variants variant join products product on product.id = variant.product_id
    where cardinality(variant.option_values) <> cardinality(product.option_names)`,
  'the variants of a product are numbered from 0 without gaps': `
    select product_id, array_agg(position order by position) as positions
    from variants where removed_at is null group by product_id
    having max(position) <> count(*) - 1 or count(distinct position) <> count(*)`,
  'attributes are those of the type': `
    select product.id, attribute.key
    from products product
    join product_types type on type.id = product.type_id
    cross join jsonb_object_keys(product.attributes) as attribute (key)
    where not exists (
      select from jsonb_to_recordset(type.attributes) as definition (code text) where definition.code = attribute.key)`,
};
