import type { Viewer } from '@storegraph/server';
import { type SQL, sql } from 'drizzle-orm';
import { type ProductStatus, regionsAround } from './domain.ts';
import { isId, type Selection, type Shelf } from './listing-domain.ts';
import { seesDrafts, visibleTo } from './repository.ts';

/** What is read of each product that is met, in which order a walk goes and ends, and how it sees publish dates. */
export type Reading = { readonly select: SQL; readonly end: SQL; readonly listedAt: SQL };

/** The names of the shelves that a wish means; a row of any of them will do. */
const namesOf = (shelf: Shelf): SQL[] => {
  switch (shelf.kind) {
    case 'shop':
      return [sql`'00000000-0000-0000-0000-000000000000'::uuid`];
    case 'category':
    case 'type':
      // An id that cannot be one is no shelf's.
      return isId(shelf.id) ? [sql`${shelf.id}::uuid`] : [];
    case 'values':
      return shelf.values.map(
        (value) =>
          sql`value_shelf(${shelf.typeId}::uuid, ${shelf.code}::text, ${JSON.stringify(value)}::jsonb)`,
      );
    case 'numbers':
      return [sql`attribute_shelf(${shelf.typeId}::uuid, ${shelf.code}::text)`];
    default:
      return unknownShelf(shelf);
  }
};

const unknownShelf = (shelf: never): never => {
  throw new Error(`Unknown shelf ${JSON.stringify(shelf)}`);
};

const isWithin = (number: SQL, shelf: Shelf): SQL => {
  if (shelf.kind !== 'numbers') return sql``;
  const { within } = shelf;
  return 'anyOf' in within
    ? sql` and ${number} = any(${sql.param(within.anyOf)}::float8[])`
    : sql` and ${number} between ${within.min ?? '-infinity'}::float8 and ${within.max ?? 'infinity'}::float8`;
};

const isOn = (alias: SQL, shelf: Shelf): SQL => {
  const [only, ...others] = namesOf(shelf);
  if (!only) return sql`false`;
  const names =
    others.length === 0 ? sql`= ${only}` : sql`= any(array[${sql.join([only, ...others], sql`, `)}])`;
  return sql`${alias}.shelf ${names}${isWithin(sql`${alias}.number`, shelf)}`;
};

const [row, other, counted] = [sql.raw('l'), sql.raw('other'), sql.raw('counted')];

/**
 * That a product of a walked row stands on other shelves too, and is sold in the region. `offset 0` keeps the
 * planner from turning probes into joins, whose choice would hang on estimates; a count wants joins.
 */
const alsoOn = (shelves: readonly Shelf[], { region }: Selection, isWalk: boolean): SQL => {
  const end = isWalk ? sql` offset 0)` : sql`)`;
  const probes = shelves.map(
    (shelf) =>
      sql` and exists (select from listings other where other.product_id = l.product_id and ${isOn(other, shelf)}${end}`,
  );
  const sold = sql` and exists (select from products p where p.id = l.product_id
    and (p.regions is null or p.regions && ${sql.param(region === null ? [] : [...regionsAround(region)])}::text[])${end}`;
  return sql.join([...probes, ...(region === null ? [] : [sold])]);
};

const statusesFor = (viewer: Viewer, { statuses }: Selection): readonly ProductStatus[] =>
  statuses.filter((status) => status === 'PUBLISHED' || seesDrafts(viewer));

const visible = (viewer: Viewer, listedAt: SQL): SQL =>
  visibleTo(viewer, { status: sql`l.status`, publishedAt: listedAt });

const isOfStatus = (statuses: readonly ProductStatus[]): SQL =>
  sql`l.status = any(${sql.param(statuses)}::product_status[])`;

/**
 * The rows of a selection, at least the first of them in the order asked for; null where there can be none.
 * A single shelf is an index range for each status. Where more must hold, see `adaptive`.
 */
export const walksOf = (viewer: Viewer, selection: Selection, reading: Reading): SQL | null => {
  const statuses = statusesFor(viewer, selection);
  const isPossible = selection.shelves.every((shelf) => namesOf(shelf).length > 0);
  if (statuses.length === 0 || !isPossible) return null;
  const [shelf, ...others] = selection.shelves;
  if (others.length === 0 && shelf.kind !== 'numbers') return inOrder(viewer, selection, reading, statuses);
  return adaptive(viewer, selection, reading, statuses);
};

/** Along the first shelf in the order asked for, past rows that do not stand on the others. */
const inOrder = (
  viewer: Viewer,
  selection: Selection,
  { select, end, listedAt }: Reading,
  statuses: readonly ProductStatus[],
  only: SQL = sql``,
): SQL => {
  const [shelf, ...others] = selection.shelves;
  const walks = namesOf(shelf).flatMap((name) =>
    statuses.map(
      // `coalesce` hides the number from its index, which would tempt the planner away from the order.
      (
        status,
      ) => sql`(${select} from listings l where l.shelf = ${name}${isWithin(sql`coalesce(l.number, 'NaN')`, shelf)}
        and l.status = ${status}::product_status and ${visible(viewer, listedAt)}${only}${alsoOn(others, selection, true)}${end})`,
    ),
  );
  return sql.join(walks, sql` union `);
};

/** A shelf with fewer rows is read whole and sorted. */
const fewRows = 1_000;
/** How many shelves are asked for their size; each costs at most `fewRows` index entries. */
const maxAsked = 4;

/**
 * No index holds the order of products on several shelves at once, nor of a range of numbers, and no estimate
 * says how many there are. So the statement finds out: a shelf that holds few is read whole, and where all hold
 * many, a walk in order soon meets enough.
 */
const adaptive = (
  viewer: Viewer,
  selection: Selection,
  reading: Reading,
  statuses: readonly ProductStatus[],
): SQL => {
  const asked = selection.shelves.slice(0, maxAsked);
  const sizes = asked.map(
    (shelf, index) => sql`when (select count(*) from (select from listings counted
      where ${isOn(counted, shelf)} limit ${fewRows}) as first_rows) < ${fewRows} then ${index}::int`,
  );
  const fews = asked.map(
    (shelf, index) =>
      sql`${few(index)} as materialized (select l.* from listings l where ${isOn(row, shelf)})`,
  );
  const sorts = asked.map((shelf, index) => {
    const others = selection.shelves.filter((each) => each !== shelf);
    return sql`(${reading.select} from ${few(index)} l where (select narrow from size) = ${index}::int
      and ${isOfStatus(statuses)} and ${visible(viewer, reading.listedAt)}${alsoOn(others, selection, true)}${reading.end})`;
  });
  const walks = inOrder(viewer, selection, reading, statuses, sql` and (select narrow from size) is null`);
  return sql`(with size as materialized (select case ${sql.join(sizes, sql` `)} end as narrow),
    ${sql.join(fews, sql`, `)}
    ${sql.join([...sorts, walks], sql` union `)})`;
};

const few = (index: number): SQL => sql.raw(`few_${index}`);

/** How many products a selection has. */
export const countOf = (viewer: Viewer, selection: Selection): SQL => {
  const [shelf, ...others] = selection.shelves;
  // Only a product with several of the values asked for can come twice.
  const what = namesOf(shelf).length > 1 ? sql`count(distinct l.product_id)` : sql`count(*)`;
  return sql`(select ${what} from listings l where ${isOn(row, shelf)}
    and ${isOfStatus(statusesFor(viewer, selection))} and ${visible(viewer, sql`l.listed_at`)}${alsoOn(others, selection, false)})`;
};
