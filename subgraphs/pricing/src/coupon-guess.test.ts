import { randomUUID } from 'node:crypto';
import { transaction } from '@storegraph/postgres';
import type { Viewer } from '@storegraph/server';
import { staff } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forgetGuesses } from './guess-repository.ts';
import { type Answer, customer } from './pricing-fixture.ts';
import { cartOf, openPromotions, type TestPromotions } from './promotion-fixture.ts';

/** Who guesses codes: one customer, or one address that is a new guest for every ten of them. */

let shop: TestPromotions;
let variantId: string;
beforeAll(async () => {
  shop = await openPromotions();
  ({ id: variantId } = await shop.priced(await shop.list(), 1_000));
});
afterAll(() => shop.stop());

type Somebody = Extract<Viewer, { id: string }>;
const guest = (): Somebody => ({ kind: 'guest', id: randomUUID(), scopes: new Set() });
const buyer = () => customer() as Somebody;

const cartWith = (me: Somebody, couponCodes: readonly string[]) =>
  cartOf(me, [[variantId, 1]], { couponCodes });
const statesOf = async (codes: readonly string[], me: Somebody, address?: string): Promise<string[]> => {
  const { coupons } = await shop.quote(cartWith(me, codes), me, address);
  return coupons.map(({ state }: Answer) => state);
};
const wrongCodes = (count = 10) => Array.from({ length: count }, () => `W${randomUUID().slice(0, 8)}`);
/** Moves all that was guessed, so that no answer hangs on how fast this test runs. */
const lastGuess = (when: string) =>
  shop.db.execute(sql`update coupon_guesses set guessed_at = now() + ${when}::interval`);

/** Ten new guests of ten wrong codes each: all that is free at an address. */
const exhaust = async (addressOf: (place: number) => string) => {
  for (let place = 0; place < 10; place += 1) {
    const states = await statesOf(wrongCodes(), guest(), addressOf(place));
    expect(new Set(states)).toEqual(new Set(['UNKNOWN']));
  }
};

describe('an address that is a new guest each time', () => {
  test('may be wrong a hundred times an hour, and then waits, be a code right or wrong', async () => {
    const code = await shop.couponCode();
    const address = '203.0.113.1';
    await exhaust(() => address);
    expect(await statesOf([code], guest(), address)).toEqual(['COUNTS']);
    expect(await statesOf(wrongCodes(1), guest(), address)).toEqual(['UNKNOWN']);
    await lastGuess('1 minute');
    expect(await statesOf([code, ...wrongCodes(1)], guest(), address)).toEqual(
      Array(2).fill('TOO_MANY_TRIES'),
    );
    // Not those who are elsewhere, nor those of whom a code is known by their account, nor who looks after them.
    expect(await statesOf([code], guest(), '203.0.113.2')).toEqual(['COUNTS']);
    expect(await statesOf([code], buyer(), address)).toEqual(['COUNTS']);
    const { quotes } = await shop.quotes([cartWith(guest(), [code])], staff('cart:read'), address);
    expect(quotes).toMatchObject([{ coupons: [{ state: 'COUNTS' }] }]);
    await lastGuess('-2 seconds');
    expect(await statesOf([code], guest(), address)).toEqual(['COUNTS']);
    await statesOf(wrongCodes(1), guest(), address);
    await lastGuess('-3 seconds');
    expect(await statesOf([code], guest(), address)).toEqual(['TOO_MANY_TRIES']);
    await lastGuess('-1 hour');
    expect(await statesOf([code], guest(), address)).toEqual(['COUNTS']);
  });

  test('gains nothing by filling many carts first and looking at all of them at once', async () => {
    const code = await shop.couponCode();
    const address = '203.0.113.5';
    const all = await Promise.all(
      Array.from({ length: 60 }, () => statesOf([...wrongCodes(9), code], guest(), address)),
    );
    const looked = all.filter((states) => !states.includes('TOO_MANY_TRIES'));
    // Nine wrong ones each, and nothing is looked at any more after the hundredth.
    expect(looked.length).toBeLessThanOrEqual(12);
    for (const states of looked) expect(states).toEqual([...Array(9).fill('UNKNOWN'), 'COUNTS']);
  });

  test('is a whole /64 of IPv6, with or without its zone', async () => {
    const code = await shop.couponCode();
    await exhaust((place) => `2001:db8:0:7::${place}${place % 2 === 0 ? '' : '%eth0'}`);
    await statesOf(wrongCodes(1), guest(), '2001:DB8:0:7:ffff::1');
    await lastGuess('1 minute');
    expect(await statesOf([code], guest(), '2001:db8:0:7::99')).toEqual(['TOO_MANY_TRIES']);
    expect(await statesOf([code], guest(), '2001:db8:0:8::99')).toEqual(['COUNTS']);
  });

  test('counts one mistake of many guests once, and again an hour later', async () => {
    const address = '203.0.113.3';
    const counted = async () => {
      const [row] = await shop.db.execute<{ count: number }>(sql`
        select count(*)::integer as count from coupon_guesses
        where owner = ${`address ${address}`} and guessed_at > now() - interval '1 hour'`);
      return row?.count;
    };
    for (let look = 0; look < 5; look += 1) await statesOf(['SPRIGN'], guest(), address);
    expect(await counted()).toBe(1);
    await lastGuess('-61 minutes');
    expect(await counted()).toBe(0);
    await statesOf(['SPRIGN'], guest(), address);
    expect(await counted()).toBe(1);
  });
});

test('guesses that count no more are forgotten: an owner’s after a day, an address’s after an hour', async () => {
  const me = guest();
  const left = async () =>
    [
      ...(await shop.db.execute<{ kind: string }>(sql`
        select split_part(owner, ' ', 1) as kind from coupon_guesses
        where owner in (${`guest ${me.id}`}, 'address 203.0.113.4') order by 1`)),
    ].map(({ kind }) => kind);
  const forget = () => transaction(shop.db, forgetGuesses);
  await statesOf(wrongCodes(1), me, '203.0.113.4');
  await forget();
  expect(await left()).toEqual(['address', 'guest']);
  await lastGuess('-61 minutes');
  await forget();
  expect(await left()).toEqual(['guest']);
  await lastGuess('-25 hours');
  expect(await forget()).toBeGreaterThan(0);
  expect(await left()).toEqual([]);
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::FFFF:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80::/64'],
  ['no address', 'no address'],
  ['', ''],
])('%s stands for %s', async (address, network) => {
  const [row] = await shop.db.execute(sql`select network_of(${address}) as network`);
  expect(row).toEqual({ network });
});
