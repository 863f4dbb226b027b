import { idempotencyKey } from '@storegraph/idempotency';
import { currencyCodes } from '@storegraph/money';
import { isRegion } from '@storegraph/server';
import { skuKeyOf } from '@storegraph/sku';
import { z } from 'zod';
import { rateOf } from './exchange-domain.ts';
import { maxQuantity } from './price-domain.ts';

/** What a caller may send. GraphQL has checked types; lengths, forms and counts are checked here. */

/** The prices of a season fit; more would be a file. */
const maxLines = 10_000;
/** Far above any price, also in rupiahs, whose hundredths count too. */
const maxAmountMinor = 1_000_000_000_000;
const maxRegions = 250;
const maxPriority = 1_000;
const maxStepMinor = 1_000_000;
const maxRates = 200;

/** Postgres stores neither NUL nor half a surrogate pair. */
const isWritable = (text: string) => !text.includes('\u0000') && text.isWellFormed();
export const line = (max: number) =>
  z
    .string()
    .max(max, `must be at most ${max} characters`)
    .refine(
      (value) => isWritable(value) && value.trim().length > 0 && !/\p{Cc}/u.test(value),
      'must be one line of text',
    );
export const orNull = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? null);

/** An id that cannot be one finds nothing, as any other unknown id. */
export const id = z
  .string()
  .max(100)
  .refine(isWritable, 'must not hold broken characters')
  .transform((value) => value.toLowerCase());
export const code = z.string().regex(/^[A-Z0-9-]{1,32}$/, 'must be 1 to 32 characters of A-Z 0-9 -');
export const region = z.string().refine(isRegion, 'must be a country, or a state such as US-CA');
export const currency = z.string().refine((value) => currencyCodes.has(value), 'must be an ISO 4217 code');
const whole = (min: number, max: number) =>
  z.int().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`);
const amount = whole(0, maxAmountMinor);

type Issues = { push(issue: z.core.$ZodRawIssue): unknown };
const problem = (issues: Issues, path: PropertyKey[], message: string) =>
  issues.push({ code: 'custom', path, message, input: path });

type Span = { readonly startsAt?: Date | null; readonly endsAt: Date | null };
const checkSpan = ({ startsAt, endsAt }: Span, issues: Issues) => {
  if (startsAt && endsAt && endsAt <= startsAt) problem(issues, ['endsAt'], 'must be after startsAt');
};

type Reduced = { readonly amountMinor: number | null; readonly compareAtMinor: number | null };
const checkReduction = ({ amountMinor, compareAtMinor }: Reduced, issues: Issues) => {
  if (compareAtMinor === null) return;
  if (amountMinor === null)
    problem(issues, ['compareAtMinor'], 'must be left out where the price is taken away');
  else if (compareAtMinor <= amountMinor) problem(issues, ['compareAtMinor'], 'must be more than the price');
};

export const priceListSave = z
  .object({
    idempotencyKey,
    code,
    name: line(200),
    currency,
    regions: orNull(
      z
        .array(region)
        .min(1, 'must name a region; leave it out for everywhere')
        .max(maxRegions)
        .transform((regions) => [...new Set(regions)].sort()),
    ),
    customerGroup: orNull(code),
    priority: whole(0, maxPriority),
    includesTax: z.boolean(),
    isActive: z.boolean(),
    startsAt: orNull(z.date()),
    endsAt: orNull(z.date()),
    expectedVersion: orNull(z.int()),
  })
  .check(({ value, issues }) => checkSpan(value, issues));

export const priceListRemove = z.object({ idempotencyKey, code });

const priceLine = z
  .object({
    sku: line(200),
    minQuantity: whole(1, maxQuantity),
    amountMinor: orNull(amount),
    compareAtMinor: orNull(amount),
    startsAt: orNull(z.date()),
    endsAt: orNull(z.date()),
  })
  .check(({ value, issues }) => {
    checkSpan(value, issues);
    checkReduction(value, issues);
  });

export const pricesSet = z.object({
  idempotencyKey,
  listCode: code,
  lines: z
    .array(priceLine)
    .min(1, 'must have a line')
    .max(maxLines, `must have at most ${maxLines} lines`)
    .check(({ value, issues }) => {
      const seen = new Set<string>();
      for (const [index, { sku, minQuantity, startsAt }] of value.entries()) {
        const key = `${skuKeyOf(sku)} ${minQuantity} ${startsAt?.getTime()}`;
        if (seen.has(key)) problem(issues, [index, 'sku'], 'is priced twice from this quantity and start on');
        seen.add(key);
      }
    }),
});

export const priceSchedule = z
  .object({
    idempotencyKey,
    listCode: code,
    variantId: id,
    minQuantity: whole(1, maxQuantity),
    amountMinor: amount,
    compareAtMinor: orNull(amount),
    startsAt: z.date(),
    endsAt: orNull(z.date()),
  })
  .check(({ value, issues }) => {
    checkSpan(value, issues);
    checkReduction(value, issues);
  });

export const exchangeRatesSet = (baseCurrency: string) =>
  z.object({
    idempotencyKey,
    validFrom: z.date(),
    rates: z
      .array(
        z
          .object({
            currency: currency.refine((value) => value !== baseCurrency, 'must not be the base currency'),
            rate: z
              .string()
              .max(20)
              .transform(rateOf)
              .pipe(
                z.number('must be above 0, at most 1000000, with at most 9 digits behind the point: 1.0842'),
              ),
          })
          .transform(({ currency: to, rate }) => ({ currency: to, rateNano: rate })),
      )
      .min(1, 'must have a rate')
      .max(maxRates, `must have at most ${maxRates} rates`)
      .check(({ value, issues }) => {
        const seen = new Set<string>();
        for (const [index, { currency: to }] of value.entries()) {
          if (seen.has(to)) problem(issues, [index, 'currency'], 'has a rate already');
          seen.add(to);
        }
      }),
  });

export const roundingRuleSet = z
  .object({
    idempotencyKey,
    currency,
    stepMinor: whole(1, maxStepMinor),
    endingMinor: whole(0, maxStepMinor),
    mode: z.enum(['HALF_EVEN', 'HALF_UP', 'DOWN', 'UP']),
  })
  .check(({ value: { stepMinor, endingMinor }, issues }) => {
    if (endingMinor >= stepMinor) problem(issues, ['endingMinor'], 'must be less than stepMinor');
  });

export const customerGroupSave = z.object({ idempotencyKey, code, name: line(200) });
export const customerGroupAssign = z.object({
  idempotencyKey,
  customerId: z.uuid('must be an id'),
  group: orNull(code),
});
