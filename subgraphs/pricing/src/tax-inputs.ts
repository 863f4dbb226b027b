import { idempotencyKey } from '@storegraph/idempotency';
import { isRegion } from '@storegraph/server';
import { skuKeyOf } from '@storegraph/sku';
import { z } from 'zod';
import { id, line, orNull } from './inputs.ts';

/** What a caller may send about tax. */

const maxRates = 1_000;
const maxLines = 10_000;
const million = 1_000_000;

const category = z.string().regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 characters of a-z 0-9 -');
const country = z.string().length(2, 'must be a country; a state goes by `subdivision`');
const subdivision = z.string();
const noSubdivision =
  'must be a state or province of US or CA, as in ISO 3166-2; leave it out for all others, and for areas with a country code of their own (PR)';
const customerId = id.pipe(z.uuid('must be an id'));

export const taxRatesSet = z.object({
  idempotencyKey,
  rates: z
    .array(
      z.object({
        region: country,
        subdivision: subdivision.nullish().transform((value) => value ?? ''),
        category,
        name: line(100),
        rateMillionths: z.int().min(0, 'must be at least 0').max(million, `must be at most ${million}`),
        validFrom: z.date(),
      }),
    )
    .min(1, 'must have a rate')
    .max(maxRates, `must have at most ${maxRates} rates`)
    .check(({ value, issues }) => {
      const seen = new Set<string>();
      for (const [index, rate] of value.entries()) {
        // One that nobody can buy in would never be taken, and whoever set it would learn that from the tax office.
        if (rate.subdivision !== '' && !isRegion(`${rate.region}-${rate.subdivision}`))
          issues.push({ code: 'custom', path: [index, 'subdivision'], message: noSubdivision, input: rate });
        const key = JSON.stringify([
          rate.region,
          rate.subdivision,
          rate.category,
          rate.name,
          rate.validFrom.getTime(),
        ]);
        if (seen.has(key))
          issues.push({ code: 'custom', path: [index, 'name'], message: 'is set twice', input: rate });
        seen.add(key);
      }
    }),
});

export const taxCategoriesSet = z.object({
  idempotencyKey,
  lines: z
    .array(z.object({ sku: line(200), category: orNull(category) }))
    .min(1, 'must have a line')
    .max(maxLines, `must have at most ${maxLines} lines`)
    .check(({ value, issues }) => {
      const seen = new Set<string>();
      for (const [index, { sku }] of value.entries()) {
        if (seen.has(skuKeyOf(sku)))
          issues.push({ code: 'custom', path: [index, 'sku'], message: 'has a category twice', input: sku });
        seen.add(skuKeyOf(sku));
      }
    }),
});

export const categoryTaxSet = z.object({ idempotencyKey, categoryId: id, taxCategory: orNull(category) });

export const taxExemptionSet = z.object({
  idempotencyKey,
  customerId,
  region: z.string().length(2, 'must be a country: an exemption holds in all of its states'),
  reason: orNull(line(200)),
  validUntil: orNull(z.date()),
});
