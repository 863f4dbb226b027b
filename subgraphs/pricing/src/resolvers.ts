import { money } from '@storegraph/money';
import { GraphQLError } from 'graphql';
import { categoryTaxes } from './category-repository.ts';
import { textOfRate } from './exchange-domain.ts';
import { allGroups } from './group-repository.ts';
import { allLists } from './list-repository.ts';
import { pricesOfVariants, quantityOf } from './price-service.ts';
import { promotionMutation, promotionQuery, promotionResolvers } from './promotion-resolvers.ts';
import { ratesNow, roundingRules } from './rate-repository.ts';
import type { Resolvers } from './schema.generated.ts';
import { ratesOfRegions } from './tax-repository.ts';
import { pricesOfVariant } from './written-repository.ts';

const query: Resolvers['Query'] = {
  priceLists: (_parent, _args, { db }) => allLists(db),
  writtenPrices: (_parent, { variantId }, { db }) => pricesOfVariant(db, variantId),
  customerGroups: (_parent, _args, { db }) => allGroups(db),
  exchangeRates: (_parent, _args, { db, baseCurrency }) => ratesNow(db, baseCurrency),
  roundingRules: (_parent, _args, { db }) => roundingRules(db),
  taxRates: (_parent, { region }, { db }) => ratesOfRegions(db, [region]),
  categoryTaxes: (_parent, _args, { db }) => categoryTaxes(db),
  variantPrices: async (
    _parent,
    { ownerKind, ownerId, quantities, ...asked },
    { db, baseCurrency, viewer },
  ) => {
    forServices(viewer.kind);
    const customerId = ownerKind === 'customer' ? (ownerId ?? null) : null;
    const wanted = { ...asked, quantities: quantities ?? null };
    return orBadInput(await pricesOfVariants(db, { baseCurrency, customerId }, wanted));
  },
};

const mutation: Resolvers['Mutation'] = {
  priceListSave: (_parent, { input }, { pricing, viewer }) => pricing.lists.save(viewer, input),
  priceListRemove: (_parent, { input }, { pricing, viewer }) => pricing.lists.remove(viewer, input),
  pricesSet: (_parent, { input }, { pricing, viewer }) => pricing.written.set(viewer, input),
  priceSchedule: (_parent, { input }, { pricing, viewer }) => pricing.written.schedule(viewer, input),
  exchangeRatesSet: (_parent, { input }, { pricing, viewer }) => pricing.rates.set(viewer, input),
  roundingRuleSet: (_parent, { input }, { pricing, viewer }) => pricing.rates.setRounding(viewer, input),
  customerGroupSave: (_parent, { input }, { pricing, viewer }) => pricing.groups.save(viewer, input),
  customerGroupAssign: (_parent, { input }, { pricing, viewer }) => pricing.groups.assign(viewer, input),
  taxRatesSet: (_parent, { input }, { pricing, viewer }) => pricing.taxes.setRates(viewer, input),
  taxCategoriesSet: (_parent, { input }, { pricing, viewer }) => pricing.taxes.setCategories(viewer, input),
  categoryTaxSet: (_parent, { input }, { pricing, viewer }) => pricing.categories.setTax(viewer, input),
  taxExemptionSet: (_parent, { input }, { pricing, viewer }) => pricing.taxes.setExemption(viewer, input),
};

/** GraphQL in, one call, GraphQL out. */
export const resolvers: Resolvers = {
  ...promotionResolvers,
  Query: { ...query, ...promotionQuery },
  Mutation: { ...mutation, ...promotionMutation },
  // Which variants there are is the catalogue's business, so a reference is taken as it comes.
  ProductVariant: {
    __resolveReference: ({ id }) => ({ id }),
    price: async ({ id }, { region, currency, quantity }, { loaders, holdsForMs }) => {
      const pieces = orBadInput(quantityOf(quantity ?? 1));
      const read = await loaders.price.load({ variantId: id, region, currency, quantity: pieces });
      holdsForMs(read.holdsForMs);
      return read.price && { ...read.price, nextChangeMs: read.nextChangeMs };
    },
  },
  Price: {
    includesTax: ({ list }) => list.includesTax,
    listCode: ({ list }) => list.code,
    listName: ({ list }) => list.name,
    customerGroup: ({ list }) => list.customerGroup,
    nextChangeAt: ({ nextChangeMs }) => (nextChangeMs === null ? null : new Date(nextChangeMs)),
  },
  PriceConversion: {
    rate: ({ rate }) => textOfRate(rate.rateNano),
    rateFrom: ({ rate }) => new Date(rate.validFromMs),
  },
  WrittenPrice: {
    amount: ({ amountMinor, currency }) => money(amountMinor, currency),
    compareAt: ({ compareAtMinor, currency }) =>
      compareAtMinor === null ? null : money(compareAtMinor, currency),
  },
  ExchangeRate: { rate: ({ rateNano }) => textOfRate(rateNano) },
  PriceListSaved: {
    priceList: async ({ code }, _args, { db }) =>
      found((await allLists(db)).find((list) => list.code === code)),
  },
  PriceScheduled: { writtenPrices: ({ variantId }, _args, { db }) => pricesOfVariant(db, variantId) },
  ExchangeRatesSet: { exchangeRates: (_parent, _args, { db, baseCurrency }) => ratesNow(db, baseCurrency) },
  RoundingRuleSet: { roundingRules: (_parent, _args, { db }) => roundingRules(db) },
  TaxRate: { subdivision: ({ subdivision }) => subdivision || null },
  TaxRatesSet: {
    taxRates: ({ regions }, _args, { db }) => ratesOfRegions(db, regions),
  },
  CustomerGroupSaved: { customerGroups: (_parent, _args, { db }) => allGroups(db) },
};

/** Asked between subgraphs only; it tells the prices of any customer. */
const forServices = (kind: string): void => {
  if (kind === 'service') return;
  throw new GraphQLError('Only services may ask this.', { extensions: { code: 'FORBIDDEN' } });
};

const orBadInput = <T extends number | object>(result: T | { readonly problem: string }): T => {
  if (typeof result === 'object' && 'problem' in result) {
    throw new GraphQLError(result.problem, { extensions: { code: 'BAD_USER_INPUT' } });
  }
  return result;
};

/** What was saved a moment ago is there, unless somebody has removed it since. */
const found = <T>(row: T | undefined): T => {
  if (row === undefined) throw new Error('It was removed again meanwhile.');
  return row;
};
