import type { Reader, Transaction } from '@storegraph/postgres';
import { skuKeyOf } from '@storegraph/sku';
import { sql } from 'drizzle-orm';
import { type ImportFormat, type ImportStatus, printable, type RowProblem } from './import-domain.ts';
import type { Place } from './import-reader.ts';
import { isId } from './listing-domain.ts';

/** An import as it stands. */
export type ImportRow = {
  readonly id: string;
  readonly format: ImportFormat;
  readonly fileName: string;
  readonly status: ImportStatus;
  readonly parts: number | null;
  readonly nextPart: number;
  readonly nextByte: number;
  readonly nextRow: number;
  readonly rowsRead: number;
  readonly productsWritten: number;
  readonly productsRefused: number;
  readonly failure: string | null;
  /** Tries since the last step, also those whose process died in the midst. */
  readonly attempts: number;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
};

const columns = sql.raw(`id, format, file_name as "fileName", status, parts, next_part as "nextPart",
  next_byte as "nextByte", next_row as "nextRow", rows_read as "rowsRead", products_written as "productsWritten",
  products_refused as "productsRefused", failure, attempts, created_at as "createdAt", finished_at as "finishedAt"`);

export const importById = async (reader: Reader, id: string): Promise<ImportRow | null> => {
  if (!isId(id)) return null;
  const [row] = await reader.execute<ImportRow>(sql`select ${columns} from imports where id = ${id}`);
  return row ?? null;
};

/** The import, held until the commit. */
export const lockImport = async (tx: Transaction, id: string): Promise<ImportRow | null> => {
  if (!isId(id)) return null;
  const [row] = await tx.execute<ImportRow>(sql`select ${columns} from imports where id = ${id} for update`);
  return row ?? null;
};

export const insertImport = async (
  tx: Transaction,
  { id, format, fileName }: { id: string; format: ImportFormat; fileName: string },
): Promise<void> => {
  await tx.execute(sql`insert into imports (id, format, file_name) values (${id}, ${format}, ${fileName})`);
};

/** Stores a part; false when other bytes stand there already. */
export const savePart = async (
  tx: Transaction,
  { importId, part, content }: { importId: string; part: number; content: Buffer },
): Promise<boolean> => {
  const [row] = await tx.execute(sql`
    insert into import_parts (import_id, part, content) values (${importId}, ${part}, ${content})
    on conflict (import_id, part) do update set content = import_parts.content
    where import_parts.content = excluded.content returning 1 as stored`);
  return row !== undefined;
};

export const storedParts = async (reader: Reader, importId: string): Promise<number[]> => {
  const rows = await reader.execute<{ part: number }>(sql`
    select part from import_parts where import_id = ${importId} order by part`);
  return [...rows].map(({ part }) => part);
};

export const readPart = async (reader: Reader, importId: string, part: number): Promise<Buffer> => {
  const [row] = await reader.execute<{ content: Buffer }>(sql`
    select content from import_parts where import_id = ${importId} and part = ${part}`);
  if (!row) throw new Error(`Part ${part} of import ${importId} is gone.`);
  return row.content;
};

export const startImport = async (tx: Transaction, id: string, parts: number): Promise<void> => {
  await tx.execute(sql`update imports set status = 'RUNNING', parts = ${parts} where id = ${id}`);
};

/** Takes on the oldest import nobody works on. It counts as a try before anything is done, should the process die. */
export const leaseImport = async (
  reader: Reader,
  { owner, leaseMs }: { owner: string; leaseMs: number },
): Promise<ImportRow | null> => {
  const [row] = await reader.execute<ImportRow>(sql`
    update imports set lease_owner = ${owner}, leased_until = now() + ${leaseMs} * interval '1 millisecond',
      attempts = attempts + 1
    where id = (
      select id from imports where status = 'RUNNING' and (leased_until is null or leased_until < now())
      order by created_at limit 1 for update skip locked)
    returning ${columns}`);
  return row ?? null;
};

export type Lease = { readonly id: string; readonly owner: string };

/** Says that this process is still at work. */
export const renewLease = async (reader: Reader, { id, owner }: Lease, leaseMs: number): Promise<void> => {
  await reader.execute(sql`
    update imports set leased_until = now() + ${leaseMs} * interval '1 millisecond'
    where id = ${id} and lease_owner = ${owner} and status = 'RUNNING'`);
};

/** Lets others go on at once with what this process leaves. */
export const endLease = async (reader: Reader, { id, owner }: Lease): Promise<void> => {
  await reader.execute(
    sql`update imports set leased_until = null where id = ${id} and lease_owner = ${owner}`,
  );
};

/** Leaves an import that failed alone for a while, twice as long each time, so that others go first. */
export const setBack = async (
  reader: Reader,
  { id, owner }: Lease,
  maxPauseSeconds: number,
): Promise<void> => {
  await reader.execute(sql`
    update imports set leased_until = now() + least(2 ^ attempts, ${maxPauseSeconds}) * interval '1 second'
    where id = ${id} and lease_owner = ${owner} and status = 'RUNNING'`);
};

export type Progress = {
  readonly place: Place;
  readonly rowsRead: number;
  readonly productsWritten: number;
  readonly productsRefused: number;
};

/** Moves an import on, if it is still this owner's; null when somebody else has taken it over. */
export const saveProgress = async (
  tx: Transaction,
  { id, owner, leaseMs, progress }: { id: string; owner: string; leaseMs: number; progress: Progress },
): Promise<ImportRow | null> => {
  const { place, rowsRead, productsWritten, productsRefused } = progress;
  const [row] = await tx.execute<ImportRow>(sql`
    update imports set next_part = ${place.part}, next_byte = ${place.byte}, next_row = ${place.row},
      rows_read = rows_read + ${rowsRead}, products_written = products_written + ${productsWritten},
      products_refused = products_refused + ${productsRefused}, attempts = 0,
      leased_until = now() + ${leaseMs} * interval '1 millisecond'
    where id = ${id} and lease_owner = ${owner} and status = 'RUNNING' returning ${columns}`);
  return row ?? null;
};

/** Ends an import and drops what it no longer needs. */
export const finishImport = async (
  tx: Transaction,
  { id, owner, failure }: { id: string; owner: string; failure: string | null },
): Promise<ImportRow | null> => {
  const [row] = await tx.execute<ImportRow>(sql`
    update imports set status = ${failure === null ? 'FINISHED' : 'FAILED'}::import_status,
      failure = ${failure === null ? null : printable(failure)},
      finished_at = now(), leased_until = null
    where id = ${id} and lease_owner = ${owner} and status = 'RUNNING' returning ${columns}`);
  if (!row) return null;
  await tx.execute(sql`delete from import_parts where import_id = ${id}`);
  await tx.execute(sql`delete from import_slugs where import_id = ${id}`);
  return row;
};

/** Notes slugs as had; answers those the file has had before. */
export const noteSlugs = async (
  tx: Transaction,
  importId: string,
  slugs: readonly string[],
): Promise<Set<string>> => {
  const fresh = await tx.execute<{ slug: string }>(sql`
    insert into import_slugs (import_id, slug) select ${importId}, slug from unnest(${sql.param(slugs)}::text[]) as slug
    on conflict do nothing returning slug`);
  const noted = new Set([...fresh].map(({ slug }) => slug));
  return new Set(slugs.filter((slug) => !noted.has(slug)));
};

export const insertErrors = async (
  tx: Transaction,
  importId: string,
  problems: readonly RowProblem[],
): Promise<void> => {
  if (problems.length === 0) return;
  const stored = problems.map(({ row, field, message }, place) => ({
    row,
    place,
    field: field === null ? null : printable(field),
    message: printable(message),
  }));
  await tx.execute(sql`
    insert into import_errors (import_id, row, place, field, message)
    select ${importId}, row, place, field, message
    from jsonb_to_recordset(${JSON.stringify(stored)}::jsonb)
      as problem (row integer, place integer, field text, message text)`);
};

export const errorsOf = async (
  reader: Reader,
  { importId, first, afterRow }: { importId: string; first: number; afterRow: number },
): Promise<RowProblem[]> => {
  const rows = await reader.execute<RowProblem>(sql`
    select row, field, message from import_errors where import_id = ${importId} and row > ${afterRow}
    order by row, place limit ${first}`);
  return [...rows];
};

/** Which products answer to these slugs. */
export const productIdsBySlugs = async (
  reader: Reader,
  slugs: readonly string[],
): Promise<Map<string, string>> => {
  const rows = await reader.execute<{ slug: string; productId: string }>(sql`
    select slug, product_id as "productId" from product_slugs where slug = any(${sql.param(slugs)}::text[])`);
  return new Map([...rows].map(({ slug, productId }) => [slug, productId]));
};

/** Which products have these SKUs, by the form SKUs are compared in. */
export const productIdsBySkus = async (
  reader: Reader,
  skus: readonly string[],
): Promise<Map<string, string>> => {
  const rows = await reader.execute<{ key: string; productId: string }>(sql`
    select sku_key as key, product_id as "productId" from variants
    where sku_key = any(${sql.param(skus.map(skuKeyOf))}::text[]) and removed_at is null`);
  return new Map([...rows].map(({ key, productId }) => [key, productId]));
};

/** Where a product stands, in its order. */
export const productCategoryIds = async (reader: Reader, productId: string): Promise<string[]> => {
  const rows = await reader.execute<{ id: string }>(sql`
    select category_id as id from product_categories where product_id = ${productId} order by position`);
  return [...rows].map(({ id }) => id);
};

/**
 * The SQLSTATE, with its constraint, of an error by which the database refuses what a row says: a bad value, a broken
 * rule, a limit. Null for all that may pass: connections, time, memory, locks.
 */
export const refusalOf = (error: unknown): string | null => {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const code = 'code' in inner ? String(inner.code) : '';
    // 22012 is how `transaction` notices a lost connection.
    if (!/^(?:22|23|54)[0-9A-Z]{3}$/.test(code) || code === '22012') continue;
    return 'constraint_name' in inner ? `${code}, ${String(inner.constraint_name)}` : code;
  }
  return null;
};
