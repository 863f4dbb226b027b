import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, customer, guest, openCarts, type TestCarts } from './cart-fixture.ts';

const redisUrl = process.env['REDIS_URL'];
const places = [{ name: 'Postgres' }, ...(redisUrl ? [{ name: 'Redis', redisUrl }] : [])];

const follows =
  'subscription ($after: String) { cartChanged(after: $after) { cursor cart { version totalQuantity } } }';

describe.each(places)('cartChanged, carts in $name', (options) => {
  let shop: TestCarts;
  let variantId: string;
  beforeAll(async () => {
    shop = await openCarts(options);
    variantId = await shop.variant();
  });
  afterAll(() => shop.stop());

  const follow = (me: ReturnType<typeof guest>, after: string | null = null) =>
    shop.subscribe(follows, { after }, me);
  const next = async (stream: Awaited<ReturnType<typeof follow>>): Promise<Answer> => {
    const { value } = await stream.next();
    if (value.errors) throw new Error(value.errors[0].message);
    return value.data.cartChanged;
  };

  test('begins with the cart as it is, and tells what another device does', async () => {
    const me = guest();
    const stream = await follow(me);
    expect(await next(stream)).toEqual({ cursor: '0', cart: null });
    const told = next(stream);
    await shop.add(me, variantId, 2);
    expect(await told).toMatchObject({ cart: { version: 1, totalQuantity: 2 } });
    await stream.return?.();
  });

  test('tells nothing to who has seen it all, and what was missed to who was away', async () => {
    const me = customer();
    await shop.add(me, variantId);
    const first = await follow(me);
    const { cursor } = await next(first);
    await first.return?.();
    await shop.add(me, variantId);
    await shop.add(me, variantId);
    const second = await follow(me, cursor);
    const missed = await next(second);
    expect(missed).toMatchObject({ cart: { version: 3, totalQuantity: 3 } });
    await second.return?.();
    const third = await follow(me, missed.cursor);
    const told = next(third);
    await shop.add(me, variantId);
    expect(await told).toMatchObject({ cart: { version: 4 } });
    await third.return?.();
  });

  test('tells what another process has written, which has found everything that was there', async () => {
    const me = customer();
    await shop.add(me, variantId, 2);
    const stream = await follow(me);
    await next(stream);
    const another = await shop.another();
    try {
      const told = next(stream);
      expect(await another.change(me, 'cartLineAdd', { variantId, quantity: 3 })).toMatchObject({
        cart: { version: 2, totalQuantity: 5 },
      });
      expect(await told).toMatchObject({ cart: { version: 2, totalQuantity: 5 } });
      // What this process remembers is old now: it is not written over what the other one wrote.
      expect((await shop.add(me, variantId, 4)).cart).toMatchObject({ version: 3, totalQuantity: 9 });
    } finally {
      await another.stop();
    }
    await stream.return?.();
  });

  test('tells a guest that the cart is gone once the customer has it', async () => {
    const [me, before] = [customer(), guest()];
    await shop.add(before, variantId);
    const stream = await follow(before);
    await next(stream);
    const told = next(stream);
    await shop.change(me, 'cartMerge', { guestToken: await shop.tokenOf(before) });
    expect(await told).toEqual({ cursor: '0', cart: null });
    await stream.return?.();
  });

  test('tells nobody of another’s cart, joins what comes at once, and ends with the last state', async () => {
    const [me, other] = [guest(), guest()];
    const [mine, others] = [await follow(me), await follow(other)];
    await Promise.all([next(mine), next(others)]);
    let last: Answer = null;
    const all = (async () => {
      while (last?.cart?.totalQuantity !== 20) last = await next(mine);
    })();
    await Promise.all(Array.from({ length: 20 }, () => shop.add(me, variantId)));
    await all;
    const nothing = others.next();
    await others.return?.();
    expect(await nothing).toMatchObject({ done: true });
    await mine.return?.();
  });

  test('refuses what is no cursor, and who has no cart', async () => {
    await expect(follow(guest(), 'x')).rejects.toThrow('no cursor');
    await expect(shop.subscribe(follows)).rejects.toThrow('token');
  });
});
