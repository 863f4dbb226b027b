import { hash } from 'node:crypto';

/** SHA-256 over the input's canonical JSON: the order of an object's fields makes no difference. */
export const fingerprintOf = (input: unknown): Buffer =>
  hash('sha256', JSON.stringify(canonical(input)), 'buffer');

const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical);
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') };
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, field]) => [name, canonical(field)]),
  );
};
