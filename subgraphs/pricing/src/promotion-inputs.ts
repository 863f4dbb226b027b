import { idempotencyKey } from '@storegraph/idempotency';
import { z } from 'zod';
import { couponKeyOf, isCouponKey, maxCodeLength, maxCodesPerCart } from './coupon-domain.ts';
import { code, currency, line, orNull, region } from './inputs.ts';
import { maxPoints } from './points-domain.ts';
import type { Action, Amounts, Conditions } from './promotion-domain.ts';

/** What a caller may send for promotions, coupons and points, and what the cart sends to be quoted. */

/** Ten thousand millions of euros: whatever is larger is a slip of the keyboard. */
const maxAmountMinor = 1_000_000_000_000;
const maxCurrencies = 200;
const maxVariants = 500;
const maxGroups = 50;
const maxRegions = 250;
const maxPriority = 1_000;
const maxTiers = 20;
const maxBundleItems = 20;
const maxPieces = 1_000;
const maxPointsStep = 1_000_000;
const maxUsesOfCoupon = 1_000_000_000;
const maxUsesOfCustomer = 1_000;
const maxGenerated = 10_000;
/** As many as a cart holds. */
const maxLines = 100;
/** Ten times what a cart takes of one variant. */
const maxQuantity = 10_000;

/** Postgres stores neither NUL nor half a surrogate pair, and a refusal repeats what was asked for. */
const written = (max: number) =>
  z
    .string()
    .max(max, `must be at most ${max} characters`)
    .refine((text) => !text.includes('\u0000') && text.isWellFormed(), 'must not hold broken characters');
/** What cannot be an id or a code is of nothing, as any other that is unknown. */
const anyId = written(100);
const anyCode = written(200);
const whole = (min: number, max: number) =>
  z.int().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`);
const basisPoints = whole(1, 10_000);
const uuid = z.uuid('must be an id').transform((value) => value.toLowerCase());
const distinct = <Item>(items: readonly Item[]): Item[] => [...new Set(items)];
const listOf = <Schema extends z.ZodType>(schema: Schema, max: number) =>
  z.array(schema).min(1, 'must name one, or be left out').max(max, `must name at most ${max}`);

const amounts = z
  .array(z.object({ amountMinor: whole(1, maxAmountMinor), currency }))
  .min(1, 'must have an amount')
  .max(maxCurrencies, `must have at most ${maxCurrencies} amounts`)
  .refine((items) => distinct(items.map((item) => item.currency)).length === items.length, {
    message: 'names a currency twice',
  })
  .transform((items): Amounts => Object.fromEntries(items.map((item) => [item.currency, item.amountMinor])));

const conditions = z
  .object({
    minimumSubtotals: orNull(amounts),
    variantIds: orNull(listOf(uuid, maxVariants).transform(distinct)),
    productIds: orNull(listOf(uuid, maxVariants).transform(distinct)),
    categoryIds: orNull(listOf(uuid, maxVariants).transform(distinct)),
    customerGroups: orNull(listOf(code, maxGroups).transform(distinct)),
    regions: orNull(listOf(region, maxRegions).transform(distinct)),
    isFirstOrderOnly: z.boolean().nullish().transform(Boolean),
  })
  .nullish()
  .transform(
    (given): Conditions =>
      given ?? {
        ...{ minimumSubtotals: null, variantIds: null, productIds: null, categoryIds: null },
        ...{ customerGroups: null, regions: null, isFirstOrderOnly: false },
      },
  );

const maxTimes = orNull(whole(1, maxPieces));
const tier = z
  .object({
    minimumQuantity: orNull(whole(1, maxQuantity)),
    minimumSubtotals: orNull(amounts),
    basisPoints,
  })
  .refine(
    ({ minimumQuantity, minimumSubtotals }) => (minimumQuantity === null) !== (minimumSubtotals === null),
    'must go by pieces or by the subtotal',
  );
const bundleItems = z
  .array(z.object({ variantId: uuid, quantity: whole(1, maxPieces) }))
  .min(1, 'must have a variant')
  .max(maxBundleItems, `must have at most ${maxBundleItems} variants`)
  .refine((items) => distinct(items.map(({ variantId }) => variantId)).length === items.length, {
    message: 'names a variant twice',
  });

const kinds = z.object({
  percentOff: orNull(z.object({ basisPoints })),
  amountOff: orNull(z.object({ amounts })),
  freeShipping: orNull(z.literal(true, 'must be true, or be left out')),
  tiered: orNull(
    z.object({
      tiers: z
        .array(tier)
        .min(1, 'must have a tier')
        .max(maxTiers, `must have at most ${maxTiers} tiers`)
        .refine(
          (tiers) => distinct(tiers.map(({ minimumQuantity }) => minimumQuantity === null)).length < 2,
          'must all go by pieces or all by the subtotal',
        ),
    }),
  ),
  buyXGetY: orNull(
    z.object({
      ...{ buyQuantity: whole(1, maxPieces), getQuantity: whole(1, maxPieces), basisPoints, maxTimes },
      getVariantIds: orNull(listOf(uuid, maxVariants).transform(distinct)),
    }),
  ),
  bundle: orNull(z.object({ items: bundleItems, prices: amounts, maxTimes })),
  earnPoints: orNull(z.object({ points: whole(1, maxPointsStep), per: amounts })),
  spendPoints: orNull(z.object({ worth: amounts, maxBasisPoints: basisPoints })),
});

const action = kinds.transform((given, context): Action => {
  const actions = [
    given.percentOff && { kind: 'PERCENT_OFF' as const, ...given.percentOff },
    given.amountOff && { kind: 'AMOUNT_OFF' as const, ...given.amountOff },
    given.freeShipping && { kind: 'FREE_SHIPPING' as const },
    given.tiered && { kind: 'TIERED' as const, ...given.tiered },
    given.buyXGetY && { kind: 'BUY_X_GET_Y' as const, ...given.buyXGetY },
    given.bundle && { kind: 'BUNDLE' as const, ...given.bundle },
    given.earnPoints && { kind: 'EARN_POINTS' as const, ...given.earnPoints },
    given.spendPoints && { kind: 'SPEND_POINTS' as const, ...given.spendPoints },
  ].filter((each) => each !== null);
  const [only, ...others] = actions;
  if (only && others.length === 0) return only;
  context.addIssue({ code: 'custom', message: 'must be exactly one' });
  return z.NEVER;
});

export const promotionSave = z
  .object({
    ...{ idempotencyKey, code, name: line(200), isActive: z.boolean(), needsCoupon: z.boolean() },
    ...{ startsAt: orNull(z.date()), endsAt: orNull(z.date()), priority: whole(0, maxPriority) },
    ...{ isExclusive: z.boolean(), stackingGroup: orNull(code), conditions, action },
    expectedVersion: orNull(z.int()),
  })
  .check(({ value: { startsAt, endsAt }, issues }) => {
    if (startsAt && endsAt && endsAt <= startsAt)
      issues.push({ code: 'custom', path: ['endsAt'], message: 'must be after startsAt', input: endsAt });
  });

const maxUses = whole(1, maxUsesOfCoupon);
const maxUsesPerCustomer = orNull(whole(1, maxUsesOfCustomer));

export const couponCreate = z.object({
  ...{ idempotencyKey, promotionId: anyId, maxUses: orNull(maxUses), maxUsesPerCustomer },
  customerId: orNull(uuid),
  code: z
    .string()
    .max(maxCodeLength, `must be at most ${maxCodeLength} characters`)
    .regex(/^[A-Z0-9-]+$/, 'must be of A-Z 0-9 and hyphens')
    .refine((text) => isCouponKey(couponKeyOf(text)), 'must have 3 letters or digits'),
});
export const couponsGenerate = z.object({
  ...{ idempotencyKey, promotionId: anyId, maxUses, maxUsesPerCustomer },
  count: whole(1, maxGenerated),
  prefix: orNull(z.string().regex(/^[A-Z0-9]{1,16}$/, 'must be 1 to 16 of A-Z 0-9')),
});
export const couponWithdraw = z.object({ idempotencyKey, code: anyCode });

const ownerKind = z.enum(['guest', 'customer'], 'must be guest or customer');
const ownerId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\x21-\x7e]+$/, 'must be an id')
  .transform((text) => text.toLowerCase());

export const couponRedeem = z.object({
  ...{ idempotencyKey, checkoutId: uuid, ownerKind, ownerId },
  codes: z.array(anyCode).max(maxCodesPerCart, `must be at most ${maxCodesPerCart}`),
});
export const couponRelease = z.object({ idempotencyKey, checkoutId: uuid });

const ofOrder = { idempotencyKey, customerId: uuid, orderId: uuid };
const points = whole(1, maxPoints);
export const pointsEarn = z.object({ ...ofOrder, points });
export const pointsSpend = z.object({ ...ofOrder, points });
export const pointsReverse = z.object(ofOrder);
export const pointsUse = z.object({ idempotencyKey, points: whole(0, maxPoints) });

/** What the router hands over of a cart has passed no type: it is text from outside like any other. */
export const cartToQuote = z.object({
  id: z.string().min(1).max(100),
  region,
  ...{ currency, ownerKind, ownerId },
  couponCodes: z.array(anyCode).max(maxCodesPerCart),
  lines: z
    .array(
      z.object({
        id: z.string().max(100),
        variantId: z
          .string()
          .max(100)
          .transform((value) => value.toLowerCase()),
        quantity: whole(1, maxQuantity),
      }),
    )
    .max(maxLines)
    .refine((lines) => distinct(lines.map(({ id }) => id)).length === lines.length, 'has a line twice'),
});
export type CartToQuote = z.output<typeof cartToQuote>;
