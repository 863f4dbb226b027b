import { append } from '@storegraph/events';
import type { IdempotencyConflict } from '@storegraph/idempotency';
import { type Database, type Transaction, transaction } from '@storegraph/postgres';
import { callerScope, type InvalidInput, parseInput, type Viewer } from '@storegraph/server';
import { skuKeyOf } from '@storegraph/sku';
import * as inputs from './inputs.ts';
import { holdList } from './list-repository.ts';
import { once } from './once-service.ts';
import {
  listNotFound,
  type NotFound,
  type SkusNotFound,
  skusNotFound,
  type VariantNotFound,
  variantNotFound,
} from './refusal-domain.ts';
import { isId, lockVariant, lockVariantsBySku } from './variant-repository.ts';
import { type PriceToWrite, writePrices } from './written-repository.ts';

type PricesSet = { readonly __typename: 'PricesSet'; readonly changed: number; readonly unchanged: number };
export type PriceScheduled = { readonly __typename: 'PriceScheduled'; readonly variantId: string };
type SetOutcome = PricesSet | SkusNotFound | NotFound<'PriceListNotFound'>;
type Scheduled = PriceScheduled | VariantNotFound | NotFound<'PriceListNotFound'>;

/** Prices as they are written in lists. */
export const createWrittenPrices = ({ db }: { readonly db: Database }) => ({
  set: async (viewer: Viewer, input: unknown): Promise<SetOutcome | InvalidInput | IdempotencyConflict> => {
    const parsed = parseInput(inputs.pricesSet, input);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey: key, listCode, lines } = parsed.input;
    const intent = { scope: callerScope(viewer), operation: 'pricesSet', key, input };
    return transaction(db, (tx) =>
      once<SetOutcome>(tx, intent, async () => {
        const list = await holdList(tx, listCode);
        if (!list) return listNotFound(listCode);
        const skus = lines.map(({ sku }) => sku);
        const variants = await lockVariantsBySku(tx, skus);
        const idOf = (sku: string) => variants.get(skuKeyOf(sku));
        const unknown = skus.flatMap((sku, index) => (idOf(sku) ? [] : [{ index, sku }]));
        if (unknown.length > 0) return skusNotFound(unknown);
        const prices = lines.map(({ sku, ...price }) => ({ variantId: idOf(sku) ?? '', ...price }));
        const changed = await write(tx, list.id, prices);
        return { __typename: 'PricesSet', changed, unchanged: lines.length - changed };
      }),
    );
  },

  schedule: async (
    viewer: Viewer,
    input: unknown,
  ): Promise<Scheduled | InvalidInput | IdempotencyConflict> => {
    const parsed = parseInput(inputs.priceSchedule, input);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey: key, listCode, ...price } = parsed.input;
    const { variantId } = price;
    const intent = { scope: callerScope(viewer), operation: 'priceSchedule', key, input };
    return transaction(db, (tx) =>
      once<Scheduled>(tx, intent, async () => {
        const list = await holdList(tx, listCode);
        if (!list) return listNotFound(listCode);
        if (!isId(variantId) || !(await lockVariant(tx, variantId))) return variantNotFound(variantId);
        await write(tx, list.id, [price]);
        return { __typename: 'PriceScheduled', variantId };
      }),
    );
  },
});

/** Writes prices and tells of each variant once. Answers how many lines changed something. */
export const write = async (
  tx: Transaction,
  listId: string,
  prices: readonly PriceToWrite[],
): Promise<number> => {
  const changed = await writePrices(tx, listId, prices);
  append(
    tx,
    [...new Set(changed)].map((variantId) => ({
      type: 'pricing.price_changed',
      aggregateId: variantId,
      data: { variantId },
    })),
  );
  return changed.length;
};
