import {
  type AttributeDefinition,
  type AttributeValue,
  isWritable,
  valueProblem,
} from './attribute-domain.ts';
import type { ProductStatus } from './domain.ts';
import type { ProductType } from './type-domain.ts';

export const productSorts = ['NEWEST', 'OLDEST', 'NAME', 'UPDATED'] as const;
export type ProductSort = (typeof productSorts)[number];

/** A shelf holds one list of products in every order; see migrations/0002_listings.sql. */
export type Shelf =
  | { readonly kind: 'shop' }
  | { readonly kind: 'category'; readonly id: string }
  | { readonly kind: 'type'; readonly id: string }
  | {
      readonly kind: 'values';
      readonly typeId: string;
      readonly code: string;
      readonly values: readonly AttributeValue[];
    }
  | { readonly kind: 'numbers'; readonly typeId: string; readonly code: string; readonly within: Numbers };

/** Some numbers, or those within bounds, both included. */
export type Numbers =
  | { readonly anyOf: readonly number[] }
  | { readonly min: number | null; readonly max: number | null };

/** Where a product stands in an order: its sort key as text, and its id, which parts equals. */
export type Position = { readonly key: string; readonly id: string };

/** Which products to list: those that stand on every shelf. The first shelf is the one to walk along. */
export type Selection = {
  readonly shelves: readonly [Shelf, ...Shelf[]];
  readonly region: string | null;
  readonly statuses: readonly ProductStatus[];
};

/** One page of a selection. */
export type Page = {
  readonly selection: Selection;
  readonly sort: ProductSort;
  readonly first: number;
  readonly after: Position | null;
};

/** A page that fits a screen ten times over; more belongs in an export. */
export const maxPageSize = 100;
/** Each is one probe of an index for each product walked past. */
export const maxAttributeFilters = 10;
/** Each is a shelf to merge. */
export const maxFilterValues = 50;

/** The narrowest kind of shelf is walked, the others are asked about each product on it. */
const narrowness: Readonly<Record<Shelf['kind'], number>> = {
  values: 0,
  category: 1,
  numbers: 2,
  type: 3,
  shop: 4,
};

/** The shelves that say all that was asked, the one to walk first. A value's shelf implies its type's, any the shop's. */
export const shelvesOf = (asked: readonly Shelf[]): Selection['shelves'] => {
  const isTypeImplied = asked.some(({ kind }) => kind === 'values' || kind === 'numbers');
  const [first, ...others] = asked
    .filter(({ kind }) => !(kind === 'type' && isTypeImplied))
    .sort((a, b) => narrowness[a.kind] - narrowness[b.kind]);
  return first ? [first, ...others] : [{ kind: 'shop' }];
};

export type AttributeFilter = {
  readonly code: string;
  readonly equals?: AttributeValue | null | undefined;
  readonly anyOf?: readonly AttributeValue[] | null | undefined;
  readonly between?:
    | { readonly min?: number | null | undefined; readonly max?: number | null | undefined }
    | null
    | undefined;
};

/** The shelf of what one attribute must be, or what is wrong with the wish. */
export const shelfOfFilter = (
  type: ProductType,
  { code, equals, anyOf, between }: AttributeFilter,
): Shelf | { readonly problem: string } => {
  const wrong = (problem: string) => ({ problem: `Attribute ${code} ${problem}.` });
  const definition = type.attributes.find((candidate) => candidate.code === code);
  if (!definition) return wrong(`is none of type ${type.code}`);
  if (!definition.isFilterable) return wrong('cannot be filtered by');
  const given = [equals, anyOf, between].filter((value) => value !== undefined && value !== null);
  if (given.length !== 1) return wrong('needs exactly one of equals, anyOf and between');
  if (between) {
    const within = boundsOf(definition, between);
    return within
      ? { kind: 'numbers', typeId: type.id, code, within }
      : wrong('needs numbers to be between, min not above max');
  }
  const values = anyOf ?? (equals === undefined || equals === null ? [] : [equals]);
  const problem = valuesProblem(definition, values);
  if (problem !== null) return wrong(problem);
  const distinct = [...new Set(values)];
  // Numbers stand together on one shelf, so that a range of them is one too.
  const numbers = distinct.filter((value) => typeof value === 'number');
  return numbers.length > 0
    ? { kind: 'numbers', typeId: type.id, code, within: { anyOf: numbers } }
    : { kind: 'values', typeId: type.id, code, values: distinct };
};

const boundsOf = (
  { kind }: AttributeDefinition,
  { min = null, max = null }: NonNullable<AttributeFilter['between']>,
): Numbers | null => {
  const isOfNumbers = kind === 'INTEGER' || kind === 'NUMBER';
  if (!isOfNumbers || (min === null && max === null)) return null;
  return min !== null && max !== null && min > max ? null : { min, max };
};

/** Of several choices a product has, a filter names one at a time. */
const valuesProblem = (definition: AttributeDefinition, values: readonly AttributeValue[]): string | null => {
  if (values.length === 0 || values.length > maxFilterValues) return `takes 1 to ${maxFilterValues} values`;
  const unbound = { ...definition, min: null, max: null };
  for (const value of values) {
    const problem =
      definition.kind === 'CHOICES' && typeof value === 'string'
        ? valueProblem(unbound, [value])
        : scalarProblem(unbound, value);
    if (problem !== null) return problem;
  }
  return null;
};

const scalarProblem = (definition: AttributeDefinition, value: AttributeValue): string | null =>
  Array.isArray(value) ? 'takes one value at a time; use anyOf for several' : valueProblem(definition, value);

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
/** Microseconds since 1970: text that Postgres takes whatever its digits. */
const microseconds = /^-?\d{1,16}$/;
/** A name's key is at most 200 letters, some of which unfold into several. */
const maxKeyLength = 4_000;

export const isId = (text: string): boolean => uuid.test(text);

/** Says the order along with the place, because a place means nothing in another order. */
export const cursorOf = (sort: ProductSort, { key, id }: Position): string =>
  Buffer.from(JSON.stringify([sort, key, id])).toString('base64url');

/** The place a cursor names, or null for what is no cursor of this order. */
export const positionOf = (sort: ProductSort, cursor: string): Position | null => {
  if (cursor.length > maxKeyLength * 2) return null;
  const parts = parsed(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!Array.isArray(parts) || parts.length !== 3 || parts[0] !== sort) return null;
  const [, key, id] = parts;
  if (typeof key !== 'string' || typeof id !== 'string' || !isId(id)) return null;
  return (sort === 'NAME' ? isWritable(key) : microseconds.test(key)) ? { key, id } : null;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
};
