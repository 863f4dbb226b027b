import { randomUUID } from 'node:crypto';
import { createInProcessBus, type Fact } from '@storegraph/events';
import { connect, type Database, transaction } from '@storegraph/postgres';
import { type Ask, AskError, createKeys, mountSubgraph, signToken, type Viewer } from '@storegraph/server';
import {
  brokenInvariants,
  createAsking,
  documentsOf,
  key,
  type Mounted,
  mountForTest,
  openPublisher,
  type Publisher,
  untilHeard,
} from '@storegraph/testing';
import type { Owner } from './domain.ts';
import { invariants } from './invariants.ts';
import { cart } from './main.ts';
import { saveSignIn } from './sign-in-repository.ts';

/** What the tests of this subgraph share: mounted carts beside a catalogue, and neighbours that answer. */

/** Whatever a test looks at in an answer, it states in its expectation. */
// biome-ignore lint/suspicious/noExplicitAny: answers have the shape of the operation, which is text.
export type Answer = any;

export const viewerOf = ({ kind, id }: Owner): Viewer => ({ kind, id, scopes: new Set() });
export const guest = (): Viewer & Owner => ({ kind: 'guest', id: randomUUID(), scopes: new Set() });
export const customer = (): Viewer & Owner => ({ kind: 'customer', id: randomUUID(), scopes: new Set() });

const line = 'id variantId variant { id } quantity seenPrice { amountMinor currency } seenAt heldQuantity';
export const cartFields = `id version region currency totalQuantity couponCodes note giftMessage
  lines { ${line} } savedForLater { ${line} }
  hold { expiresAt isComplete lines { variant { id } held wanted } } createdAt updatedAt abandonedAt
  conflicts {
    __typename
    ... on CartQuantityDiffers { id choices lineId variant { id } mine guests }
    ... on CartPriceDiffers { id choices lineId was { amountMinor currency } now { amountMinor currency } }
    ... on CartVariantGone { id choices variant { id } quantity }
    ... on CartStockShort { id choices lineId wanted available }
    ... on CartLineLeftOut { id choices variant { id } quantity }
    ... on CartCouponLost { id choices code reason }
  }`;
const refusals = [
  '... on UserError { message }',
  '... on VariantNotFound { variantId }',
  '... on VariantUnavailable { variantId }',
  '... on CartLineNotFound { lineId }',
  '... on CartLimitReached { of limit }',
  '... on VersionConflict { expected actual }',
  '... on CartHoldTooSoon { availableAt }',
  '... on CartStockMissing { lines { variantId requested available } }',
  '... on CartConflictNotFound { conflictId }',
  '... on CartChoiceNotOffered { offered: choices }',
  '... on InvalidInput { problems { path message } }',
  `... on CartChanged { cart { ${cartFields} } }`,
  `... on CartMerged { cart { ${cartFields} } }`,
];

const documentOf = documentsOf('cart', () => refusals);

/** Where the tests' own neighbours answer from: prices and stock by variant. What is not there is not known. */
export const createNeighbours = () => {
  const prices = new Map<string, number>();
  const stock = new Map<string, number>();
  const coupon = new Map<string, string>();
  const asked: { subgraph: string; document: string; variables: Answer }[] = [];
  const between = new Map<string, () => Promise<unknown>>();
  let isAway = false;
  let isBroken = false;
  const answerTo = (document: string, { ids, currency, variants, carts, input }: Answer): unknown => {
    if (document.includes('variantPrices')) {
      const priceOf = (id: string) => ({ amountMinor: prices.get(id), currency });
      return {
        variantPrices: ids.map((id: string) => ({
          variantId: id,
          price: prices.has(id) ? priceOf(id) : null,
        })),
      };
    }
    if (document.includes('quote')) {
      const coupons = (codes: string[]) =>
        codes.map((code) => ({ code, state: coupon.get(code) ?? 'COUNTS' }));
      return {
        _entities: carts.map(({ couponCodes }: Answer) => ({ quote: { coupons: coupons(couponCodes) } })),
      };
    }
    if (document.includes('_entities')) {
      const stockOf = (id: string) => ({ available: stock.get(id) ?? 0, backorderable: 0 });
      return { _entities: variants.map(({ id }: { id: string }) => ({ id, stock: stockOf(id) })) };
    }
    const expiresAt = () => new Date(Date.now() + input.holdSeconds * 1_000).toISOString();
    if (document.includes('reservationRelease'))
      return { reservationRelease: { __typename: 'ReservationReleased' } };
    if (document.includes('reservationExtend'))
      return { reservationExtend: { reservation: { expiresAt: expiresAt() } } };
    const lines = input.lines
      .map(({ variantId, quantity }: Answer) => ({
        ...{ variantId, requested: quantity, available: stock.get(variantId) ?? 0 },
      }))
      .filter(({ requested, available }: Answer) => requested > available);
    return {
      stockReserve:
        lines.length > 0
          ? { __typename: 'OutOfStock', message: 'Not enough.', lines }
          : { __typename: 'StockReserved', reservation: { id: randomUUID(), expiresAt: expiresAt() } },
    };
  };
  const ask: Ask = async <Data>(subgraph: string, document: string, variables = {}) => {
    asked.push({ subgraph, document, variables });
    for (const [name, work] of between) {
      if (document.includes(name) && between.delete(name)) await work();
    }
    if (isBroken) throw new Error('The neighbour is broken.');
    if (isAway) throw new AskError(subgraph, 'UNREACHABLE', 'it is away.');
    return answerTo(document, variables) as Data;
  };
  return {
    ask,
    asked,
    price: (variantId: string, amountMinor: number) => prices.set(variantId, amountMinor),
    stock: (variantId: string, pieces: number) => stock.set(variantId, pieces),
    /** What a quote says of a code; that it counts, unless told otherwise. */
    coupon: (code: string, state: string) => coupon.set(code, state),
    /** What nobody expects: the process might as well have died. */
    broken: (broken: boolean) => {
      isBroken = broken;
    },
    /** What others do while the next question of a name is answered. */
    meanwhile: (name: string, work: () => Promise<unknown>) => between.set(name, work),
    away: (away: boolean) => {
      isAway = away;
    },
  };
};

export const openCarts = async ({ redisUrl }: { readonly redisUrl?: string } = {}) => {
  const bus = createInProcessBus();
  const keys = await createKeys();
  const neighbours = createNeighbours();
  const opened = (needs: Parameters<typeof cart>[0]) =>
    cart({ ...needs, keys, ...(redisUrl !== undefined && { redisUrl }) });
  const mounted = await mountForTest(opened, { bus, ask: neighbours.ask });
  const db = connect({ url: mounted.url, schema: 'cart', name: 'test' });
  const catalogue = await openPublisher(mounted.url, 'product');
  bus.register(catalogue.events);
  return {
    ...mounted,
    ...createRequests(mounted),
    db,
    neighbours,
    catalogue,
    ...createVariants(catalogue, db),
    /** Another process over the same carts, which began later. */
    another: async () => {
      const needs = { postgresUrl: mounted.url, bus: createInProcessBus(), ask: neighbours.ask };
      const second = mountSubgraph(await opened(needs));
      await second.start();
      const change = async (viewer: Viewer, mutation: string, input: object): Promise<Answer> => {
        const variables = { input: { idempotencyKey: key(), ...input } };
        const { data } = await second.execute({ query: documentOf(mutation), variables, viewer });
        return data?.[mutation];
      };
      return { change, stop: second.stop };
    },
    /** What the account tells of a sign-in, as its consumer takes it in. */
    signIn: ({ id: customerId }: Owner, { id: guestId }: Owner) =>
      transaction(db, (tx) => saveSignIn(tx, { guestId, customerId, at: new Date().toISOString() })),
    tokenOf: ({ id }: Owner) => signToken(keys, { subject: id, role: 'guest' }),
    broken: () => brokenInvariants(db, invariants),
    stop: async () => {
      await catalogue.close();
      await db.close();
      await mounted.stop();
    },
  };
};

export type TestCarts = Awaited<ReturnType<typeof openCarts>>;

const createRequests = (mounted: Mounted) => {
  const asking = createAsking(mounted, documentOf);
  return {
    ...asking,
    add: (viewer: Viewer, variantId: string, quantity = 1, more: object = {}): Promise<Answer> =>
      asking.change(viewer, 'cartLineAdd', { variantId, quantity, ...more }),
    cartOf: async (viewer: Viewer): Promise<Answer> =>
      (await asking.ask(viewer, `{ cart { ${cartFields} } }`)).cart,
  };
};

const createVariants = (catalogue: Publisher, db: Database) => {
  const tell = async (facts: readonly Fact[]) => {
    await catalogue.publish(facts);
    await untilHeard(db, catalogue);
  };
  const ofProduct = { version: 2, changed: [] };
  /** Variants of one product that is sold. */
  const variants = async (count = 1): Promise<{ ids: string[]; productId: string }> => {
    const productId = randomUUID();
    const ids = Array.from({ length: count }, () => randomUUID());
    await tell([
      ...ids.map((variantId): Fact => variantFact('product.variant_created', variantId, productId)),
      {
        type: 'product.published',
        aggregateId: productId,
        data: { productId, ...ofProduct, publishedAt: new Date().toISOString() },
      },
    ]);
    return { ids, productId };
  };
  const variant = async (): Promise<string> => {
    const [id = ''] = (await variants()).ids;
    return id;
  };
  const withdraw = (productId: string) =>
    tell([{ type: 'product.unpublished', aggregateId: productId, data: { productId, ...ofProduct } }]);
  const remove = (variantId: string, productId: string) =>
    tell([variantFact('product.variant_removed', variantId, productId)]);
  return { variants, variant, withdraw, remove };
};

const variantFact = (
  type: 'product.variant_created' | 'product.variant_removed',
  variantId: string,
  productId: string,
): Fact => ({ type, aggregateId: variantId, data: { variantId, productId, sku: `SKU-${variantId}` } });
