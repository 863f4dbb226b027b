import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createLog } from '@storegraph/server';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { checkInvariants } from './invariants.ts';
import { type Answer, password, peopleOf } from './people-fixture.ts';
import { type Shop, startShop } from './shop.ts';

/** A guest's cart on a phone meets a customer's on a laptop, each with a real client. */

let folder = '';
let shop: Shop;
let variantIds: readonly [string, string, string];
const closers: (() => unknown)[] = [];
const people = peopleOf(() => shop.url);

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'storegraph-journey-')), 'home');
  shop = await startShop({ folder, port: 0, products: 12, log: createLog(() => {}) });
  const query = '{ products(first: 3) { nodes { variants { id } } } }';
  const { data } = await people.ask(query);
  variantIds = data.products.nodes.map(({ variants: [{ id }] }: Answer) => id);
}, 120_000);
afterAll(async () => {
  for (const close of closers) await close();
  await shop.stop();
  await rm(join(folder, '..'), { recursive: true, force: true });
});

/** A device somebody is signed in on, or a guest's. */
const createDevice = (token: string) => {
  const headers = { authorization: `Bearer ${token}` };
  const sockets = createClient({
    url: `${shop.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: headers,
  });
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.split(
      ({ operationType }) => String(operationType) === 'subscription',
      new GraphQLWsLink(sockets),
      new HttpLink({ uri: `${shop.url}/graphql`, headers }),
    ),
    defaultOptions: { query: { fetchPolicy: 'no-cache' }, mutate: { fetchPolicy: 'no-cache' } },
  });
  closers.push(
    () => client.stop(),
    () => sockets.dispose(),
  );
  const mutate = async (name: string, input: object, fields = ''): Promise<Answer> => {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
    const mutation = gql(`mutation ($input: ${type}!) { ${name}(input: $input) { __typename ${fields} } }`);
    const idempotencyKey = `key-${crypto.randomUUID()}`;
    const { data } = await client.mutate<Answer>({
      mutation,
      variables: { input: { idempotencyKey, ...input } },
    });
    return data[name];
  };
  const look = async (fields: string): Promise<Answer> =>
    (await client.query<Answer>({ query: gql(`{ cart { id ${fields} } }`) })).data.cart;
  return { client, mutate, look };
};

const money = '{ amountMinor currency }';
const quantitiesOf = ({ lines }: Answer): Record<string, number> =>
  Object.fromEntries(lines.map(({ variantId, quantity }: Answer) => [variantId, quantity]));

test('two carts become one, with every difference settled by their customer', async () => {
  const [tent, lamp, boot] = variantIds;
  const guestToken = await people.becomeGuest();
  const phone = createDevice(guestToken);
  const market = { region: 'DE', currency: 'EUR' };
  await phone.mutate('cartLineAdd', { variantId: tent, quantity: 2, ...market });
  await phone.mutate('cartLineAdd', { variantId: lamp });

  const laptop = createDevice(await people.signUp('ada@example.com'));
  await laptop.mutate('cartLineAdd', { variantId: tent, ...market });
  await laptop.mutate('cartLineAdd', { variantId: boot, quantity: 3 });
  const seen: Answer[] = [];
  const query = gql('subscription { cartChanged { cursor cart { id lines { variantId quantity } } } }');
  const following = laptop.client
    .subscribe<Answer>({ query, fetchPolicy: 'no-cache' })
    .subscribe(({ data }) => seen.push(data?.cartChanged.cart));
  closers.push(() => following.unsubscribe());
  await vi.waitFor(() => expect(seen.length).toBeGreaterThan(0), { timeout: 20_000 });

  const signedIn = await phone.mutate(
    'signIn',
    { email: 'ada@example.com', password },
    '... on SignedIn { tokens { accessToken } }',
  );
  const signedInPhone = createDevice(signedIn.tokens.accessToken);
  const conflicts = 'conflicts { __typename ... on CartQuantityDiffers { id mine guests choices } }';
  const merged = await signedInPhone.mutate(
    'cartMerge',
    { guestToken },
    `... on CartMerged { cart { lines { variantId quantity } } ${conflicts} }`,
  );
  expect(quantitiesOf(merged.cart)).toEqual({ [tent]: 2, [boot]: 3, [lamp]: 1 });
  expect(merged.conflicts).toMatchObject([{ __typename: 'CartQuantityDiffers', mine: 1, guests: 2 }]);

  const again = await signedInPhone.mutate(
    'cartMerge',
    { guestToken },
    `... on CartMerged { cart { lines { variantId quantity } } ${conflicts} }`,
  );
  expect(again).toEqual(merged);

  const [{ id: conflictId }] = merged.conflicts;
  await signedInPhone.mutate('cartConflictSettle', { conflictId, choice: 'ADD_UP' });
  const whole = { [tent]: 3, [boot]: 3, [lamp]: 1 };
  expect(quantitiesOf(await signedInPhone.look('lines { variantId quantity }'))).toEqual(whole);
  // The other device has followed.
  await vi.waitFor(() => expect(quantitiesOf(seen.at(-1))).toEqual(whole), { timeout: 20_000 });
});

test('prices come in two currencies, and a coupon takes its tenth', async () => {
  const device = createDevice(await people.signUp('grace@example.com'));
  const [tent] = variantIds;
  await device.mutate('cartLineAdd', { variantId: tent, quantity: 2, region: 'DE', currency: 'EUR' });
  const quote = `quote { currency subtotal ${money} discount ${money} total ${money} coupons { code state } adjustments { label amount ${money} reason } }`;
  const inEuro = (await device.look(quote)).quote;
  await device.mutate('cartMarketSet', { region: 'US', currency: 'USD' });
  const inDollars = (await device.look(quote)).quote;
  expect([inEuro.currency, inDollars.currency]).toEqual(['EUR', 'USD']);
  expect(inDollars.subtotal.amountMinor).not.toBe(inEuro.subtotal.amountMinor);

  await device.mutate('cartCouponAdd', { code: 'welcome10' });
  const reduced = (await device.look(quote)).quote;
  expect(reduced.coupons).toMatchObject([{ code: 'WELCOME10', state: 'COUNTS' }]);
  expect(reduced.discount.amountMinor).toBe(Math.round(reduced.subtotal.amountMinor / 10));
  expect(reduced.adjustments[0].reason).toContain('WELCOME10');
});

test('the data keep their invariants', async () => {
  const findings = await checkInvariants(shop.postgresUrl);
  expect(findings.filter(({ rows }) => rows.length > 0)).toEqual([]);
});
