import { money } from '@storegraph/money';
import fc from 'fast-check';
import type { Action, Amounts, Conditions, Promotion } from './promotion-domain.ts';
import type { QuoteInput } from './quote-domain.ts';
import { at, buyer, cart, conditions, coupon, price, promotion } from './quote-fixture.ts';
import type { TaxRate } from './tax-domain.ts';

/** Carts made by chance: with every kind of promotion, tax and coupon, and with the numbers that break sums. */

const variantIds = ['a', 'b', 'c', 'd', 'e'];
const productIds = ['p', 'q'];
const categoryIds = ['shoes', 'boots'];
/** Of no digits behind the point, of two and of three. */
const currencies = ['JPY', 'EUR', 'KWD'];
const regions = ['DE', 'US', 'US-CA'];

const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const someOf = (values: readonly string[]) => fc.subarray([...values], { minLength: 1 });
const upTo = (max: number, min = 0) => fc.integer({ min, max });

/** What prices lists take at most. */
const dearest = 1_000_000_000_000;
/** Ordinary amounts, and those that are odd, tiny, or larger than anything else in the cart. */
const minor = fc.oneof(
  { weight: 4, arbitrary: upTo(20_000, 1) },
  { weight: 1, arbitrary: fc.constantFrom(1, 3, 7, 999_999_999, dearest) },
);
const unit = fc.oneof(
  { weight: 6, arbitrary: upTo(9_999) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, dearest - 1, dearest) },
);
const pieces = fc.oneof(
  { weight: 6, arbitrary: upTo(9, 1) },
  { weight: 1, arbitrary: fc.constantFrom(1, 999, 1_000, 10_000) },
);
const basisPoints = fc.oneof(upTo(10_000, 1), fc.constantFrom(1, 3_333, 9_999, 10_000));
const few = upTo(4, 1);

/** In some currencies only, or in all: what is not meant for the cart's currency must do nothing in it. */
const amountsOf = (amount: fc.Arbitrary<number>): fc.Arbitrary<Amounts> =>
  fc
    .tuple(
      someOf(currencies),
      fc.array(amount, { minLength: currencies.length, maxLength: currencies.length }),
    )
    .map(([in_, each]) => Object.fromEntries(in_.map((currency, place) => [currency, each[place] ?? 1])));

const tiers = fc.oneof(
  fc.array(fc.record({ minimumQuantity: pieces, minimumSubtotals: fc.constant(null), basisPoints }), {
    minLength: 1,
    maxLength: 3,
  }),
  fc.array(
    fc.record({ minimumQuantity: fc.constant(null), minimumSubtotals: amountsOf(minor), basisPoints }),
    {
      minLength: 1,
      maxLength: 3,
    },
  ),
);

export const actions: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant('PERCENT_OFF' as const), basisPoints }),
  fc.record({ kind: fc.constant('AMOUNT_OFF' as const), amounts: amountsOf(minor) }),
  fc.constant({ kind: 'FREE_SHIPPING' as const }),
  fc.record({ kind: fc.constant('TIERED' as const), tiers }),
  fc.record({
    kind: fc.constant('BUY_X_GET_Y' as const),
    ...{ buyQuantity: few, getQuantity: few, basisPoints },
    ...{ getVariantIds: orNull(someOf(variantIds)), maxTimes: orNull(few) },
  }),
  fc.record({
    kind: fc.constant('BUNDLE' as const),
    items: someOf(variantIds).chain((ids) =>
      fc.tuple(...ids.map((variantId) => few.map((quantity) => ({ variantId, quantity })))),
    ),
    prices: amountsOf(minor),
    maxTimes: orNull(few),
  }),
  fc.record({
    kind: fc.constant('EARN_POINTS' as const),
    ...{ points: fc.oneof(few, fc.constant(1_000_000)), per: amountsOf(minor) },
  }),
  fc.record({
    kind: fc.constant('SPEND_POINTS' as const),
    ...{ worth: amountsOf(fc.oneof(upTo(50, 1), minor)), maxBasisPoints: basisPoints },
  }),
);

const inHours = (hours: number) => new Date(at.getTime() + hours * 3_600_000);

const somebody: fc.Arbitrary<Conditions> = fc.record({
  minimumSubtotals: orNull(amountsOf(minor)),
  variantIds: orNull(someOf(variantIds)),
  productIds: orNull(someOf(productIds)),
  categoryIds: orNull(someOf(categoryIds)),
  customerGroups: fc.constantFrom(null, null, ['TRADE'], ['OTHERS']),
  regions: fc.constantFrom(null, null, ...regions.map((region) => [region])),
  isFirstOrderOnly: fc.constantFrom(false, false, true),
});

export const promotions: fc.Arbitrary<Promotion[]> = fc
  .array(
    fc.record({
      action: actions,
      conditions: fc.oneof(fc.constant(conditions), somebody),
      priority: upTo(3),
      isExclusive: fc.constantFrom(false, false, true),
      stackingGroup: orNull(fc.constantFrom('ONE', 'TWO')),
      needsCoupon: fc.boolean(),
      isActive: fc.constantFrom(true, true, true, false),
      startsAt: fc.constantFrom(null, null, inHours(-1), inHours(1)),
      endsAt: fc.constantFrom(null, null, inHours(2), inHours(-2)),
    }),
    { maxLength: 8 },
  )
  .map((made) => made.map(({ action, ...more }, place) => promotion(action, { ...more, id: `p${place}` })));

/** Of countries and states, some of the past and some to come; two of one name and place never begin at once. */
const taxes: fc.Arbitrary<TaxRate[]> = fc.uniqueArray(
  fc.record({
    region: fc.constantFrom('DE', 'US'),
    subdivision: fc.constantFrom('', 'CA', 'NY'),
    category: fc.constantFrom('standard', 'food', 'shipping'),
    name: fc.constantFrom('VAT', 'Sales tax', 'GST'),
    rateMillionths: fc.oneof(upTo(300_000), fc.constantFrom(0, 88_750, 1_000_000)),
    validFrom: fc.constantFrom(null, inHours(-1), inHours(0.1)),
  }),
  { maxLength: 12, selector: ({ rateMillionths: _, ...named }) => JSON.stringify(named) },
);

const linesOf = (made: readonly (readonly [string, number])[]) =>
  made.map(([variantId, quantity], place) => ({ id: `l${place}`, variantId, quantity }));

const each = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.array(arbitrary, { minLength: variantIds.length, maxLength: variantIds.length });

/** Carts with all there is; the same variant may lie on several lines, and one that nobody priced beside it. */
export const carts: fc.Arbitrary<QuoteInput> = fc
  .record({
    currency: fc.constantFrom(...currencies),
    region: fc.constantFrom(...regions),
    lines: fc.array(fc.tuple(fc.constantFrom(...variantIds, 'unpriced'), pieces), { maxLength: 10 }),
    units: each(unit),
    includesTax: each(fc.boolean()),
    taxCategories: each(fc.constantFrom('standard', 'food', 'unheard-of')),
    productOf: each(orNull(fc.constantFrom(...productIds))),
    placesOf: each(fc.subarray(categoryIds)),
    promotions,
    taxes,
    shipping: orNull(fc.record({ amountMinor: unit, includesTax: fc.boolean() })),
    taxExemption: fc.constantFrom(null, null, 'Reverse charge.'),
    kind: fc.constantFrom('customer', 'customer', 'guest'),
    groups: fc.constantFrom([], ['TRADE']),
    isFirstOrder: fc.boolean(),
    points: fc.record({ balance: fc.oneof(upTo(3_000), fc.constant(1_000_000_000)), toUse: minor }),
    withCodes: fc.boolean(),
  })
  .map((made) => ({
    ...cart([]),
    ...{ currency: made.currency, region: made.region, lines: linesOf(made.lines) },
    prices: new Map(
      variantIds.map((id, place) => [
        id,
        price(0, {
          unit: money(made.units[place] ?? 0, made.currency),
          includesTax: made.includesTax[place] ?? true,
          taxCategory: made.taxCategories[place] ?? 'standard',
          productId: made.productOf[place] ?? null,
          categoryIds: made.placesOf[place] ?? [],
        }),
      ]),
    ),
    promotions: made.promotions,
    coupons: made.withCodes ? made.promotions.map(({ id }) => coupon(`CODE${id}`, id)) : [],
    taxes: made.taxes,
    buyer: {
      ...buyer,
      ...{ kind: made.kind, groups: made.groups, isFirstOrder: made.isFirstOrder },
      ...{ points: made.points, taxExemption: made.taxExemption },
    },
    shipping: made.shipping && {
      amount: money(made.shipping.amountMinor, made.currency),
      includesTax: made.shipping.includesTax,
    },
  }));
