import { parse } from 'csv-parse/sync';
import type { ImportFormat } from './import-domain.ts';

/** A longer row is a mistake in the file, such as a quote that is never closed. */
export const maxRowBytes = 256 * 1024;

/** A place in the file: the byte of a part, and the number of the row that begins there. */
export type Place = { readonly part: number; readonly byte: number; readonly row: number };

/** One row of the file, as text or with what keeps it from being text, and where the next one begins. */
export type FileRow = { readonly row: number; readonly next: Place } & (
  | { readonly text: string; readonly problem?: never }
  | { readonly problem: string; readonly text?: never }
);

const newline = 0x0a;
const quote = 0x22;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** The rows from a place on, part by part, so that a file of any size takes the memory of one part. */
export async function* rowsFrom(
  place: Place,
  { format, parts, read }: { format: ImportFormat; parts: number; read: (part: number) => Promise<Buffer> },
): AsyncGenerator<FileRow> {
  let { row } = place;
  let pieces: Buffer[] = [];
  let size = 0;
  let isQuoted = false;
  for (let part = place.part; part <= parts; part += 1) {
    const content = await read(part);
    let start = part === place.part ? place.byte : 0;
    for (let byte = start; byte < content.length; byte += 1) {
      if (format === 'CSV' && content[byte] === quote) isQuoted = !isQuoted;
      const isTooLong = size + byte - start > maxRowBytes;
      // A quote that is never closed would swallow the rest: behind the limit every newline ends a row.
      if (content[byte] !== newline || (isQuoted && !isTooLong)) continue;
      pieces.push(content.subarray(start, byte));
      yield { row, next: { part, byte: byte + 1, row: row + 1 }, ...textOf(pieces) };
      [row, pieces, size, isQuoted, start] = [row + 1, [], 0, false, byte + 1];
    }
    pieces = keep(pieces, content.subarray(start));
    size += content.length - start;
  }
  if (size > 0) yield { row, next: { part: parts + 1, byte: 0, row: row + 1 }, ...textOf(pieces) };
}

/** Of a row that is too long anyway nothing more is kept. */
const keep = (pieces: Buffer[], piece: Buffer): Buffer[] =>
  pieces.reduce((sum, { length }) => sum + length, 0) > maxRowBytes ? pieces : [...pieces, piece];

const textOf = (pieces: readonly Buffer[]): { text: string } | { problem: string } => {
  const bytes = Buffer.concat(pieces);
  if (bytes.length > maxRowBytes) return { problem: `is longer than ${maxRowBytes / 1024} KiB` };
  try {
    return { text: utf8.decode(bytes).replace(/\r$/, '') };
  } catch {
    return { problem: 'is not UTF-8' };
  }
};

/** The cells of one row of CSV, or null where its quotes are broken. */
export const cellsOf = (text: string): string[] | null => {
  try {
    const [cells] = parse(text, { relax_column_count: true, skip_empty_lines: true });
    return cells ?? [];
  } catch {
    return null;
  }
};
