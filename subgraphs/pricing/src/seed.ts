import { type Database, newId, transaction } from '@storegraph/postgres';
import type { Viewer } from '@storegraph/server';
import { lockList } from './list-repository.ts';
import { seededGroup, seededLists, seededPrices, seededRates, seededRules } from './seed-domain.ts';
import { seededPromotions } from './seeded-promotion-domain.ts';
import { seededTaxes } from './seeded-tax-domain.ts';
import { createPricing, type Pricing } from './service.ts';
import { hasTaxRates } from './tax-repository.ts';
import { type UnpricedVariant, variantsWithoutPrice } from './variant-repository.ts';
import { write } from './written-service.ts';

/** How many variants one transaction prices: enough to share its statements, few enough to stay small. */
const batchSize = 2_000;
/** Rates of exchange and of tax hold from long before the shop. */
const longAgo = new Date('2026-01-01T00:00:00Z');

const house: Viewer = { kind: 'service', id: 'seed', scopes: new Set() };

/**
 * Opens the lists and prices every variant that has no price anywhere. Answers how many variants those were. What is
 * there already stays as it is: it may have been changed since.
 */
export const seedPrices = async (
  db: Database,
  { signal }: { /** Gives up between two batches. */ readonly signal?: AbortSignal | undefined } = {},
): Promise<number> => {
  const shop = createPricing({ db, baseCurrency: 'EUR' });
  await layFoundation(db, shop);
  let variants = 0;
  for (let after: string | null = null; ; ) {
    signal?.throwIfAborted();
    const batch: UnpricedVariant[] = await variantsWithoutPrice(db, { after, limit: batchSize });
    const last = batch.at(-1);
    if (!last) return variants;
    await priceAll(db, batch);
    variants += batch.length;
    after = last.id;
  }
};

const priceAll = (db: Database, variants: readonly UnpricedVariant[]): Promise<void> => {
  const now = new Date();
  const prices = variants.flatMap(({ id: variantId, productId, sku }) =>
    seededPrices(productId, sku, now).map((price) => ({ ...price, variantId })),
  );
  return transaction(db, async (tx) => {
    for (const { code } of seededLists) {
      const list = await lockList(tx, code);
      // Somebody may have removed it; what it priced is then priced by the others.
      if (!list) continue;
      await write(
        tx,
        list.id,
        prices.filter(({ listCode }) => listCode === code),
      );
    }
  });
};

/** Groups, lists, rates, rules, promotions and taxes, unless there are any. */
const layFoundation = async (db: Database, shop: Pricing): Promise<void> => {
  const { lists, groups, rates, taxes, promotions, coupons } = shop;
  if (await hasTaxRates(db)) return;
  const key = () => ({ idempotencyKey: newId() });
  const outcomes: { readonly __typename: string; readonly message?: string }[] = [
    await groups.save(house, { ...key(), ...seededGroup }),
    await rates.set(house, { ...key(), validFrom: longAgo, rates: seededRates }),
  ];
  for (const list of seededLists) {
    // A list for a group stands before that for everybody by itself.
    outcomes.push(await lists.save(house, { ...key(), ...list, priority: 100, isActive: true }));
  }
  for (const rule of seededRules) outcomes.push(await rates.setRounding(house, { ...key(), ...rule }));
  for (const { coupon, ...promotion } of seededPromotions) {
    const saved = await promotions.save(house, { ...key(), ...promotion });
    outcomes.push(saved);
    if (coupon === null || saved.__typename !== 'PromotionSaved') continue;
    outcomes.push(await coupons.create(house, { ...key(), ...coupon, promotionId: saved.promotionId }));
  }
  // Last: it says that the rest is there.
  outcomes.push(await taxes.setRates(house, { ...key(), rates: seededTaxes(longAgo) }));
  for (const { message } of outcomes) if (message !== undefined) throw new Error(message);
};
