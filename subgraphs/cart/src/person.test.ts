import { key } from '@storegraph/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, customer, guest, openCarts, type TestCarts } from './cart-fixture.ts';

const redisUrl = process.env['REDIS_URL'];
const places = [{ name: 'Postgres' }, ...(redisUrl ? [{ name: 'Redis', redisUrl }] : [])];

describe.each(places)('a person, carts in $name', (options) => {
  let shop: TestCarts;
  beforeAll(async () => {
    shop = await openCarts(options);
  });
  afterAll(() => shop.stop());

  const account = { kind: 'service', id: 'account', scopes: new Set<string>() } as const;
  const readDocument = 'query ($id: ID!) { personalData(ownerId: $id) { items content } }';
  const eraseDocument = `mutation ($input: PersonalDataEraseInput!) { personalDataErase(input: $input) {
  __typename ... on PersonalDataErased { items kept { what } } ... on InvalidInput { problems { path } } } }`;

  const read = async (id: string) => (await shop.ask(account, readDocument, { id })).personalData;
  const erase = async (ownerId: string, idempotencyKey = key()) =>
    (await shop.ask(account, eraseDocument, { input: { idempotencyKey, ownerId } })).personalDataErase;

  test('a customer’s carts, and those of the guests they were, are told and then gone; nobody else’s are', async () => {
    const [me, was, other] = [customer(), guest(), customer()];
    const variantId = await shop.variant();
    for (const viewer of [me, was, other]) await shop.add(viewer, variantId, 2);
    await shop.change(me, 'cartNoteSet', { note: 'Ring twice, Zoë 😀' });
    await shop.signIn(me, was);
    // Another guest they were, of whom the token alone told.
    const before = guest();
    await shop.add(before, variantId, 2);
    await shop.change(me, 'cartMerge', { guestToken: await shop.tokenOf(before) });

    const { items, content } = await read(me.id);
    expect(items).toBe(3);
    const { carts } = JSON.parse(content);
    expect(carts[0]).toMatchObject({
      as: 'customer',
      note: 'Ring twice, Zoë 😀',
      lines: [{ variantId, quantity: 2 }],
    });
    // What was taken over is in the customer's cart, and nowhere else.
    const guests = carts.slice(1).map(({ as, lines }: Answer) => [as, lines.length]);
    expect(guests.sort()).toEqual([
      ['guest', 0],
      ['guest', 1],
    ]);

    const input = key();
    for (let call = 0; call < 2; call += 1) {
      expect(await erase(me.id, input)).toEqual({ __typename: 'PersonalDataErased', items: 3, kept: [] });
    }
    expect(await erase(me.id)).toMatchObject({ items: 0 });
    expect(await read(me.id)).toMatchObject({ items: 0 });
    expect([await shop.cartOf(me), await shop.cartOf(was)]).toEqual([null, null]);
    expect((await shop.cartOf(other)).lines).toHaveLength(1);
    // Whoever still has a token begins anew, whatever this process remembers of the cart that is gone.
    await shop.add(me, variantId, 1);
    expect(await shop.cartOf(me)).toMatchObject({ note: null, lines: [{ quantity: 1 }] });
    expect(await shop.broken()).toEqual({});
  });

  test('services of the shop alone may ask, by a key that is one', async () => {
    const me = customer();
    const input = { idempotencyKey: key(), ownerId: me.id };
    for (const viewer of [me, guest(), { kind: 'anonymous' } as const]) {
      for (const [document, variables] of [
        [readDocument, { id: me.id }],
        [eraseDocument, { input }],
      ] as const) {
        expect((await shop.execute(document, variables, viewer)).errors?.[0].extensions.code).toBe(
          'FORBIDDEN',
        );
      }
    }
    expect(await erase(me.id, 'short')).toMatchObject({ __typename: 'InvalidInput' });
  });
});
