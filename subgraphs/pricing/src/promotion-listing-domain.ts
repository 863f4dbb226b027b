/** A page that fits a screen several times over; of coupons more, since they are read to be printed. */
export const maxPromotionsInPage = 100;
export const maxCouponsInPage = 1_000;
export const maxEntriesInPage = 100;

/** A page of a list that ends with its oldest, by a number or an id that grows. */
export type Page<Row> = {
  readonly rows: readonly Row[];
  readonly cursorOf: (row: Row) => string;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
};

type Problem = { readonly problem: string };
type List = 'promotion' | 'coupon' | 'entry';

/** Where a row stands in its list, as clients see it. */
const cursorAt = (list: List, place: string | number): string =>
  Buffer.from(`${list} ${place}`).toString('base64url');

const placeIn = (list: List, cursor: string): string | null => {
  if (cursor.length > 200) return null;
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const pattern =
    list === 'promotion' ? /^promotion ([0-9a-f-]{36})$/ : new RegExp(`^${list} ([1-9]\\d{0,14})$`);
  return pattern.exec(text)?.[1] ?? null;
};

/** The page a caller wishes for, or what is wrong with the wish. One row more shows whether another page follows. */
export const pageWish = (
  list: List,
  { first, after }: { readonly first: number; readonly after: string | null | undefined },
  most: number,
): { readonly limit: number; readonly before: string | null } | Problem => {
  if (first < 1 || first > most) return { problem: `first must be from 1 to ${most}.` };
  if (after === null || after === undefined) return { limit: first + 1, before: null };
  const before = placeIn(list, after);
  return before === null ? { problem: 'after is no cursor of this list.' } : { limit: first + 1, before };
};

/** The rows read for a wish, as a page. */
export const pageOf = <Row>(
  list: List,
  rows: readonly Row[],
  { limit, before }: { readonly limit: number; readonly before: string | null },
  placeOf: (row: Row) => string | number,
): Page<Row> => ({
  rows: rows.slice(0, limit - 1),
  cursorOf: (row) => cursorAt(list, placeOf(row)),
  hasNextPage: rows.length >= limit,
  hasPreviousPage: before !== null,
});
