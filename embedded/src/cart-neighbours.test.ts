import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, type Role, signToken } from '@storegraph/server';
import { afterAll, beforeAll, expect, it } from 'vitest';
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
