import { idempotencyKey } from '@storegraph/idempotency';
import { isRegion } from '@storegraph/server';
import { skuKeyOf } from '@storegraph/sku';
import { z } from 'zod';
import { policyKinds } from './stock-domain.ts';

/** What a caller may send. GraphQL has checked types; lengths, forms and counts are checked here. */

const maxCartLines = 100;
/** A stock take or a feed of a large warehouse fits; more would be a file. */
const maxFileLines = 10_000;
const maxQuantity = 100_000;
const maxPieces = 10_000_000;
const maxBound = 1_000_000;
const maxHoldSeconds = 24 * 60 * 60;
const maxCountAgeMs = 7 * 24 * 60 * 60_000;
const maxRegions = 250;
const maxPriority = 1_000;

/** Postgres stores neither NUL nor half a surrogate pair. */
const isWritable = (text: string) => !text.includes('\u0000') && text.isWellFormed();
const text = (max: number) =>
  z
    .string()
    .max(max, `must be at most ${max} characters`)
    .refine((value) => isWritable(value), 'must not hold control characters or broken ones');
const line = (max: number) =>
  text(max).refine((value) => value.trim().length > 0 && !/\p{Cc}/u.test(value), 'must be one line of text');
const orNull = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? null);

/** An id that cannot be one finds nothing, as any other unknown id. */
const id = text(100).transform((value) => value.toLowerCase());
const region = z.string().refine(isRegion, 'must be a country, or a state such as US-CA');

const adjustReasons = [
  'RECEIVED',
  'RETURNED',
  'DAMAGED',
  'LOST',
  'FOUND',
  'TRANSFERRED',
  'CORRECTED',
] as const;

const change = z
  .int()
  .min(-maxPieces, `must be at least -${maxPieces}`)
  .max(maxPieces, `must be at most ${maxPieces}`)
  .refine((value) => value !== 0, 'must not be 0');
const holdSeconds = z
  .int()
  .min(1, 'must be at least 1')
  .max(maxHoldSeconds, `must be at most ${maxHoldSeconds}`);

export const warehouseSave = z.object({
  idempotencyKey,
  code: z.string().regex(/^[A-Z0-9-]{1,32}$/, 'must be 1 to 32 characters of A-Z 0-9 -'),
  name: line(200),
  region,
  servesRegions: orNull(
    z
      .array(region)
      .min(1, 'must name a region; leave it out for everywhere')
      .max(maxRegions)
      .transform((regions) => [...new Set(regions)].sort()),
  ),
  priority: z.int().min(0, 'must be at least 0').max(maxPriority, `must be at most ${maxPriority}`),
  isActive: z.boolean(),
});

export const stockPolicySet = z
  .object({
    idempotencyKey,
    variantId: id,
    kind: z.enum(policyKinds),
    limit: orNull(z.int().min(1, 'must be at least 1').max(maxBound, `must be at most ${maxBound}`)),
    preorderUntil: orNull(z.date()),
    lowStockThreshold: z.int().min(0, 'must be at least 0').max(maxBound, `must be at most ${maxBound}`),
  })
  .check(({ value: { kind, limit, preorderUntil }, issues }) => {
    const problem = (path: string, message: string) =>
      issues.push({ code: 'custom', path: [path], message, input: path });
    if (kind === 'DENY' && limit !== null) problem('limit', 'must be left out for DENY');
    if (kind !== 'DENY' && limit === null) problem('limit', `is needed for ${kind}`);
    if (kind !== 'PREORDER' && preorderUntil !== null)
      problem('preorderUntil', `must be left out for ${kind}`);
    if (kind === 'PREORDER' && preorderUntil === null) problem('preorderUntil', 'is needed for PREORDER');
  });

export const stockAdjust = z.object({
  idempotencyKey,
  variantId: id,
  warehouseId: id,
  delta: change,
  reason: z.enum(adjustReasons),
  expectedVersion: orNull(z.int().min(0, 'must be at least 0')),
  reference: orNull(line(200)),
  note: orNull(text(1_000)),
});

export const stockTakeRecord = (now: Date) =>
  z.object({
    idempotencyKey,
    warehouseId: id,
    countedAt: z
      .date()
      .refine((at) => at <= now, 'must not be in the future')
      .refine((at) => now.getTime() - at.getTime() <= maxCountAgeMs, 'must be at most 7 days ago'),
    lines: z
      .array(
        z.object({
          sku: line(200),
          counted: z.int().min(0, 'must be at least 0').max(maxPieces, `must be at most ${maxPieces}`),
        }),
      )
      .min(1, 'must have a line')
      .max(maxFileLines, `must have at most ${maxFileLines} lines`)
      .check(({ value, issues }) => {
        const seen = new Set<string>();
        for (const [index, { sku }] of value.entries()) {
          if (seen.has(skuKeyOf(sku)))
            issues.push({ code: 'custom', path: [index, 'sku'], message: 'is counted twice', input: sku });
          seen.add(skuKeyOf(sku));
        }
      }),
  });

export const warehouseFeedApply = z.object({
  idempotencyKey,
  warehouseId: id,
  lines: z
    .array(z.object({ reference: line(200), sku: line(200), delta: change, reason: z.enum(adjustReasons) }))
    .min(1, 'must have a line')
    .max(maxFileLines, `must have at most ${maxFileLines} lines`),
});

export const stockReserve = z.object({
  idempotencyKey,
  lines: z
    .array(
      z.object({
        variantId: id,
        quantity: z.int().min(1, 'must be at least 1').max(maxQuantity, `must be at most ${maxQuantity}`),
      }),
    )
    .min(1, 'must have a line')
    .max(maxCartLines, `must have at most ${maxCartLines} lines`),
  region: orNull(region),
  holdSeconds,
});

export const reservationChange = z.object({ idempotencyKey, reservationId: id });
export const reservationExtend = reservationChange.extend({ holdSeconds });
