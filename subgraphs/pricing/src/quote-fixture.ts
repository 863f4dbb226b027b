import { money } from '@storegraph/money';
import type { CouponOfBuyer } from './coupon-domain.ts';
import type { Action, Buyer, Conditions, Promotion } from './promotion-domain.ts';
import type { EnteredCoupon } from './quote-coupon-domain.ts';
import type { QuoteInput, UnitPrice } from './quote-domain.ts';
import type { TaxRate } from './tax-domain.ts';

/** Carts and promotions for tests of the rules, made by hand. `quote-chance-fixture.ts` makes them by chance. */

export const at = new Date('2026-05-01T12:00:00Z');

export const conditions: Conditions = {
  minimumSubtotals: null,
  variantIds: null,
  productIds: null,
  categoryIds: null,
  customerGroups: null,
  regions: null,
  isFirstOrderOnly: false,
};

export const promotion = (action: Action, more: Partial<Promotion> = {}): Promotion => ({
  id: 'p1',
  code: 'P1',
  name: 'A promotion',
  isActive: true,
  needsCoupon: false,
  startsAt: null,
  endsAt: null,
  priority: 100,
  isExclusive: false,
  stackingGroup: null,
  conditions,
  action,
  version: 1,
  ...more,
});

export const buyer: Buyer = {
  kind: 'customer',
  id: 'c1',
  groups: [],
  isFirstOrder: true,
  points: { balance: 0, toUse: 0 },
  taxExemption: null,
};

export const price = (unitMinor: number, more: Partial<UnitPrice> = {}): UnitPrice => ({
  unit: money(unitMinor, 'EUR'),
  compareAt: null,
  includesTax: true,
  taxCategory: 'standard',
  productId: null,
  categoryIds: [],
  until: null,
  ...more,
});

export const vat: TaxRate = {
  region: 'DE',
  subdivision: '',
  category: 'standard',
  name: 'VAT 19 %',
  rateMillionths: 190_000,
  validFrom: null,
};

export const coupon = (
  key: string,
  promotionId: string,
  more: Partial<CouponOfBuyer> = {},
): EnteredCoupon => ({
  code: key,
  coupon: {
    ...{ key, code: key, promotionId, maxUses: null, maxUsesPerCustomer: null, customerId: null },
    ...{ isWithdrawn: false, uses: 0, usesByBuyer: 0 },
    ...more,
  },
  isBarred: false,
});

/** A cart of `[variantId, quantity, unit in cents]` lines. */
export const cart = (
  lines: readonly (readonly [string, number, number])[],
  more: Partial<QuoteInput> = {},
): QuoteInput => ({
  cartId: 'cart',
  region: 'DE',
  currency: 'EUR',
  at,
  buyer,
  lines: lines.map(([variantId, quantity], index) => ({ id: `l${index + 1}`, variantId, quantity })),
  prices: new Map(lines.map(([variantId, , unit]) => [variantId, price(unit)])),
  promotions: [],
  coupons: [],
  taxes: [],
  exemptUntil: null,
  shipping: null,
  ...more,
});
