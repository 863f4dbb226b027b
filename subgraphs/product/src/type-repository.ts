import type { Reader, Transaction } from '@storegraph/postgres';
import { asc, eq, sql } from 'drizzle-orm';
import { isWritable } from './attribute-domain.ts';
import { isId } from './listing-domain.ts';
import { products, productTypes } from './tables.ts';
import type { AttributeUse, ProductType } from './type-domain.ts';

export const allTypes = async (reader: Reader): Promise<ProductType[]> =>
  reader.select().from(productTypes).orderBy(asc(productTypes.code));

export const typesByIds = async (reader: Reader, ids: readonly string[]): Promise<ProductType[]> =>
  reader
    .select()
    .from(productTypes)
    .where(sql`${productTypes.id} = any(${sql.param([...ids])}::uuid[])`);

export const typesByCodes = async (reader: Reader, codes: readonly string[]): Promise<ProductType[]> =>
  reader
    .select()
    .from(productTypes)
    .where(sql`${productTypes.code} = any(${sql.param(codes.filter(isWritable))}::text[])`);

/** Shared by those who write attributes of products: the type then does not change under them. */
export const holdType = async (tx: Transaction, code: string): Promise<ProductType | null> => {
  const [type] = await tx.select().from(productTypes).where(eq(productTypes.code, code)).for('share');
  return type ?? null;
};

/** The same by a product. Taken before the product itself, in the order in which a change of the type holds both. */
export const holdTypeOf = async (tx: Transaction, productId: string): Promise<ProductType | null> => {
  if (!isId(productId)) return null;
  const [row] = await tx
    .select({ type: productTypes })
    .from(productTypes)
    .innerJoin(products, eq(products.typeId, productTypes.id))
    .where(eq(products.id, productId))
    .for('share', { of: productTypes });
  return row?.type ?? null;
};

/** Held by the one who changes the type. */
export const lockType = async (tx: Transaction, code: string): Promise<ProductType | null> => {
  const [type] = await tx.select().from(productTypes).where(eq(productTypes.code, code)).for('no key update');
  return type ?? null;
};

export const insertTypes = async (tx: Transaction, types: readonly ProductType[]): Promise<void> => {
  await tx.insert(productTypes).values([...types]);
};

export const saveType = async (tx: Transaction, { id, name, attributes }: ProductType): Promise<void> => {
  await tx.execute(sql`
    update product_types set name = ${name}, attributes = ${JSON.stringify(attributes)}::jsonb, updated_at = now()
    where id = ${id}`);
};

/** What products of the type hold, attribute by attribute. */
export const attributeUses = async (tx: Transaction, typeId: string): Promise<AttributeUse[]> => {
  const rows = await tx.execute<AttributeUse>(sql`
    with definition as (
      select d.code, d.kind
      from product_types cross join jsonb_to_recordset(attributes) as d (code text, kind text)
      where product_types.id = ${typeId}
    ),
    held as (
      select attribute.key as code, attribute.value
      from products cross join jsonb_each(products.attributes) as attribute
      where type_id = ${typeId}
    )
    select code,
      min(case jsonb_typeof(value) when 'number' then value::double precision end) as min,
      max(case jsonb_typeof(value) when 'number' then value::double precision end) as max,
      coalesce(jsonb_agg(distinct choice) filter (where choice is not null), '[]') as choices
    from held
    join definition using (code)
    left join lateral jsonb_array_elements_text(
      case kind when 'CHOICE' then jsonb_build_array(value) when 'CHOICES' then value end
    ) as chosen (choice) on true
    group by code`);
  return [...rows];
};

/** The products of a type, held in the order of ids. */
export const lockProductsOfType = async (tx: Transaction, typeId: string): Promise<string[]> => {
  const rows = await tx.execute<{ id: string }>(sql`
    select id from products where type_id = ${typeId} order by id for no key update`);
  return [...rows].map(({ id }) => id);
};
