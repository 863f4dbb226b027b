import type { Database } from '@storegraph/postgres';
import { createCategories } from './category-service.ts';
import { createCoupons } from './coupon-service.ts';
import { createGroups } from './group-service.ts';
import { createLists } from './list-service.ts';
import { createPersons } from './person-service.ts';
import { createPoints } from './points-service.ts';
import { createPromotions } from './promotion-service.ts';
import { taxRatesIn } from './quote-repository.ts';
import { createQuotes } from './quote-service.ts';
import { createRates } from './rate-service.ts';
import { createTaxes } from './tax-service.ts';
import { createWrittenPrices } from './written-service.ts';

type Needs = { readonly db: Database; readonly baseCurrency: string };

/** Everything that changes what things cost. */
export const createPricing = (needs: Needs) => ({
  lists: createLists(needs),
  written: createWrittenPrices(needs),
  rates: createRates(needs),
  groups: createGroups(needs),
  taxes: createTaxes(needs),
  categories: createCategories(needs),
  promotions: createPromotions(needs),
  coupons: createCoupons(needs),
  points: createPoints(needs),
  persons: createPersons(needs),
  quotes: createQuotes({ ...needs, taxes: (regions) => taxRatesIn(needs.db, regions) }),
});

export type Pricing = ReturnType<typeof createPricing>;
