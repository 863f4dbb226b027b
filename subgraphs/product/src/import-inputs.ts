import { idempotencyKey } from '@storegraph/idempotency';
import { z } from 'zod';
import { isWritable } from './attribute-domain.ts';
import { newProduct } from './inputs.ts';

/** What an import takes: its three calls, and each product of the file. */

/** A request may be a little larger than this as Base64, which the endpoint's limit allows for. */
const maxPartBytes = 1024 * 1024;
/** Half a gibibyte: more than a million products with all their texts. */
const maxParts = 512;
const part = z.int().min(1).max(maxParts, `a file has at most ${maxParts} parts`);
const importId = z.string().max(100, 'is no id');

export const productImportCreate = z.object({
  idempotencyKey,
  format: z.enum(['JSONL', 'CSV']),
  fileName: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(200, 'must be at most 200 characters')
    .refine((name) => !/[\p{Cc}\p{Surrogate}]/u.test(name), 'must not hold control characters'),
});

export const productImportAppend = z.object({
  idempotencyKey,
  importId,
  part,
  content: z
    .instanceof(Buffer)
    .refine(({ length }) => length > 0, 'must not be empty')
    .refine(({ length }) => length <= maxPartBytes, 'must be at most 1 MiB'),
});

export const productImportRun = z.object({ idempotencyKey, importId, parts: part });

const { categoryIds: _byId, slug, ...fields } = newProduct.shape;

/** A product of the file: as one that is created, but named by its slug and with its categories' slugs. */
export const importedProduct = z.strictObject({
  ...fields,
  slug: slug.refine((given) => given !== null, 'is needed').transform((given) => given ?? ''),
  status: z.enum(['DRAFT', 'PUBLISHED']).default('DRAFT'),
  categories: z
    .array(z.string().max(100).refine(isWritable, 'is no slug'))
    .max(20, 'at most 20 categories')
    .default([]),
});
export type ImportedProduct = z.output<typeof importedProduct>;
