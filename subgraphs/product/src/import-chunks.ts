import type { Database } from '@storegraph/postgres';
import {
  type Cells,
  headerProblem,
  productOfCells,
  productOfJson,
  type RawProduct,
  type RowProblem,
} from './import-domain.ts';
import { cellsOf, type FileRow, type Place, rowsFrom } from './import-reader.ts';
import { type ImportRow, readPart } from './import-repository.ts';
import { allTypes } from './type-repository.ts';
import { maxVariants } from './variant-domain.ts';

/** How many products one transaction writes: a few hundred milliseconds of work. */
const chunkProducts = 250;
/** Rows that came to nothing end a chunk too, so that a file of mistakes makes progress in little memory. */
const chunkRows = 2_000;

/** What the rows up to a place came to: a product, problems, or nothing. It is written whole or not at all. */
export type Step = {
  readonly rows: number;
  readonly next: Place;
  readonly product: RawProduct | null;
  readonly problems: readonly RowProblem[];
  /** The slug of a product that is refused before its fields are looked at. */
  readonly refusedSlug: string | null;
};

/** Steps that one transaction takes; or why the file cannot be read at all. */
export type Chunk = readonly Step[] | { readonly failure: string };

/** The rest of a file in chunks. */
export async function* chunksOf(db: Database, started: ImportRow): AsyncGenerator<Chunk> {
  const { id, format, parts, nextPart, nextByte, nextRow } = started;
  const file = { format, parts: parts ?? 0, read: (part: number) => readPart(db, id, part) };
  const place = { part: nextPart, byte: nextByte, row: nextRow };
  const rowsAt = (from: Place) => rowsFrom(from, file);
  if (format === 'CSV') yield* csvChunks(db, place, rowsAt);
  else if (place.row === 1 && !(await hasContent(rowsAt(place)))) yield { failure: 'The file has no rows.' };
  else yield* inChunks(jsonSteps(rowsAt(place)));
}

async function* inChunks(steps: AsyncIterable<Step>): AsyncGenerator<readonly Step[]> {
  let chunk: Step[] = [];
  let [products, rows] = [0, 0];
  for await (const step of steps) {
    chunk.push(step);
    rows += step.rows;
    if (step.product) products += 1;
    if (products < chunkProducts && rows < chunkRows) continue;
    yield chunk;
    [chunk, products, rows] = [[], 0, 0];
  }
  if (chunk.length > 0) yield chunk;
}

const isBlank = ({ text }: FileRow) => text?.trim() === '';

const hasContent = async (rows: AsyncIterable<FileRow>): Promise<boolean> => {
  for await (const row of rows) if (!isBlank(row)) return true;
  return false;
};

async function* jsonSteps(rows: AsyncIterable<FileRow>): AsyncGenerator<Step> {
  for await (const fileRow of rows) {
    const { row, next, text, problem } = fileRow;
    const step = { rows: 1, next, product: null, problems: [], refusedSlug: null };
    const reading =
      text === undefined
        ? { problems: [{ row, field: null, message: problem ?? 'cannot be read' }] }
        : productOfJson(text, row);
    yield isBlank(fileRow) ? step : { ...step, ...reading };
  }
}

async function* csvChunks(
  db: Database,
  place: Place,
  rowsAt: (place: Place) => AsyncGenerator<FileRow>,
): AsyncGenerator<Chunk> {
  const fromStart = rowsAt({ part: 1, byte: 0, row: 1 });
  const first = await fromStart.next();
  await fromStart.return(undefined);
  if (first.done) return yield { failure: 'The file has no rows.' };
  const header = first.value;
  const columns = header.text === undefined ? null : cellsOf(header.text)?.map((name) => name.trim());
  if (!columns) return yield { failure: `The header ${header.problem ?? 'has broken quotes'}.` };
  const failure = headerProblem(columns);
  if (failure !== null) return yield { failure };

  const kinds = new Map(
    (await allTypes(db)).flatMap((type) =>
      type.attributes.map(({ code, kind }) => [`${type.code} ${code}`, kind] as const),
    ),
  );
  const start = place.row > 1 ? place : header.next;
  yield* inChunks(csvSteps(groupsOf(columns, rowsAt(start)), kinds));
}

async function* csvSteps(
  groups: AsyncIterable<Group>,
  kinds: ReadonlyMap<string, string>,
): AsyncGenerator<Step> {
  for await (const { slug, cells, problems, rows, next } of groups) {
    const type = cells[0]?.values.get('type') ?? '';
    const isProduct = problems.length === 0 && cells.length > 0;
    const product = isProduct ? productOfCells(cells, (code) => kinds.get(`${type} ${code}`)) : null;
    yield { rows, next, product, problems, refusedSlug: problems.length > 0 ? slug : null };
  }
}

/** Rows that belong to one product, as they are gathered. */
type Group = { slug: string; cells: Cells[]; problems: RowProblem[]; rows: number; next: Place };

/**
 * Rows that follow each other with one slug; empty ones part nothing. A row that cannot be read may belong to either
 * neighbour, so it refuses both.
 */
async function* groupsOf(columns: readonly string[], rows: AsyncIterable<FileRow>): AsyncGenerator<Group> {
  let group: Group | null = null;
  let isBehindUnreadable = false;
  for await (const fileRow of rows) {
    const reading = readCells(columns, fileRow);
    const slug: string = slugIn(reading) ?? group?.slug ?? '';
    if (!group || slug !== group.slug || group.rows >= chunkRows) {
      if (group) yield group;
      group = { slug, cells: [], problems: [], rows: 0, next: fileRow.next };
      if (isBehindUnreadable)
        group.problems.push({
          row: fileRow.row,
          field: null,
          message: 'follows a row that cannot be read and may belong to the same product',
        });
    }
    addRow(group, fileRow, reading);
    isBehindUnreadable = 'message' in reading || (isBehindUnreadable && slugIn(reading) === null);
  }
  if (group) yield group;
}

const addRow = (group: Group, { row, next }: FileRow, reading: CellsReading): void => {
  group.rows += 1;
  group.next = next;
  if ('message' in reading) group.problems.push({ row, field: null, message: reading.message });
  else if (reading.cells.values.size > 0) group.cells.push(reading.cells);
  if (group.cells.length <= maxVariants) return;
  group.problems.push({ row, field: 'sku', message: `a product has at most ${maxVariants} variants` });
  group.cells = [];
};

type CellsReading = { readonly cells: Cells } | { readonly message: string };

/** The slug a row names, empty where it is missing; null for a row that says nothing. */
const slugIn = (reading: CellsReading): string | null =>
  'message' in reading || reading.cells.values.size === 0
    ? null
    : (reading.cells.values.get('product_slug') ?? '');

const readCells = (columns: readonly string[], { row, text, problem }: FileRow): CellsReading => {
  if (text === undefined) return { message: problem ?? 'cannot be read' };
  const cells = text.trim() === '' ? [] : cellsOf(text);
  if (!cells) return { message: 'has broken quotes' };
  if (cells.length > columns.length)
    return { message: `has ${cells.length} cells and the header ${columns.length}` };
  const values = columns.flatMap((name, index) => {
    const value = cells[index]?.trim() ?? '';
    return value === '' ? [] : [[name, value] as const];
  });
  return { cells: { row, values: new Map(values) } };
};
