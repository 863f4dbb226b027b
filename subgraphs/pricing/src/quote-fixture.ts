import { money } from '@storegraph/money';
import fc from 'fast-check';
import type { CouponOfBuyer } from './coupon-domain.ts';
import type { Action, Buyer, Conditions, Promotion } from './promotion-domain.ts';
import type { EnteredCoupon } from './quote-coupon-domain.ts';
import type { QuoteInput, UnitPrice } from './quote-domain.ts';
import type { TaxRate } from './tax-domain.ts';

/** Carts and promotions for tests of the rules: made by hand, and made by chance. */

export const at = new Date('2026-05-01T12:00:00Z');

export const conditions: Conditions = {
  minimumSubtotals: null,
  variantIds: null,
  productIds: null,
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
  until: null,
  ...more,
});

export const vat: TaxRate = {
  region: 'DE',
  category: 'standard',
  name: 'VAT 19 %',
  rateMillionths: 190_000,
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
  shipping: null,
  ...more,
});

const variantIds = ['a', 'b', 'c', 'd', 'e'];
const someVariants = fc.subarray(variantIds, { minLength: 1 });
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const minor = fc.integer({ min: 1, max: 20_000 });
const basisPoints = fc.integer({ min: 1, max: 10_000 });
const few = fc.integer({ min: 1, max: 4 });

const actions: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant('PERCENT_OFF' as const), basisPoints }),
  fc.record({ kind: fc.constant('AMOUNT_OFF' as const), amounts: fc.record({ EUR: minor }) }),
  fc.constant({ kind: 'FREE_SHIPPING' as const }),
  fc.record({
    kind: fc.constant('TIERED' as const),
    tiers: fc.array(fc.record({ minimumQuantity: few, minimumSubtotals: fc.constant(null), basisPoints }), {
      minLength: 1,
      maxLength: 3,
    }),
  }),
  fc.record({
    kind: fc.constant('BUY_X_GET_Y' as const),
    ...{ buyQuantity: few, getQuantity: few, basisPoints },
    ...{ getVariantIds: orNull(someVariants), maxTimes: orNull(few) },
  }),
  fc.record({
    kind: fc.constant('BUNDLE' as const),
    items: someVariants.chain((ids) =>
      fc.tuple(...ids.map((variantId) => few.map((quantity) => ({ variantId, quantity })))),
    ),
    prices: fc.record({ EUR: minor }),
    maxTimes: orNull(few),
  }),
  fc.record({ kind: fc.constant('EARN_POINTS' as const), points: few, per: fc.record({ EUR: minor }) }),
  fc.record({
    kind: fc.constant('SPEND_POINTS' as const),
    worth: fc.record({ EUR: fc.integer({ min: 1, max: 50 }) }),
    maxBasisPoints: basisPoints,
  }),
);

const promotions = fc
  .array(
    fc.record({
      action: actions,
      priority: fc.integer({ min: 0, max: 3 }),
      isExclusive: fc.boolean(),
      stackingGroup: orNull(fc.constantFrom('one', 'two')),
      needsCoupon: fc.boolean(),
      about: orNull(someVariants),
      minimum: orNull(minor),
    }),
    { maxLength: 6 },
  )
  .map((given) =>
    given.map(({ action, about, minimum, ...more }, index) =>
      promotion(action, {
        ...more,
        id: `p${index}`,
        conditions: {
          ...conditions,
          variantIds: about,
          minimumSubtotals: minimum === null ? null : { EUR: minimum },
        },
      }),
    ),
  );

/** Carts with all there is: odd prices, taxes in and on top of them, points, codes, lines without a price. */
export const carts: fc.Arbitrary<QuoteInput> = fc
  .record({
    lines: fc.array(fc.tuple(fc.constantFrom(...variantIds, 'unpriced'), fc.integer({ min: 1, max: 9 })), {
      maxLength: 8,
    }),
    units: fc.array(fc.integer({ min: 0, max: 9_999 }), { minLength: 5, maxLength: 5 }),
    includesTax: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
    promotions,
    rates: fc.uniqueArray(fc.integer({ min: 0, max: 300_000 }), { maxLength: 3 }),
    shipping: orNull(fc.record({ amountMinor: fc.integer({ min: 0, max: 990 }), includesTax: fc.boolean() })),
    taxExemption: orNull(fc.constant('Reverse charge.')),
    points: fc.record({
      balance: fc.integer({ min: 0, max: 3_000 }),
      toUse: fc.integer({ min: 0, max: 3_000 }),
    }),
    withCodes: fc.boolean(),
  })
  .map((made) => ({
    ...cart([]),
    lines: made.lines.map(([variantId, quantity], index) => ({ id: `l${index}`, variantId, quantity })),
    prices: new Map(
      variantIds.map((id, index) => [
        id,
        price(made.units[index] ?? 0, { includesTax: made.includesTax[index] ?? true }),
      ]),
    ),
    promotions: made.promotions,
    coupons: made.withCodes ? made.promotions.map(({ id }) => coupon(`CODE${id}`, id)) : [],
    taxes: made.rates.map((rateMillionths, index) => ({ ...vat, name: `Tax ${index}`, rateMillionths })),
    buyer: { ...buyer, points: made.points, taxExemption: made.taxExemption },
    shipping: made.shipping && {
      amount: money(made.shipping.amountMinor, 'EUR'),
      includesTax: made.shipping.includesTax,
    },
  }));
