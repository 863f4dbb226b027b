import type { Database } from '@storegraph/postgres';
import DataLoader from 'dataloader';
import type { Caller } from './guess-service.ts';
import { type PriceKey, type PriceRead, readPrices } from './price-service.ts';
import { createPromotionLoaders } from './promotion-loaders.ts';
import type { Pricing } from './service.ts';

/** Reads of one request, gathered into one statement for each kind. */
export const createLoaders = (
  db: Database,
  {
    baseCurrency,
    viewer,
    address,
    quotes,
  }: Caller & { readonly baseCurrency: string; readonly quotes: Pricing['quotes'] },
) => {
  const customerId = viewer.kind === 'customer' ? viewer.id : null;
  return {
    ...createPromotionLoaders(db, { viewer, address, quotes }),
    price: new DataLoader<PriceKey, PriceRead, string>(
      (keys) => readPrices(db, { baseCurrency, customerId }, keys),
      {
        cacheKeyFn: ({ variantId, region, currency, quantity }) =>
          `${variantId.toLowerCase()} ${region} ${currency} ${quantity}`,
      },
    ),
  };
};

export type Loaders = ReturnType<typeof createLoaders>;
