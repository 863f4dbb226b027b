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
/** Rows that came to nothing end a chunk too, so that a file of mistakes makes progress. */
const chunkRows = 2_000;
/** What the rows up to a place came to. */
export type Chunk = {
  products: RawProduct[];
  problems: RowProblem[];
  /** Slugs of products whose rows could not all be read. */
  refusedSlugs: string[];
  refused: number;
  rows: number;
  next: Place;
};

const emptyChunk = (next: Place): Chunk => ({
  products: [],
  problems: [],
  refusedSlugs: [],
  refused: 0,
  rows: 0,
  next,
});
const isFull = ({ products, rows }: Chunk) => products.length >= chunkProducts || rows >= chunkRows;

/** The rest of a file in chunks, each a whole number of products; or why it cannot be read at all. */
export async function* chunksOf(
  db: Database,
  started: ImportRow,
): AsyncGenerator<Chunk | { failure: string }> {
  const { id, format, parts, nextPart, nextByte, nextRow } = started;
  const file = { format, parts: parts ?? 0, read: (part: number) => readPart(db, id, part) };
  const place = { part: nextPart, byte: nextByte, row: nextRow };
  if (format === 'JSONL') yield* jsonChunks(place, rowsFrom(place, file));
  else
    yield* csvChunks(db, place, rowsFrom({ part: 1, byte: 0, row: 1 }, file), (from) => rowsFrom(from, file));
}

async function* jsonChunks(
  place: Place,
  rows: AsyncIterable<FileRow>,
): AsyncGenerator<Chunk | { failure: string }> {
  let chunk = emptyChunk(place);
  let hasContent = place.row > 1;
  for await (const row of rows) {
    hasContent = addJson(chunk, row) || hasContent;
    if (!isFull(chunk)) continue;
    yield chunk;
    chunk = emptyChunk(row.next);
  }
  if (!hasContent) yield { failure: 'The file has no rows.' };
  else if (chunk.rows > 0) yield chunk;
}

/** Adds what a line says; false for an empty line. */
const addJson = (chunk: Chunk, { row, next, text, problem }: FileRow): boolean => {
  chunk.rows += 1;
  chunk.next = next;
  if (text?.trim() === '') return false;
  const reading =
    text === undefined
      ? { problems: [{ row, field: null, message: problem ?? 'cannot be read' }] }
      : productOfJson(text, row);
  if ('product' in reading) chunk.products.push(reading.product);
  else for (const found of reading.problems) refuseRow(chunk, found);
  return true;
};

const refuseRow = (chunk: Chunk, problem: RowProblem) => {
  chunk.problems.push(problem);
  chunk.refused += 1;
};

/** Rows that belong to one product, as they are gathered. */
type Group = { slug: string; cells: Cells[]; problems: RowProblem[]; rows: number; next: Place };

async function* csvChunks(
  db: Database,
  place: Place,
  fromStart: AsyncGenerator<FileRow>,
  rowsAt: (place: Place) => AsyncIterable<FileRow>,
): AsyncGenerator<Chunk | { failure: string }> {
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
  let chunk = emptyChunk(place.row > 1 ? place : header.next);
  for await (const group of groupsOf(columns, rowsAt(chunk.next))) {
    addGroup(chunk, group, kinds);
    if (!isFull(chunk)) continue;
    yield chunk;
    chunk = emptyChunk(group.next);
  }
  if (chunk.rows > 0) yield chunk;
}

const addGroup = (
  chunk: Chunk,
  { slug, cells, problems, rows, next }: Group,
  kinds: ReadonlyMap<string, string>,
) => {
  chunk.rows += rows;
  chunk.next = next;
  if (problems.length > 0) {
    chunk.problems.push(...problems);
    chunk.refusedSlugs.push(slug);
    chunk.refused += 1;
  } else if (cells.length > 0) {
    const type = cells[0]?.values.get('type') ?? '';
    chunk.products.push(productOfCells(cells, (code) => kinds.get(`${type} ${code}`)));
  }
};

/** Rows that follow each other with one slug. A row that cannot be read belongs to the product around it. */
async function* groupsOf(columns: readonly string[], rows: AsyncIterable<FileRow>): AsyncGenerator<Group> {
  let group: Group | null = null;
  for await (const fileRow of rows) {
    const { row, next } = fileRow;
    const reading = readCells(columns, fileRow);
    const slug: string =
      'cells' in reading ? (reading.cells.values.get('product_slug') ?? '') : (group?.slug ?? '');
    if (group && slug !== group.slug) {
      yield group;
      group = null;
    }
    group ??= { slug, cells: [], problems: [], rows: 0, next };
    group.rows += 1;
    group.next = next;
    if ('message' in reading) group.problems.push({ row, field: null, message: reading.message });
    else if (reading.cells.values.size > 0) group.cells.push(reading.cells);
    if (group.cells.length > maxVariants) {
      group.problems.push({ row, field: 'sku', message: `a product has at most ${maxVariants} variants` });
      group.cells = [];
    }
  }
  if (group) yield group;
}

const readCells = (
  columns: readonly string[],
  { row, text, problem }: FileRow,
): { cells: Cells } | { message: string } => {
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
