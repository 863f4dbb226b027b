import { append } from '@storegraph/events';
import type { IdempotencyConflict } from '@storegraph/idempotency';
import { type Database, transaction } from '@storegraph/postgres';
import { callerScope, type InvalidInput, parseInput, type Viewer } from '@storegraph/server';
import { skuKeyOf } from '@storegraph/sku';
import { once } from './once-service.ts';
import { type SkusNotFound, skusNotFound } from './refusal-domain.ts';
import * as inputs from './tax-inputs.ts';
import { removeExemption, saveExemption, saveTaxCategories, saveTaxRates } from './tax-repository.ts';
import { lockVariantsBySku } from './variant-repository.ts';

export type TaxRatesSet = { readonly __typename: 'TaxRatesSet'; readonly regions: readonly string[] };
type CategoriesSet = { readonly __typename: 'TaxCategoriesSet'; readonly count: number };
type ExemptionSet = { readonly __typename: 'TaxExemptionSet'; readonly customerId: string };

/** The tables that tax is computed by, as far as no provider from outside does. */
export const createTaxes = ({ db }: { readonly db: Database }) => ({
  setRates: async (
    viewer: Viewer,
    input: unknown,
  ): Promise<TaxRatesSet | InvalidInput | IdempotencyConflict> => {
    const parsed = parseInput(inputs.taxRatesSet, input);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey: key, rates } = parsed.input;
    const intent = { scope: callerScope(viewer), operation: 'taxRatesSet', key, input };
    return transaction(db, (tx) =>
      once<TaxRatesSet>(tx, intent, async () => {
        const changed = await saveTaxRates(tx, rates);
        append(
          tx,
          changed.map((region) => ({
            ...{ type: 'pricing.tax_rates_changed', aggregateId: region, data: { region } },
          })),
        );
        return { __typename: 'TaxRatesSet', regions: [...new Set(rates.map(({ region }) => region))] };
      }),
    );
  },

  setCategories: async (
    viewer: Viewer,
    input: unknown,
  ): Promise<CategoriesSet | SkusNotFound | InvalidInput | IdempotencyConflict> => {
    const parsed = parseInput(inputs.taxCategoriesSet, input);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey: key, lines } = parsed.input;
    const intent = { scope: callerScope(viewer), operation: 'taxCategoriesSet', key, input };
    return transaction(db, (tx) =>
      once<CategoriesSet | SkusNotFound>(tx, intent, async () => {
        const skus = lines.map(({ sku }) => sku);
        const known = await lockVariantsBySku(tx, skus);
        const unknown = skus.flatMap((sku, index) => (known.has(skuKeyOf(sku)) ? [] : [{ index, sku }]));
        if (unknown.length > 0) return skusNotFound(unknown);
        await saveTaxCategories(tx, lines);
        return { __typename: 'TaxCategoriesSet', count: lines.length };
      }),
    );
  },

  setExemption: async (
    viewer: Viewer,
    input: unknown,
  ): Promise<ExemptionSet | InvalidInput | IdempotencyConflict> => {
    const parsed = parseInput(inputs.taxExemptionSet, input);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey: key, reason, ...exemption } = parsed.input;
    const intent = { scope: callerScope(viewer), operation: 'taxExemptionSet', key, input };
    return transaction(db, (tx) =>
      once<ExemptionSet>(tx, intent, async () => {
        if (reason === null) await removeExemption(tx, exemption);
        else await saveExemption(tx, { ...exemption, reason });
        return { __typename: 'TaxExemptionSet', customerId: exemption.customerId };
      }),
    );
  },
});
