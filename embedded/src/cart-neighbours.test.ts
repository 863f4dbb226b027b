import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, type Role, signToken } from '@storegraph/server';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { readKeys } from './keys.ts';
import { type Shop, startShop } from './shop.ts';

/** Carts beside the real catalogue, prices and stock: what one subgraph asks of another, in one process. */

let folder = '';
let shop: Shop;
beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'storegraph-cart-')), 'home');
  shop = await startShop({ folder, port: 0, products: 50, log: createLog(() => {}) });
});
afterAll(async () => {
  await shop.stop();
  await rm(join(folder, '..'), { recursive: true, force: true });
});

const tokenOf = async (subject: string, role: Role): Promise<string> => {
  const keys = await readKeys(folder);
  if (!keys) throw new Error('The shop has no keys.');
  return signToken(keys, { subject, role });
};

// biome-ignore lint/suspicious/noExplicitAny: an answer has the shape of its operation, which is text.
type Answer = any;

const ask = async (token: string, query: string, variables: object = {}): Promise<Answer> => {
  const response = await fetch(`${shop.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: Answer; errors?: unknown };
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
};

const change = async (token: string, mutation: string, input: object, fields: string): Promise<Answer> => {
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
  const data = await ask(
    token,
    `mutation ($input: ${type}!) { ${mutation}(input: $input) { __typename ... on UserError { message } ${fields} } }`,
    { input: { idempotencyKey: crypto.randomUUID(), ...input } },
  );
  return data[mutation];
};

const inStock = async (token: string): Promise<string[]> => {
  const { products } = await ask(
    token,
    '{ products(first: 30) { nodes { variants { id stock { available } } } } }',
  );
  return products.nodes
    .flatMap(({ variants }: { variants: { id: string; stock: { available: number } }[] }) => variants)
    .filter(({ stock }: { stock: { available: number } }) => stock.available >= 5)
    .map(({ id }: { id: string }) => id);
};

it('adds, asks what things cost, holds stock, and takes a guest’s cart over', async () => {
  const [guestId, customerId] = [crypto.randomUUID(), crypto.randomUUID()];
  const [guest, customer] = [await tokenOf(guestId, 'guest'), await tokenOf(customerId, 'customer')];
  const [variantId = ''] = await inStock(guest);
  const fields = '... on CartChanged { cart { id hold { isComplete } lines { seenPrice { currency } } } }';

  const added = await change(guest, 'cartLineAdd', { variantId, quantity: 2 }, fields);
  expect(added).toMatchObject({ __typename: 'CartChanged', cart: { hold: null } });
  const { cart } = await ask(
    guest,
    '{ cart { changesMark changes { __typename } lines { variant { id sku } } } }',
  );
  expect(cart).toMatchObject({ changes: [], lines: [{ variant: { id: variantId } }] });
  const seen = await change(guest, 'cartSeen', { mark: cart.changesMark }, fields);
  expect(seen.cart.lines).toEqual([{ seenPrice: { currency: 'EUR' } }]);

  const held = await change(guest, 'cartHold', {}, fields);
  expect(held.cart.hold).toEqual({ isComplete: true });
  await change(customer, 'cartLineAdd', { variantId, quantity: 1 }, fields);
  const merged = await change(
    customer,
    'cartMerge',
    { guestToken: guest },
    '... on CartMerged { cart { totalQuantity } conflicts { ... on CartQuantityDiffers { mine guests } } }',
  );
  expect(merged).toMatchObject({ cart: { totalQuantity: 2 }, conflicts: [{ mine: 1, guests: 2 }] });
  expect(await ask(guest, '{ cart { id } }')).toEqual({ cart: null });
  expect(await ask(guest, 'query ($id: ID!) { cart(id: $id) { id } }', { id: added.cart.id })).toEqual({
    cart: null,
  });
});

const conflictFields = `conflicts { __typename
  ... on CartQuantityDiffers { id mine guests } ... on CartPriceDiffers { id was { amountMinor } now { amountMinor } }
  ... on CartStockShort { id wanted available } ... on CartVariantGone { id quantity }
  ... on CartCouponLost { id code reason } }`;

it('finds every difference of two carts by the real prices, stock, catalogue and coupons, and settles each', async () => {
  const [guest, me] = [
    await tokenOf(crypto.randomUUID(), 'guest'),
    await tokenOf(crypto.randomUUID(), 'customer'),
  ];
  const staff = await tokenOf('eva', 'merchandiser');
  const [, both = '', dearer = '', gone = '', scarce = ''] = await inStock(guest);
  for (const [variantId, quantity] of [
    [both, 3],
    [dearer, 1],
    [gone, 1],
    [scarce, 999],
  ] as const)
    await change(guest, 'cartLineAdd', { variantId, quantity, region: 'DE', currency: 'EUR' }, '');
  for (const code of ['SUMMER5', 'WELCOME10']) await change(guest, 'cartCouponAdd', { code }, '');
  const shown = await ask(
    guest,
    '{ cart { changesMark lines { variantId variant { sku } seenPrice { amountMinor } } } }',
  );
  await change(guest, 'cartSeen', { mark: shown.cart.changesMark }, '');
  await change(me, 'cartLineAdd', { variantId: both, quantity: 1, region: 'DE', currency: 'EUR' }, '');

  const { sku } = shown.cart.lines.find((line: Answer) => line.variantId === dearer).variant;
  const lines = [{ sku, amountMinor: 7_777_777 }];
  expect(await change(staff, 'pricesSet', { listCode: 'RETAIL', lines }, '')).toMatchObject({
    __typename: 'PricesSet',
  });
  await change(staff, 'variantRemove', { variantId: gone }, '');
  await change(staff, 'couponWithdraw', { code: 'SUMMER5' }, '');
  const other = await tokenOf(crypto.randomUUID(), 'guest');
  await vi.waitFor(
    async () =>
      expect((await change(other, 'cartLineAdd', { variantId: gone }, '')).__typename).toBe(
        'VariantUnavailable',
      ),
    { timeout: 20_000 },
  );

  const taken = `... on CartMerged { cart { couponCodes lines { variantId quantity } ${conflictFields} } }`;
  const { cart } = await change(me, 'cartMerge', { guestToken: guest }, taken);
  expect(cart.couponCodes).toEqual(['WELCOME10']);
  expect(cart.conflicts).toMatchObject([
    { __typename: 'CartQuantityDiffers', mine: 1, guests: 3 },
    { __typename: 'CartPriceDiffers', now: { amountMinor: expect.anything() } },
    { __typename: 'CartVariantGone', quantity: 1 },
    { __typename: 'CartStockShort', wanted: 999 },
    { __typename: 'CartCouponLost', code: 'SUMMER5', reason: 'EXPIRED' },
  ]);
  const choices = ['ADD_UP', 'ACCEPT', 'SAVE_FOR_LATER', 'TAKE_AVAILABLE', 'DISMISS'];
  for (const [place, choice] of choices.entries())
    await change(me, 'cartConflictSettle', { conflictId: cart.conflicts[place].id, choice }, '');
  const left = await ask(
    me,
    '{ cart { conflicts { __typename } lines { variantId quantity } savedForLater { variantId } quote { coupons { code state } } } }',
  );
  expect(left.cart).toMatchObject({
    conflicts: [],
    lines: [
      { variantId: both, quantity: 4 },
      { variantId: dearer, quantity: 1 },
      { variantId: scarce, quantity: cart.conflicts[3].available },
    ],
    savedForLater: [{ variantId: gone }],
    quote: { coupons: [{ code: 'WELCOME10', state: 'COUNTS' }] },
  });
});

it.each([
  [60, 'rootfields', 50],
  [101, 'aliases', 100],
  [1_000, 'tokens', 5_000],
  [10_000, 'length', 100_000],
])('refuses %i adds in one operation for its %s, before any is done', async (count, limit, allowed) => {
  const token = await tokenOf(crypto.randomUUID(), 'guest');
  const [variantId = '', other = ''] = await inStock(token);
  await change(token, 'cartLineAdd', { variantId, quantity: 1 }, '');
  const before = await ask(token, '{ cart { version totalQuantity } }');
  const fields = Array.from({ length: count }, (_, place) => `a${place}:cartLineAdd(input:$i){__typename}`);
  const response = await fetch(`${shop.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      query: `mutation($i:CartLineAddInput!){${fields.join(' ')}}`,
      variables: { i: { idempotencyKey: crypto.randomUUID(), variantId: other, quantity: 1 } },
    }),
  });
  const { data, errors } = (await response.json()) as Answer;
  expect(data).toBeUndefined();
  expect(errors).toMatchObject([{ extensions: { code: 'LIMIT_EXCEEDED', limit, allowed } }]);
  expect(await ask(token, '{ cart { version totalQuantity } }')).toEqual(before);
});

it('counts what two devices add at once, however often each sends it, and keeps it when the shop starts again', async () => {
  const token = await tokenOf(crypto.randomUUID(), 'customer');
  const [variantId = ''] = await inStock(token);
  const add = (idempotencyKey: string) =>
    change(
      token,
      'cartLineAdd',
      { idempotencyKey, variantId, quantity: 2 },
      '... on CartChanged { cart { id } }',
    );
  const keys = Array.from({ length: 20 }, () => crypto.randomUUID());
  const sent = await Promise.all([...keys, ...keys.toReversed(), ...keys].map(add));
  expect(new Set(sent.map(({ cart }) => cart?.id)).size).toBe(1);
  const total = { cart: { totalQuantity: 40, version: 20 } };
  expect(await ask(token, '{ cart { totalQuantity version } }')).toEqual(total);

  await shop.stop();
  shop = await startShop({ folder, port: 0, products: 50, log: createLog(() => {}) });
  expect(await ask(token, '{ cart { totalQuantity version } }')).toEqual(total);
  for (const key of keys.slice(0, 3)) await add(key);
  expect(await ask(token, '{ cart { totalQuantity version } }')).toEqual(total);
});
