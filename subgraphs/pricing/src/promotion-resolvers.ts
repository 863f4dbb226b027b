import { type Money, money } from '@storegraph/money';
import { forServices, type Viewer } from '@storegraph/server';
import { GraphQLError } from 'graphql';
import { arePointsVisibleTo } from './points-service.ts';
import type { Amounts } from './promotion-domain.ts';
import type { Page } from './promotion-listing-domain.ts';
import { openCoupons, openEntries, openPromotions } from './promotion-listing-service.ts';
import { promotionByCode } from './promotion-repository.ts';
import { isCartVisibleTo } from './quote-service.ts';
import type { Resolvers } from './schema.generated.ts';

const defaultPromotions = 50;
const defaultCoupons = 100;
const defaultEntries = 20;

export const promotionQuery: Resolvers['Query'] = {
  promotions: async (_parent, { isActive, first, after }, { db }) =>
    orBadInput(
      await openPromotions(db, { isActive: isActive ?? null, first: first ?? defaultPromotions, after }),
    ),
  promotion: (_parent, { id, code }, { db, loaders }) => {
    if (id) return loaders.promotion.load(id);
    return code ? promotionByCode(db, code) : null;
  },
  coupon: (_parent, { code }, { loaders }) => loaders.coupon.load(code),
  myPoints: (_parent, _args, { loaders, viewer }) =>
    viewer.kind === 'customer' ? loaders.points.load(viewer.id) : null,
  personalData: (_parent, { ownerId }, { pricing, viewer }) => {
    forServices(viewer);
    return pricing.persons.read(ownerId);
  },
  quoteCheck: async (_parent, { token }, { pricing, viewer }) => {
    forServices(viewer);
    const seen = await pricing.quotes.check(token);
    if (!seen) return null;
    const { currency, totalMinor, lines, ...rest } = seen;
    return {
      ...rest,
      total: money(totalMinor, currency),
      lines: lines.map(({ variantId, quantity, unitMinor, totalMinor: ofLine }) => ({
        ...{ variantId, quantity, total: money(ofLine, currency) },
        unitPrice: unitMinor === null ? null : money(unitMinor, currency),
      })),
    };
  },
};

export const promotionMutation: Resolvers['Mutation'] = {
  promotionSave: (_parent, { input }, { pricing, viewer }) => pricing.promotions.save(viewer, input),
  couponCreate: (_parent, { input }, { pricing, viewer }) => pricing.coupons.create(viewer, input),
  couponsGenerate: (_parent, { input }, { pricing, viewer }) => pricing.coupons.generate(viewer, input),
  couponWithdraw: (_parent, { input }, { pricing, viewer }) => pricing.coupons.withdraw(viewer, input),
  pointsUse: (_parent, { input }, { pricing, viewer }) => pricing.points.use(forCustomers(viewer), input),
  couponRedeem: (_parent, { input }, { pricing, viewer }) => pricing.coupons.redeem(asService(viewer), input),
  couponRelease: (_parent, { input }, { pricing, viewer }) =>
    pricing.coupons.release(asService(viewer), input),
  pointsEarn: (_parent, { input }, { pricing, viewer }) => pricing.points.earn(asService(viewer), input),
  pointsSpend: (_parent, { input }, { pricing, viewer }) => pricing.points.spend(asService(viewer), input),
  pointsReverse: (_parent, { input }, { pricing, viewer }) =>
    pricing.points.reverse(asService(viewer), input),
  personalDataErase: (_parent, { input }, { pricing, viewer }) =>
    pricing.persons.erase(asService(viewer), input),
};

const moneys = (amounts: Amounts): Money[] =>
  Object.entries(amounts).map(([currency, amountMinor]) => money(amountMinor, currency));
const moneysOrNull = (amounts: Amounts | null): Money[] | null => amounts && moneys(amounts);

const ofPage = <Row>() => ({
  edges: ({ rows, cursorOf }: Page<Row>) => rows.map((node) => ({ node, cursor: cursorOf(node) })),
  nodes: ({ rows }: Page<Row>) => rows,
  pageInfo: ({ rows, cursorOf, hasNextPage, hasPreviousPage }: Page<Row>) => {
    const [start, end] = [rows.at(0), rows.at(-1)];
    return {
      ...{ hasNextPage, hasPreviousPage },
      startCursor: start ? cursorOf(start) : null,
      endCursor: end ? cursorOf(end) : null,
    };
  },
});

const action: Resolvers['PromotionAction'] = {
  percentOff: (given) => (given.kind === 'PERCENT_OFF' ? given : null),
  amountOff: (given) => (given.kind === 'AMOUNT_OFF' ? { amounts: moneys(given.amounts) } : null),
  freeShipping: (given) => (given.kind === 'FREE_SHIPPING' ? true : null),
  tiered: (given) =>
    given.kind === 'TIERED'
      ? {
          tiers: given.tiers.map(({ minimumSubtotals, ...tier }) => ({
            ...tier,
            minimumSubtotals: moneysOrNull(minimumSubtotals),
          })),
        }
      : null,
  buyXGetY: (given) => (given.kind === 'BUY_X_GET_Y' ? given : null),
  bundle: (given) => (given.kind === 'BUNDLE' ? { ...given, prices: moneys(given.prices) } : null),
  earnPoints: (given) =>
    given.kind === 'EARN_POINTS' ? { points: given.points, per: moneys(given.per) } : null,
  spendPoints: (given) =>
    given.kind === 'SPEND_POINTS'
      ? { maxBasisPoints: given.maxBasisPoints, worth: moneys(given.worth) }
      : null,
};

/** What promotions, points and quotes add to the resolvers of this subgraph. */
export const promotionResolvers: Resolvers = {
  Cart: {
    __resolveReference: (cart, { viewer }) => (isCartVisibleTo(viewer, cart) ? cart : null),
    quote: async (cart, _args, { pricing, loaders }) =>
      orBadInput(await loaders.quote.load(orBadInput(pricing.quotes.parse(cart)))),
  },
  Customer: {
    __resolveReference: (customer, { viewer }) => (arePointsVisibleTo(viewer, customer) ? customer : null),
    points: ({ id }, _args, { loaders }) => loaders.points.load(id),
  },
  Points: {
    history: async ({ customerId }, { first, after }, { loaders }) =>
      orBadInput(await openEntries(loaders, { customerId, first: first ?? defaultEntries, after })),
  },
  PointsEntry: { id: ({ id }) => String(id), occurredAt: ({ occurredAt }) => new Date(occurredAt) },
  PointsEntryConnection: ofPage(),
  PointsUseSet: { points: ({ customerId }, _args, { loaders }) => loaders.points.load(customerId) },
  Promotion: {
    coupons: async ({ id: promotionId }, { batchId, first, after }, { loaders }) =>
      orBadInput(
        await openCoupons(loaders, {
          ...{ promotionId, batchId: batchId ?? null, first: first ?? defaultCoupons, after },
        }),
      ),
  },
  PromotionConditions: { minimumSubtotals: ({ minimumSubtotals }) => moneysOrNull(minimumSubtotals) },
  PromotionAction: action,
  PromotionConnection: ofPage(),
  PromotionSaved: {
    promotion: async ({ promotionId }, _args, { loaders }) =>
      found(await loaders.promotion.load(promotionId)),
  },
  Coupon: {
    promotion: async ({ promotionId }, _args, { loaders }) =>
      found(await loaders.promotion.load(promotionId)),
  },
  CouponConnection: ofPage(),
  CouponCreated: { coupon: async ({ key }, _args, { loaders }) => found(await loaders.coupon.load(key)) },
  CouponsGenerated: {
    promotion: async ({ promotionId }, _args, { loaders }) =>
      found(await loaders.promotion.load(promotionId)),
  },
  CouponWithdrawn: { coupon: async ({ key }, _args, { loaders }) => found(await loaders.coupon.load(key)) },
};

/** Whoever can do this decides what others have used up. */
const asService = (viewer: Viewer): Viewer => {
  forServices(viewer);
  return viewer;
};

const forCustomers = (viewer: Viewer): Viewer => {
  if (viewer.kind === 'customer') return viewer;
  throw new GraphQLError('Sign in as a customer: only customers have points.', {
    extensions: { code: viewer.kind === 'anonymous' ? 'UNAUTHENTICATED' : 'FORBIDDEN' },
  });
};

const orBadInput = <T extends object>(result: T | { readonly problem: string }): T => {
  if ('problem' in result) throw new GraphQLError(result.problem, { extensions: { code: 'BAD_USER_INPUT' } });
  return result;
};

/** Rows point to rows that the database keeps for them. */
const found = <T>(row: T | null): T => {
  if (row === null) throw new Error('A row points to another that is not there.');
  return row;
};
