import { randomUUID } from 'node:crypto';
import type { Viewer } from '@storegraph/server';
import { type Answer as Executed, key } from '@storegraph/testing';
import { type Answer, cartService, merchandiser, openPricing } from './pricing-fixture.ts';

/** What the tests of promotions, points and quotes share: a pricing subgraph with promotions in it. */

const money = '{ amountMinor currency }';
const adjustments = `adjustments { label amount ${money} reason code couponCode }`;
const taxes = `{ name rateMillionths taxable ${money} amount ${money} }`;
const wholeQuote = `lines { lineId variantId quantity isAvailable unitPrice ${money} listPrice ${money}
    subtotal ${money} ${adjustments} discount ${money} tax { amount ${money} includesTax parts ${taxes} } total ${money} }
  ${adjustments} subtotal ${money} discount ${money} shipping ${money} hasFreeShipping tax ${money} taxes ${taxes}
  total ${money} currency coupons { code state reason } pointsSpent pointsEarned taxExemption at expiresAt token`;

const coupon =
  'coupon { code maxUses maxUsesPerCustomer customerId uses isWithdrawn batchId promotion { id } }';
const successes: Readonly<Record<string, string>> = {
  promotionSave: '... on PromotionSaved { promotion { id code version isActive } }',
  couponCreate: `... on CouponCreated { ${coupon} }`,
  couponsGenerate: '... on CouponsGenerated { batchId count promotion { id } }',
  couponWithdraw: `... on CouponWithdrawn { ${coupon} }`,
  couponRedeem: `... on CouponsRedeemed { checkoutId codes } ... on CouponsRefused { coupons { code state } }
    ... on CheckoutReleased { checkoutId }`,
  couponRelease: '... on CouponsReleased { checkoutId codes }',
  categoryTaxSet: '... on CategoryTaxSet { categoryId taxCategory } ... on CategoryNotFound { categoryId }',
  taxRatesSet: '... on TaxRatesSet { __typename }',
  pointsUse: '... on PointsUseSet { points { balance toUse } }',
  pointsEarn: '... on PointsEarned { points balance } ... on PointsUndone { orderId }',
  pointsSpend: `... on PointsSpent { points balance } ... on NotEnoughPoints { balance }
    ... on PointsUndone { orderId }`,
  pointsReverse: '... on PointsReversed { returned takenBack balance }',
};
const refusals: Readonly<Record<string, string>> = {
  promotionSave: '... on VersionConflict { expected actual } ... on TooManyPromotions { most }',
  couponWithdraw: '... on CouponNotFound { code }',
};

const documentOf = (mutation: string): string => {
  const input = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
  return `mutation ($input: ${input}!) { ${mutation}(input: $input) { __typename
    ... on UserError { message } ... on InvalidInput { problems { path message } }
    ${successes[mutation] ?? ''} ${refusals[mutation] ?? ''} } }`;
};

const internal = new Set(['couponRedeem', 'couponRelease', 'pointsEarn', 'pointsSpend', 'pointsReverse']);

/** A cart as the router hands it over. */
export type TestCart = {
  readonly id: string;
  readonly ownerKind: string;
  readonly ownerId: string;
  readonly [field: string]: unknown;
};

export const cartOf = (
  owner: { readonly kind: string; readonly id?: string },
  lines: readonly (readonly [string, number])[],
  more: object = {},
): TestCart => ({
  ...{ __typename: 'Cart', id: randomUUID(), region: 'DE', currency: 'EUR', couponCodes: [] },
  ...{ ownerKind: owner.kind, ownerId: owner.id ?? '' },
  lines: lines.map(([variantId, quantity], index) => ({ id: `line-${index}`, variantId, quantity })),
  ...more,
});

export const openPromotions = async () => {
  const shop = await openPricing();
  const run = (mutation: string, input: object, viewer?: Viewer): Promise<Executed> => {
    const asker = viewer ?? (internal.has(mutation) ? cartService : merchandiser);
    return shop.execute(documentOf(mutation), { input: { idempotencyKey: key(), ...input } }, asker);
  };
  const change = async (mutation: string, input: object, viewer?: Viewer): Promise<Answer> => {
    const { data, errors } = await run(mutation, input, viewer);
    if (errors) throw new Error(`${mutation}: ${errors.map((error) => error.message).join(' ')}`);
    return data[mutation];
  };
  /** A promotion that no other test uses, about these variants alone. */
  const promotion = async (action: object, { variantIds, ...more }: Answer = {}): Promise<string> => {
    const code = `P${randomUUID().slice(0, 8).toUpperCase()}`;
    const conditions = { ...(variantIds ? { variantIds } : {}), ...more.conditions };
    const saved = await change('promotionSave', { code, name: code, action, ...more, conditions });
    if (saved.__typename !== 'PromotionSaved') throw new Error(saved.message);
    return saved.promotion.id;
  };
  /** A code of a promotion of 10 % that needs it. */
  const couponCode = async (more: object = {}, ofPromotion: object = {}): Promise<string> => {
    const promotionId = await promotion(
      { percentOff: { basisPoints: 1_000 } },
      { needsCoupon: true, ...ofPromotion },
    );
    const code = `C${randomUUID().slice(0, 12).replaceAll('-', '').toUpperCase()}`;
    const made = await change('couponCreate', { promotionId, code, ...more });
    if (made.__typename !== 'CouponCreated') throw new Error(made.message);
    return code;
  };
  /** What carts cost, all asked at once as the router asks, with what it took. */
  const quotes = async (
    carts: readonly object[],
    viewer: Viewer,
    address?: string,
  ): Promise<Executed & { quotes: Answer[] }> => {
    const query = `query ($carts: [_Any!]!) { _entities(representations: $carts) {
      ... on Cart { quote { ${wholeQuote} } } } }`;
    const answer = await shop.execute(query, { carts }, viewer, address);
    return { ...answer, quotes: (answer.data?._entities ?? []).map((cart: Answer) => cart?.quote ?? null) };
  };
  const quote = async (cart: object, viewer: Viewer, address?: string): Promise<Answer> => {
    const answer = await quotes([cart], viewer, address);
    if (answer.errors) throw new Error(answer.errors.map((error) => error.message).join(' '));
    return answer.quotes[0];
  };
  return { ...shop, run, change, promotion, couponCode, quotes, quote };
};

export type TestPromotions = Awaited<ReturnType<typeof openPromotions>>;
