import { randomUUID } from 'node:crypto';
import { createInProcessBus } from '@storegraph/events';
import { connect, type Database } from '@storegraph/postgres';
import type { Viewer } from '@storegraph/server';
import {
  brokenInvariants,
  createAsking,
  documentsOf,
  type Answer as Executed,
  isAct,
  type Mounted,
  mountForTest,
  openPublisher,
  type Publisher,
  staff,
  untilHeard,
} from '@storegraph/testing';
import { invariants } from './invariants.ts';
import { pricing } from './main.ts';

/** What the tests of this subgraph share: a mounted pricing beside a catalogue that publishes variants. */

export const merchandiser = staff('price:write', 'promotion:write');
export const customer = (id: string = randomUUID()): Viewer => ({ kind: 'customer', id, scopes: new Set() });
export const cartService: Viewer = { kind: 'service', id: 'cart', scopes: new Set() };

/** Whatever a test looks at in an answer, it states in its expectation. */
// biome-ignore lint/suspicious/noExplicitAny: answers have the shape of the operation, which is text.
export type Answer = any;

const money = '{ amountMinor currency }';
const written = `writtenPrices { listCode minQuantity amount ${money} compareAt ${money} startsAt endsAt }`;
const refusals = `... on UserError { message } ... on VariantNotFound { variantId } ... on PriceListNotFound { code }
  ... on CustomerGroupNotFound { code } ... on InvalidInput { problems { path message } }
  ... on VersionConflict { expected actual } ... on SkusNotFound { lines { index sku message } }`;
const successes: Readonly<Record<string, string>> = {
  priceListSave: `... on PriceListSaved { priceList { id code name currency regions customerGroup priority includesTax
    isActive startsAt endsAt version } }`,
  priceListRemove: '... on PriceListRemoved { code prices }',
  pricesSet: '... on PricesSet { changed unchanged }',
  priceSchedule: `... on PriceScheduled { ${written} }`,
  exchangeRatesSet: '... on ExchangeRatesSet { exchangeRates { base currency rate validFrom } }',
  roundingRuleSet: '... on RoundingRuleSet { roundingRules { currency stepMinor endingMinor mode } }',
  customerGroupSave: '... on CustomerGroupSaved { customerGroups { code name } }',
  taxRatesSet: `... on TaxRatesSet { taxRates { region subdivision category name rateMillionths validFrom } }`,
  taxCategoriesSet: '... on TaxCategoriesSet { count }',
  taxExemptionSet: '... on TaxExemptionSet { customerId }',
  customerGroupAssign: '... on CustomerGroupAssigned { customerId group }',
};

const partsOf = (fragments: string): string[] => fragments.split(/(?=\.\.\. on )/);
const documentOf = documentsOf('pricing', (mutation) => [
  ...partsOf(successes[mutation] ?? ''),
  ...partsOf(refusals),
]);

/** Everything of a price. */
export const wholePrice = `amount ${money} compareAt ${money} includesTax minQuantity tiers { minQuantity amount ${money} }
  listCode listName customerGroup isScheduled conversion { from ${money} rate rateFrom } nextChangeAt`;

export const openPricing = async () => {
  const bus = createInProcessBus();
  const mounted = await mountForTest(pricing, { bus });
  const db = connect({ url: mounted.url, schema: 'pricing', name: 'test' });
  const catalogue = await openPublisher(mounted.url, 'product');
  bus.register(catalogue.events);
  const asking = createRequests(mounted);
  /** What was published while the work ran, in order. */
  const factsOf = async (work: () => Promise<unknown>): Promise<Answer[]> => {
    const before = await mounted.log.head();
    await work();
    const facts = await mounted.log.read(before, 20_000);
    return facts.filter(({ type }) => !isAct(type)).map(({ type, data }) => ({ type, ...data }));
  };
  return {
    ...mounted,
    ...asking,
    ...createShelves(asking.change, catalogue, db),
    db,
    catalogue,
    factsOf,
    broken: () => brokenInvariants(db, invariants),
    stop: async () => {
      await catalogue.close();
      await db.close();
      await mounted.stop();
    },
  };
};

type Change = (mutation: string, input: object) => Promise<Answer>;

/** As a merchandiser where something is changed, unless somebody else is named. */
const createRequests = (mounted: Mounted) => {
  const asking = createAsking(mounted, documentOf);
  /** What variants cost, with what it took to say so. */
  const prices = async (
    ids: readonly string[],
    {
      viewer,
      ...wish
    }: { region?: string; currency?: string; quantity?: number; viewer?: Viewer | undefined } = {},
  ): Promise<Executed & { prices: Answer[] }> => {
    const query = `query ($ids: [_Any!]!, $region: Region!, $currency: Currency!, $quantity: Int) {
      _entities(representations: $ids) { ... on ProductVariant {
        price(region: $region, currency: $currency, quantity: $quantity) { ${wholePrice} } } } }`;
    const asked = { region: 'DE', currency: 'EUR', quantity: 1, ...wish };
    const answer = await mounted.execute(query, { ids: ids.map(representation), ...asked }, viewer);
    if (answer.errors) throw new Error(answer.errors.map((error) => error.message).join(' '));
    return { ...answer, prices: answer.data._entities.map(({ price }: Answer) => price) };
  };
  const change: Change = (mutation, input) => asking.change(merchandiser, mutation, input);
  return {
    run: (mutation: string, input: object, viewer: Viewer = merchandiser) =>
      asking.run(viewer, mutation, input),
    change,
    ask: (query: string, variables: object = {}, viewer?: Viewer): Promise<Answer> =>
      asking.ask(viewer, query, variables),
    prices,
  };
};

export const representation = (id: string) => ({ __typename: 'ProductVariant', id });

/** Lists and variants that no other test uses. */
const createShelves = (change: Change, catalogue: Publisher, db: Database) => {
  const list = async (fields: object = {}): Promise<string> => {
    const code = `L${randomUUID().slice(0, 8).toUpperCase()}`;
    const input = { code, name: code, currency: 'EUR', includesTax: true, ...fields };
    const saved = await change('priceListSave', input);
    if (saved.__typename !== 'PriceListSaved') throw new Error(saved.message);
    return code;
  };
  /** Waits until pricing has heard everything the catalogue has published. */
  const told = () => untilHeard(db, catalogue);
  /** Variants that the catalogue has just published. */
  const variants = async (count = 1): Promise<{ id: string; sku: string; productId: string }[]> => {
    const made = Array.from({ length: count }, () => ({
      ...{ id: randomUUID(), sku: `SKU-${randomUUID()}`, productId: randomUUID() },
    }));
    await catalogue.publish(
      made.map(({ id, sku, productId }) => ({
        type: 'product.variant_created',
        aggregateId: id,
        data: { variantId: id, productId, sku },
      })),
    );
    await told();
    return made;
  };
  /** A variant with these prices in a list. */
  const priced = async (listCode: string, ...lines: (number | object)[]) => {
    const [variant] = await variants();
    if (!variant) throw new Error('No variant was made.');
    const { sku } = variant;
    const written = await change('pricesSet', {
      listCode,
      lines: lines.map((line) => (typeof line === 'number' ? { sku, amountMinor: line } : { sku, ...line })),
    });
    if (written.__typename !== 'PricesSet') throw new Error(written.message);
    return variant;
  };
  return { list, told, variants, priced };
};

export type TestPricing = Awaited<ReturnType<typeof openPricing>>;
