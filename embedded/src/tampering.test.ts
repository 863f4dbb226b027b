import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@storegraph/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, peopleOf } from './people-fixture.ts';
import { type Shop, startShop } from './shop.ts';

/** Who guesses coupons, and who makes up what things cost, through the one endpoint. */

let folder = '';
let shop: Shop;
let variantId = '';
const people = peopleOf(() => shop.url);
beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'storegraph-tampering-')), 'home');
  shop = await startShop({ folder, port: 0, products: 20, log: createLog(() => {}) });
  const { data } = await people.ask('{ products(first: 1) { nodes { variants { id } } } }');
  variantId = data.products.nodes[0].variants[0].id;
});
afterAll(async () => {
  await shop.stop();
  await rm(join(folder, '..'), { recursive: true, force: true });
});

const guestWithCart = async (): Promise<string> => {
  const guest = await people.becomeGuest();
  await people.change('cartLineAdd', { variantId, quantity: 1 }, guest);
  return guest;
};
/** Enters codes and answers what became of each. */
const statesOf = async (guest: string, codes: readonly string[]): Promise<string[]> => {
  for (const code of codes) await people.change('cartCouponAdd', { code }, guest);
  const { data } = await people.ask('{ cart { quote { coupons { state } } } }', guest);
  return data.cart.quote.coupons.map(({ state }: Answer) => state);
};

describe('coupons guessed by a new guest for every ten codes', () => {
  it('are not looked at any more once the address has been wrong often, nor for a header that names another', async () => {
    const wrong = (round: number, count = 10) =>
      Array.from({ length: count }, (_, at) => `WRONG-${round}-${at}`);
    for (let round = 0; round < 10; round += 1) {
      expect(await statesOf(await guestWithCart(), wrong(round))).toEqual(Array(10).fill('UNKNOWN'));
    }
    // A right code, which nothing in this cart fulfils, while it is still free to try.
    expect(await statesOf(await guestWithCart(), ['SUMMER5'])).not.toContain('UNKNOWN');
    const last = await guestWithCart();
    // Ten more in one look: from then on the wait is longer than this test.
    expect(await statesOf(last, wrong(10))).toEqual(Array(10).fill('UNKNOWN'));
    const next = await guestWithCart();
    expect(await statesOf(next, ['SUMMER5'])).toEqual(['TOO_MANY_TRIES']);
    const response = await fetch(`${shop.url}/graphql`, {
      method: 'POST',
      headers: {
        ...{ 'content-type': 'application/json', authorization: `Bearer ${next}` },
        ...{ 'x-client-address': '203.0.113.9', 'x-forwarded-for': '203.0.113.9' },
      },
      body: JSON.stringify({ query: '{ cart { quote { coupons { state } } } }' }),
    });
    const { data } = (await response.json()) as { data: Answer };
    expect(data.cart.quote.coupons).toEqual([{ state: 'TOO_MANY_TRIES' }]);
  });
});

describe('what things cost', () => {
  it.each([
    [
      'a price with the line',
      'mutation { cartLineAdd(input: { idempotencyKey: "KEY", variantId: "ID", quantity: 1, price: 1 }) { __typename } }',
    ],
    [
      'an amount with the line',
      'mutation { cartLineAdd(input: { idempotencyKey: "KEY", variantId: "ID", quantity: 1, amountMinor: 1, currency: "JPY" }) { __typename } }',
    ],
    ['a total for the quote', '{ cart { quote(total: 1) { token } } }'],
    [
      'a cart of one’s own making',
      '{ _entities(representations: [{ __typename: "Cart", id: "x" }]) { __typename } }',
    ],
    [
      'prices of others, as services ask them',
      '{ variantPrices(variantIds: ["ID"], region: DE, currency: EUR) { variantId } }',
    ],
    ['a token to check', '{ quoteCheck(token: "x") { cartId } }'],
    [
      'points of one’s own',
      'mutation { pointsEarn(input: { idempotencyKey: "KEY", customerId: "ID", orderId: "ID", points: 1 }) { __typename } }',
    ],
  ])('refuses %s', async (_what, query) => {
    const guest = await guestWithCart();
    const text = query.replaceAll('KEY', crypto.randomUUID()).replaceAll('ID', variantId);
    const { data, errors } = await people.ask(text, guest);
    expect(data ?? null).toBeNull();
    expect(errors).not.toHaveLength(0);
  });

  it('is what the shop says in each currency, and nobody pays euros’ numbers in yen', async () => {
    const guest = await guestWithCart();
    const quoteIn = async (region: string, currency: string) => {
      await people.change('cartMarketSet', { region, currency }, guest);
      const query = `query ($id: ID!, $region: Region!, $currency: Currency!) {
        variants(ids: [$id]) { price(region: $region, currency: $currency) { amount { amountMinor currency } } }
        cart { quote { currency subtotal { amountMinor currency } } } }`;
      const { data } = await people.ask(query, guest, { id: variantId, region, currency });
      expect(data.cart.quote).toEqual({ currency, subtotal: data.variants[0].price.amount });
      return data.cart.quote.subtotal.amountMinor as number;
    };
    const euros = await quoteIn('DE', 'EUR');
    const yen = await quoteIn('JP', 'JPY');
    expect(yen).toBeGreaterThan(euros);
    expect(await quoteIn('US-CA', 'USD')).toBeGreaterThan(euros / 2);
    const refused = await people.change('cartMarketSet', { region: 'DE', currency: 'QQQ' }, guest);
    expect(refused.errors?.[0].extensions.code).toBe('BAD_USER_INPUT');
    expect(await quoteIn('DE', 'EUR')).toBe(euros);
  });
});
