import { randomUUID } from 'node:crypto';
import type { Viewer } from '@storegraph/server';
import { anonymous, staff } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, cartService, customer } from './pricing-fixture.ts';
import { cartOf, openPromotions, type TestPromotions } from './promotion-fixture.ts';

/** What a cart costs, through the graph: as the router asks for it. */

let shop: TestPromotions;
let listCode: string;
beforeAll(async () => {
  shop = await openPromotions();
  listCode = await shop.list();
});
afterAll(() => shop.stop());

const eur = (amountMinor: number) => ({ amountMinor, currency: 'EUR' });
const buyer = () => customer() as Extract<Viewer, { id: string }>;
const guest = (): Extract<Viewer, { id: string }> => ({ kind: 'guest', id: randomUUID(), scopes: new Set() });

describe('a quote', () => {
  test('says what is paid for each line and for all, and why', async () => {
    const shoe = await shop.priced(listCode, { amountMinor: 1_999, compareAtMinor: 2_499 });
    const lace = await shop.priced(listCode, 299);
    await shop.promotion({ percentOff: { basisPoints: 1_000 } }, { name: 'Spring', variantIds: [shoe.id] });
    const me = buyer();
    const cart = cartOf(me, [
      [lace.id, 1],
      [shoe.id, 2],
      [randomUUID(), 3],
    ]);
    const quote = await shop.quote(cart, me);
    expect(quote.lines).toMatchObject([
      { lineId: 'line-0', unitPrice: eur(299), adjustments: [], total: eur(299), isAvailable: true },
      {
        ...{ variantId: shoe.id, unitPrice: eur(1_999), listPrice: eur(2_499), subtotal: eur(3_998) },
        adjustments: [{ label: 'Spring', amount: eur(-400), reason: '10 % off.', code: 'PROMOTION' }],
        ...{ discount: eur(400), total: eur(3_598) },
      },
      { quantity: 3, isAvailable: false, unitPrice: null, total: eur(0) },
    ]);
    expect(quote).toMatchObject({
      ...{ subtotal: eur(4_297), discount: eur(400), total: eur(3_897), currency: 'EUR', shipping: eur(0) },
      adjustments: [{ label: 'Spring', amount: eur(-400) }],
    });
  });

  test('takes the same number of statements for one cart as for fifty', async () => {
    const variants = await Promise.all([1, 2, 3].map((euros) => shop.priced(listCode, euros * 100)));
    const code = await shop.couponCode();
    const carts = Array.from({ length: 50 }, () =>
      cartOf(
        buyer(),
        variants.map(({ id }) => [id, 1] as const),
        { couponCodes: [code] },
      ),
    );
    const support = staff('cart:read');
    const one = await shop.quotes(carts.slice(0, 1), support);
    const all = await shop.quotes(carts, support);
    expect(all.quotes.map(({ total }: Answer) => total.amountMinor)).toEqual(Array(50).fill(540));
    expect([one.statements, all.statements]).toEqual([7, 7]);
  });

  test('has prices of the customer’s own group, of the pieces of all lines together', async () => {
    const groupCode = `G${randomUUID().slice(0, 8).toUpperCase()}`;
    const me = buyer();
    await shop.db.execute(sql`insert into customer_groups (group_code, name) values (${groupCode}, 'Trade')`);
    await shop.db.execute(
      sql`insert into customer_group_members (customer_id, group_code) values (${me.id}, ${groupCode})`,
    );
    const trade = await shop.list({ customerGroup: groupCode, includesTax: false });
    const { id, sku } = await shop.priced(listCode, 1_000);
    const written = {
      listCode: trade,
      lines: [
        { sku, amountMinor: 700 },
        { sku, amountMinor: 500, minQuantity: 4 },
      ],
    };
    await shop.execute(
      'mutation ($input: PricesSetInput!) { pricesSet(input: $input) { __typename } }',
      { input: { idempotencyKey: randomUUID(), ...written } },
      staff('price:write'),
    );
    const lines = [
      [id, 3],
      [id, 1],
    ] as const;
    expect((await shop.quote(cartOf(me, lines), me)).subtotal).toEqual(eur(2_000));
    const other = buyer();
    expect((await shop.quote(cartOf(other, lines), other)).subtotal).toEqual(eur(4_000));
  });

  test('has the taxes of its region, none for who is exempt there', async () => {
    await shop.db.execute(sql`insert into tax_rates (region, category, name, valid_from, rate_millionths) values
      ('FR', 'standard', 'TVA', now() - interval '2 days', 196000),
      ('FR', 'standard', 'TVA', now() - interval '1 day', 200000),
      ('FR', 'standard', 'TVA', now() + interval '1 day', 210000)`);
    const { id } = await shop.priced(listCode, 1_200);
    const me = buyer();
    const cart = cartOf(me, [[id, 1]], { region: 'FR' });
    expect(await shop.quote(cart, me)).toMatchObject({
      ...{ total: eur(1_200), tax: eur(200), taxExemption: null },
      taxes: [{ name: 'TVA', rateMillionths: 200_000, taxable: eur(1_000), amount: eur(200) }],
    });
    await shop.db.execute(
      sql`insert into tax_exemptions (customer_id, region, reason) values (${me.id}, 'FR', 'Reverse charge.')`,
    );
    expect(await shop.quote(cart, me)).toMatchObject({
      ...{ total: eur(1_000), tax: eur(0), taxExemption: 'Reverse charge.' },
    });
  });

  test('in a state has the taxes of its country and its own, and what is said of the country holds there', async () => {
    await shop.db.execute(sql`insert into tax_rates (region, subdivision, category, name, valid_from, rate_millionths) values
      ('CA', '', 'standard', 'GST', now() - interval '1 day', 50000),
      ('CA', 'QC', 'standard', 'QST', now() - interval '1 day', 99750),
      ('CA', 'QC', 'standard', 'QST', now() + interval '5 minutes', 100000)`);
    const net = await shop.list({ regions: ['CA'], includesTax: false });
    const { id, sku } = await shop.priced(net, 1_000);
    const quebec = await shop.list({ regions: ['CA-QC'], includesTax: false });
    await shop.execute(
      'mutation ($input: PricesSetInput!) { pricesSet(input: $input) { __typename } }',
      { input: { idempotencyKey: randomUUID(), listCode: quebec, lines: [{ sku, amountMinor: 900 }] } },
      staff('price:write'),
    );
    await shop.promotion(
      { amountOff: { amounts: [eur(100)] } },
      { variantIds: [id], conditions: { regions: ['CA'] } },
    );
    const me = buyer();
    const quoteIn = (region: string) => shop.quote(cartOf(me, [[id, 1]], { region }), me);
    expect(await quoteIn('CA-ON')).toMatchObject({ total: eur(945), taxes: [{ name: 'GST' }] });
    const inQuebec = await quoteIn('CA-QC');
    expect(inQuebec).toMatchObject({
      ...{ subtotal: eur(900), total: eur(920) },
      taxes: [
        { name: 'GST', amount: eur(40) },
        { name: 'QST', amount: eur(80) },
      ],
    });
    // It ends with the rate it rests on.
    const lastsMs = Date.parse(inQuebec.expiresAt) - Date.parse(inQuebec.at);
    expect(lastsMs).toBeLessThanOrEqual(5 * 60_000);
    await shop.db.execute(
      sql`insert into tax_exemptions (customer_id, region, reason) values (${me.id}, 'CA', 'A band’s member.')`,
    );
    expect(await quoteIn('CA-QC')).toMatchObject({ total: eur(800), tax: eur(0) });
  });

  test('is seen by the owner of the cart and by who may read carts: for others there is no such cart', async () => {
    const { id } = await shop.priced(listCode, 100);
    const me = buyer();
    const cart = cartOf(me, [[id, 1]]);
    const seenBy = async (viewer: Viewer) => (await shop.quotes([cart], viewer)).data._entities[0] !== null;
    for (const viewer of [me, staff('cart:read')]) expect(await seenBy(viewer)).toBe(true);
    const asGuest: Viewer = { kind: 'guest', id: me.id, scopes: new Set() };
    for (const viewer of [anonymous, buyer(), guest(), asGuest, staff('promotion:write')])
      expect(await seenBy(viewer)).toBe(false);
  });

  test.each([
    ['a negative quantity', { lines: [{ id: 'l', variantId: randomUUID(), quantity: -1 }] }],
    ['half a piece', { lines: [{ id: 'l', variantId: randomUUID(), quantity: 0.5 }] }],
    ['2⁵³ pieces', { lines: [{ id: 'l', variantId: randomUUID(), quantity: 2 ** 53 }] }],
    [
      '10,000 lines',
      { lines: Array.from({ length: 10_000 }, () => ({ id: 'l', variantId: randomUUID(), quantity: 1 })) },
    ],
    ['one line twice', { lines: Array(2).fill({ id: 'l', variantId: randomUUID(), quantity: 1 }) }],
    ['a currency that is none', { currency: 'XXL' }],
    ['11 codes', { couponCodes: Array(11).fill('A') }],
  ])('of %s is refused', async (_what, more) => {
    const me = buyer();
    const { errors } = await shop.quotes([cartOf(me, [], more)], me);
    expect(errors?.[0].extensions.code).toBe('BAD_USER_INPUT');
  });
});

describe('what a buyer makes up', () => {
  test('of prices, discounts and totals changes nothing: they are looked up again', async () => {
    const { id } = await shop.priced(listCode, 1_999);
    const me = guest();
    const cart = cartOf(me, [[id, 2]]);
    const free = eur(0);
    const forged = {
      ...cart,
      ...{ subtotal: free, discount: eur(999_999), total: free, tax: free, prices: { [id]: free } },
      quote: { total: free, token: 'forged' },
      promotions: [{ action: { kind: 'PERCENT_OFF', basisPoints: 10_000 } }],
      ...{ customerGroup: 'TRADE', taxExemption: 'I say so.', pointsToUse: 1_000_000 },
      lines: (cart['lines'] as object[]).map((line) => ({
        ...{ ...line, unitPrice: free, price: 0, unit: free, total: free, includesTax: false },
      })),
    };
    const seen = ({ at: _at, expiresAt: _until, token: _token, ...said }: Answer) => said;
    expect(seen(await shop.quote(forged, me))).toEqual(seen(await shop.quote(cart, me)));
  });

  test.each([
    ['a currency in small letters', { currency: 'eur' }],
    ['a currency beside another', { currency: ['EUR', 'JPY'] }],
    ['no currency', { currency: null }],
    ['a region that is none', { region: 'D' }],
    ['a state that is none', { region: 'US-XX' }],
    ['an owner of a kind that buys nothing', { ownerKind: 'service' }],
    ['a quantity as text', { lines: [{ id: 'l', variantId: randomUUID(), quantity: '1' }] }],
  ])('of %s is refused', async (_what, more) => {
    const me = guest();
    const { errors } = await shop.quotes([cartOf(me, [], more)], staff('cart:read'));
    expect(errors?.[0].extensions.code).toBe('BAD_USER_INPUT');
  });

  test('of a weaker currency costs what the shop converts it to, or nothing is sold in it', async () => {
    const { id } = await shop.priced(listCode, 1_000);
    const me = guest();
    const inYen = await shop.quote(cartOf(me, [[id, 1]], { currency: 'JPY' }), me);
    expect(inYen.lines).toMatchObject([{ isAvailable: false, unitPrice: null }]);
    expect(inYen.total).toEqual({ amountMinor: 0, currency: 'JPY' });
  });
});

test('a cart that comes to more than can be exact has no quote, and keeps nobody else from theirs', async () => {
  const dearest = await Promise.all([1, 2].map(() => shop.priced(listCode, 1_000_000_000_000)));
  const me = guest();
  const lines = dearest.map(({ id }) => [id, 9_000] as const);
  const carts = [cartOf(me, lines), cartOf(me, lines.slice(1))];
  const { quotes, errors } = await shop.quotes(carts, me);
  expect(errors).toMatchObject([{ path: ['_entities', 0, 'quote'], extensions: { code: 'BAD_USER_INPUT' } }]);
  expect(quotes).toMatchObject([null, { total: eur(9_000_000_000_000_000) }]);
});

describe('a quote’s token', () => {
  const check = (token: string, viewer: Viewer = cartService) =>
    shop.execute(
      `query ($token: String!) { quoteCheck(token: $token) { cartId region total { amountMinor currency }
        fingerprint isExpired lines { variantId quantity unitPrice { amountMinor } total { amountMinor } } } }`,
      { token },
      viewer,
    );

  test('tells checkout what the customer saw, and whether that still holds', async () => {
    const { id } = await shop.priced(listCode, 100);
    const me = guest();
    const cart = cartOf(me, [[id, 3]]);
    const [first, second] = [await shop.quote(cart, me), await shop.quote(cart, me)];
    const { quoteCheck: seen } = (await check(first.token)).data;
    expect(seen).toMatchObject({
      ...{ cartId: cart.id, region: 'DE', total: eur(300), isExpired: false },
      lines: [{ variantId: id, quantity: 3, unitPrice: { amountMinor: 100 }, total: { amountMinor: 300 } }],
    });
    expect((await check(second.token)).data.quoteCheck.fingerprint).toBe(seen.fingerprint);
    await shop.db.execute(sql`update prices set amount_minor = 101 where variant_id = ${id}`);
    const dearer = await shop.quote(cart, me);
    expect((await check(dearer.token)).data.quoteCheck.fingerprint).not.toBe(seen.fingerprint);
  });

  test('ends by the clock it was made by, though this process’s is wrong by minutes', async () => {
    const me = guest();
    const { token } = await shop.quote(cartOf(me, []), me);
    const now = Date.now;
    Date.now = () => now() + 20 * 60_000;
    try {
      expect((await check(token)).data.quoteCheck.isExpired).toBe(false);
    } finally {
      Date.now = now;
    }
  });

  test('of somebody else’s making says nothing, and only services may ask', async () => {
    expect((await check('first.e30.AAAA')).data.quoteCheck).toBeNull();
    const { errors } = await check('first.e30.AAAA', staff('promotion:write'));
    expect(errors?.[0].extensions.code).toBe('FORBIDDEN');
  });
});
