import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { countOutcomes, createProcesses } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Job } from './coupon-process-fixture.ts';
import { openPromotions, type TestPromotions } from './promotion-fixture.ts';

/** Real processes over one database: the row lock and the CHECK decide how often a coupon is used. */

let shop: TestPromotions;
beforeAll(async () => {
  shop = await openPromotions();
});
afterAll(() => shop.stop());

const processes = createProcesses<Job>(new URL('./coupon-process-fixture.ts', import.meta.url));
const startProcess = () => processes.start(shop.url);
afterEach(processes.stop);

const checkouts = (count: number) => Array.from({ length: count }, () => randomUUID());
const outcomesOf = (those: Parameters<typeof countOutcomes>[0]) =>
  countOutcomes(those, 'CouponsRedeemed', 'CouponsRefused');
const usesOf = async (code: string) => {
  const [row] = await shop.db.execute(sql`select uses from coupons where code = ${code}`);
  return row?.['uses'];
};

test('1,000 buyers in four processes use a coupon with 100 uses: exactly 100 of them', async () => {
  const code = await shop.couponCode({ maxUses: 100 });
  const buyers = await Promise.all([1, 2, 3, 4].map(startProcess));
  await Promise.all(buyers.map(({ work }) => work({ kind: 'redeem', code, checkoutIds: checkouts(250) })));
  expect(outcomesOf(buyers)).toEqual({ CouponsRedeemed: 100, CouponsRefused: 900 });
  expect(await usesOf(code)).toBe(100);
  expect(await shop.broken()).toEqual({});
});

test('checkouts that are used up and given up by two processes at once leave nothing used', async () => {
  const code = await shop.couponCode({ maxUses: 500 });
  const [buyer, quitter] = await Promise.all([startProcess(), startProcess()]);
  const checkoutIds = checkouts(200);
  await Promise.all([
    buyer.work({ kind: 'redeem', code, checkoutIds }),
    quitter.work({ kind: 'release', code, checkoutIds: [...checkoutIds].reverse() }),
  ]);
  expect(await usesOf(code)).toBe(0);
  expect(await shop.broken()).toEqual({});
});

test('what four processes give back, each of them twice, four processes use again, to the last', async () => {
  const code = await shop.couponCode({ maxUses: 40 });
  const four = await Promise.all([1, 2, 3, 4].map(startProcess));
  const workAll = (kind: Job['kind'], idsOf: (place: number) => string[]) =>
    Promise.all(four.map(({ work }, place) => work({ kind, code, checkoutIds: idsOf(place) })));
  const first = checkouts(60);
  // Every checkout is repeated by every process.
  await workAll('redeem', () => first);
  expect(await usesOf(code)).toBe(40);
  for (const { answers } of four) expect(answers).toEqual(four[0]?.answers);
  await workAll('release', (place) => (place % 2 === 0 ? first : [...first].reverse()));
  expect(await usesOf(code)).toBe(0);
  for (const { answers } of four) answers.clear();
  await workAll('redeem', () => checkouts(30));
  expect(outcomesOf(four)).toEqual({ CouponsRedeemed: 40, CouponsRefused: 80 });
  expect(await usesOf(code)).toBe(40);
  expect(await shop.broken()).toEqual({});
});

test('carts of one owner, checked out by four processes at once, use a coupon as often as one owner may', async () => {
  const code = await shop.couponCode({ maxUsesPerCustomer: 3 });
  const ownerId = randomUUID();
  const four = await Promise.all([1, 2, 3, 4].map(startProcess));
  await Promise.all(
    four.map(({ work }) => work({ kind: 'redeem', code, ownerId, checkoutIds: checkouts(10) })),
  );
  expect(outcomesOf(four)).toEqual({ CouponsRedeemed: 3, CouponsRefused: 37 });
  expect(await usesOf(code)).toBe(3);
  expect(await shop.broken()).toEqual({});
});

test('a process killed in the middle leaves every use whole, and whoever asks again gets the answer', async () => {
  const code = await shop.couponCode({ maxUses: 150 });
  const checkoutIds = checkouts(300);
  const victim = await startProcess();
  const ended = once(victim.child, 'exit');
  let heard = 0;
  const enough = victim.heard(({ kind }) => kind === 'answered' && ++heard === 60);
  void victim.work({ kind: 'redeem', code, checkoutIds });
  await enough;
  victim.child.kill('SIGKILL');
  await ended;
  expect(await shop.broken()).toEqual({});

  const heir = await startProcess();
  await heir.work({ kind: 'redeem', code, checkoutIds });
  const broken = [...victim.answers].filter(([id, outcome]) => heir.answers.get(id) !== outcome);
  expect(broken).toEqual([]);
  expect(outcomesOf([heir])).toEqual({ CouponsRedeemed: 150, CouponsRefused: 150 });
  expect(await usesOf(code)).toBe(150);
  expect(await shop.broken()).toEqual({});
});
