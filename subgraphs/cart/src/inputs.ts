import { idempotencyKey } from '@storegraph/idempotency';
import { isRegion } from '@storegraph/server';
import { z } from 'zod';
import { limits } from './domain.ts';
import { maxHoldSeconds } from './hold-domain.ts';

/** What a caller may send. GraphQL has checked types; lengths, forms and counts are checked here. */

const maxNote = 1_000;
const maxGiftMessage = 500;
const maxCode = 64;
const maxTokenLength = 4_096;

/** Postgres stores neither NUL nor half a surrogate pair. */
const isWritable = (text: string) => !text.includes('\u0000') && text.isWellFormed();
const text = (max: number) =>
  z
    .string()
    .max(max, `must be at most ${max} characters`)
    .refine((value) => isWritable(value), 'must not hold control characters or broken ones');
/** Nothing but blanks is nothing. */
const textOrNone = (max: number) =>
  text(max)
    .nullish()
    .transform((value) => (value?.trim() ? value : null));
const orNull = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? null);

/** An id that cannot be one finds nothing, as any other unknown id. */
const id = text(100).transform((value) => value.toLowerCase());
const quantity = z
  .int()
  .min(1, 'must be at least 1')
  .max(limits.QUANTITY, `must be at most ${limits.QUANTITY}`);
const code = z
  .string()
  .regex(new RegExp(`^[A-Za-z0-9_-]{1,${maxCode}}$`), `must be 1 to ${maxCode} characters of A-Z a-z 0-9 _ -`)
  .transform((value) => value.toUpperCase());
const expectedVersion = orNull(z.int().min(0, 'must be at least 0'));
const region = z.string().refine(isRegion, 'must be a country, or a state such as US-CA');
const currency = z.string().length(3);

export const lineAdd = z.object({
  idempotencyKey,
  variantId: id,
  quantity,
  region: orNull(region),
  currency: orNull(currency),
});
export const lineSet = z.object({ idempotencyKey, lineId: id, quantity, expectedVersion });
export const line = z.object({ idempotencyKey, lineId: id });
export const clear = z.object({ idempotencyKey, expectedVersion });
export const note = z.object({ idempotencyKey, note: textOrNone(maxNote) });
export const giftMessage = z.object({ idempotencyKey, giftMessage: textOrNone(maxGiftMessage) });
export const coupon = z.object({ idempotencyKey, code });
export const market = z.object({ idempotencyKey, region, currency });
export const seen = z.object({ idempotencyKey, mark: text(100) });
export const hold = z.object({
  idempotencyKey,
  holdSeconds: z.int().min(1, 'must be at least 1').max(maxHoldSeconds, `must be at most ${maxHoldSeconds}`),
});
export const nothing = z.object({ idempotencyKey });
export const merge = z.object({ idempotencyKey, guestToken: orNull(text(maxTokenLength)) });
export const settle = z.object({
  idempotencyKey,
  conflictId: id,
  choice: z.enum([
    ...['KEEP_MINE', 'TAKE_GUESTS', 'ADD_UP', 'ACCEPT', 'TAKE_AVAILABLE'],
    ...['REMOVE', 'TAKE', 'SAVE_FOR_LATER', 'DISMISS'],
  ] as const),
});
