import type { Reader } from '@storegraph/postgres';
import { type SQL, sql } from 'drizzle-orm';
import type { Answered } from './group-commit.ts';
import type { CartLine, KeptRefusal } from './reservation-domain.ts';

/** A cart to hold stock for, checked and with its lines added up. */
export type ReserveRequest = {
  readonly reservationId: string;
  /** In hex. */
  readonly fingerprint: string;
  readonly lines: readonly CartLine[];
  readonly region: string | null;
  readonly holdSeconds: number;
  /** The warehouses asked, in their order. */
  readonly route: readonly string[];
  /** Takes a hold that has expired again, under its own id. */
  readonly isRenewal: boolean;
};

export type ReserveAnswer =
  | { readonly kind: 'granted'; readonly isEarlier: boolean }
  | { readonly kind: 'refused'; readonly isEarlier: boolean; readonly refusal: KeptRefusal }
  | { readonly kind: 'conflict' };

/** What the function notes of a request that is not simply granted. */
type Note = {
  readonly conflict?: true;
  readonly earlier?: true;
  readonly refusal?: KeptRefusal | null;
} | null;

const granted: ReserveAnswer = { kind: 'granted', isEarlier: false };

/** Answers a batch of reserves in one commit. */
export const reserveStock = async (
  reader: Reader,
  requests: readonly ReserveRequest[],
): Promise<Answered<ReserveAnswer>> => {
  const { terms, termOf, warehouseIds } = termsOf(requests);
  const { variantIds, lineCells, lineQuantities, lineEnds } = gridOf(requests, warehouseIds.length);
  // Arrays travel as text made here: the driver would escape item by item.
  const variants = listOf(variantIds);
  const reserving = sql`reserve_stock(
    ${listOf(requests.map(({ reservationId }) => reservationId))}::uuid[],
    ${listOf(requests.map(({ fingerprint }) => `"\\\\x${fingerprint}"`))}::bytea[],
    ${listOf(termOf)}::integer[], ${listOf(lineEnds)}::integer[],
    ${listOf(requests.filter(({ isRenewal }) => isRenewal).map(({ reservationId }) => reservationId))}::uuid[],
    ${listOf(lineCells)}::integer[], ${listOf(lineQuantities)}::integer[],
    ${listOf(terms.map(({ holdSeconds }) => holdSeconds))}::integer[],
    ${listOf(terms.map(({ region }) => region ?? 'null'))}::text[],
    ${listOf(terms.map(({ start }) => start))}::integer[], ${listOf(terms.map(({ end }) => end))}::integer[],
    ${listOf(terms.flatMap(({ stops }) => stops))}::integer[],
    ${variants}::uuid[], ${listOf(warehouseIds)}::uuid[])`;
  const [row] = await reader.execute<{ notes: readonly Note[]; hadRivals: boolean }>(
    requests.length > 1
      ? afterLocking(variants, reserving)
      : sql`select ${reserving} as notes, false as "hadRivals"`,
  );
  if (!row) throw new Error('A batch of reserves was not answered.');
  return { answers: row.notes.map(answerOf), hadRivals: row.hadRivals };
};

/** Locks first, to tell the time it waited for other processes' batches from the time it works. A lone cart need not. */
const afterLocking = (variants: string, reserving: SQL): SQL => sql`
  with locked as materialized (select lock_stock(${variants}::uuid[]), clock_timestamp() as at)
  select ${reserving} as notes, at - statement_timestamp() > clock_timestamp() - at as "hadRivals" from locked`;

const listOf = (items: readonly (string | number)[]): string => `{${items.join(',')}}`;

const answerOf = (note: Note): ReserveAnswer => {
  if (note === null) return granted;
  if (note.conflict) return { kind: 'conflict' };
  const isEarlier = note.earlier ?? false;
  return note.refusal
    ? { kind: 'refused', isEarlier, refusal: note.refusal }
    : { kind: 'granted', isEarlier };
};

/** What requests have in common; its stops are places in the list of all warehouses asked, counted from 1. */
type Term = {
  readonly route: readonly string[];
  readonly region: string | null;
  readonly holdSeconds: number;
  readonly stops: readonly number[];
  /** Where its stops stand in the list of all stops. */
  readonly start: number;
  readonly end: number;
};

/** Where no warehouse is open there is still a grid, of one warehouse that has nothing. */
const nowhere = '00000000-0000-0000-0000-000000000000';

const termsOf = (requests: readonly ReserveRequest[]) => {
  const terms: Term[] = [];
  const warehouses = new Map<string, number>();
  const stopAt = (warehouseId: string): number => {
    const stop = warehouses.get(warehouseId) ?? warehouses.size + 1;
    warehouses.set(warehouseId, stop);
    return stop;
  };
  const termOf = requests.map(({ route, region, holdSeconds }) => {
    const known = terms.findIndex(
      (term) => term.route === route && term.region === region && term.holdSeconds === holdSeconds,
    );
    if (known >= 0) return known + 1;
    const start = (terms.at(-1)?.end ?? 0) + 1;
    const end = start + route.length - 1;
    return terms.push({ route, region, holdSeconds, stops: route.map(stopAt), start, end });
  });
  return { terms, termOf, warehouseIds: warehouses.size > 0 ? [...warehouses.keys()] : [nowhere] };
};

/** Variants in the order Postgres has them, and for each line the cell before its variant's first. */
const gridOf = (requests: readonly ReserveRequest[], warehouses: number) => {
  const cells = new Map<string, number>();
  for (const { lines } of requests) for (const { variantId } of lines) cells.set(variantId, 0);
  const variantIds = [...cells.keys()].sort();
  for (const [place, variantId] of variantIds.entries()) cells.set(variantId, place * warehouses);
  const lineCells: number[] = [];
  const lineQuantities: number[] = [];
  const lineEnds: number[] = [];
  for (const { lines } of requests) {
    for (const { variantId, quantity } of lines) {
      lineCells.push(cells.get(variantId) ?? 0);
      lineQuantities.push(quantity);
    }
    lineEnds.push(lineCells.length);
  }
  return { variantIds, lineCells, lineQuantities, lineEnds };
};
