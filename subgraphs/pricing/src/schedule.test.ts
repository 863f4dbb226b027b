import type { StoredEvent } from '@storegraph/events';
import { connect } from '@storegraph/postgres';
import { isAct } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPricing, type TestPricing } from './pricing-fixture.ts';
import { tellDueChanges } from './schedule-repository.ts';
import { startTelling } from './schedule-service.ts';

/** Prices that start and end by themselves. */

let shop: TestPricing;
beforeAll(async () => {
  shop = await openPricing();
});
afterAll(() => shop.stop());

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();

/** Waits for as many facts as are named, from a place in the log on. */
const factsFrom = async (position: number, count: number): Promise<StoredEvent[]> => {
  const facts: StoredEvent[] = [];
  const enough = new AbortController();
  for await (const events of shop.log.follow(position, enough.signal)) {
    facts.push(...events);
    if (facts.length >= count) enough.abort();
  }
  return facts;
};

test('a scheduled price is told of at the second it starts and at the second it ends, once each', async () => {
  // More processes than the one that is mounted, all telling.
  const others = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const db = connect({ url: shop.url, schema: 'pricing', name: 'another process' });
      const telling = startTelling(db, (error) => expect(error).toBeUndefined());
      return { db, telling };
    }),
  );
  const listCode = await shop.list();
  const { id: variantId } = await shop.priced(listCode, 1_000);
  const [startsAt, endsAt] = [inMs(700), inMs(1_500)];
  await shop.change('priceSchedule', { listCode, variantId, amountMinor: 800, startsAt, endsAt });
  const facts = await factsFrom(await shop.log.head(), 2);
  expect(facts.map(({ type, data }) => ({ type, ...data }))).toEqual(
    Array(2).fill({ type: 'pricing.price_changed', variantId }),
  );
  for (const [at, due] of [startsAt, endsAt].entries()) {
    const lateMs = (facts[at]?.occurredAt.getTime() ?? 0) - Date.parse(due);
    expect(lateMs).toBeGreaterThanOrEqual(0);
  }
  for (const { db, telling } of others) {
    await telling.stop();
    await db.close();
  }
  expect(await shop.log.read(facts.at(-1)?.sequence ?? 0, 10)).toEqual([]);
});

test('a read at its second has the scheduled price, whether or not it was told of yet', async () => {
  const listCode = await shop.list();
  const { id: variantId } = await shop.priced(listCode, 1_000);
  await shop.change('priceSchedule', { listCode, variantId, amountMinor: 800, startsAt: inMs(-1) });
  expect((await shop.prices([variantId])).prices).toMatchObject([
    { amount: { amountMinor: 800 }, isScheduled: true, nextChangeAt: null },
  ]);
});

test('an answer says for how long it holds, also where there is no price yet', async () => {
  const listCode = await shop.list();
  const [variant] = await shop.variants();
  const { id: variantId = '' } = variant ?? {};
  const startsAt = inMs(60_000);
  await shop.change('priceSchedule', { listCode, variantId, amountMinor: 800, startsAt });
  const { prices, extensions } = await shop.prices([variantId]);
  expect(prices).toEqual([null]);
  expect(extensions['holdsForMs']).toBeGreaterThan(0);
  expect(extensions['holdsForMs']).toBeLessThanOrEqual(60_000);
});

/** Lets everything that is due be told, and answers the facts. Time is turned back, so that nothing is waited for. */
const toldAgain = async (most: number) => {
  const before = await shop.log.head();
  await shop.db.execute(sql`update told_changes set told_until = now() - interval '1 hour'`);
  const { told } = await tellDueChanges(shop.db, most);
  const facts = await shop.log.read(before, 100);
  return { told, facts: facts.map(({ type, data }) => ({ type, ...data })) };
};

test('two that touch, and one inside another, are told of once at each instant, and leave no gap', async () => {
  await shop.db.execute(sql`truncate prices, exchange_rates`);
  const listCode = await shop.list();
  const { id: variantId } = await shop.priced(listCode, 1_000);
  const minutes = (count: number) => inMs(count * 60_000);
  const schedule = (amountMinor: number, from: number, to: number) =>
    shop.change('priceSchedule', {
      ...{ listCode, variantId, amountMinor, startsAt: minutes(from), endsAt: minutes(to) },
    });
  await schedule(900, -50, 50);
  await schedule(700, -30, -20);
  await schedule(600, -20, -10);
  await schedule(500, -10, 10);
  const instants = [-50, -30, -20, -10, 10, 50];
  const dueBetween = async (from: number, to: number) => [
    ...(await shop.db.execute(sql`
      select distinct variant_id as id from changes_between(${minutes(from)}, ${minutes(to)})`)),
  ];
  for (const instant of instants) {
    expect(await dueBetween(instant - 1, instant + 1)).toEqual([{ id: variantId }]);
    expect(await dueBetween(instant + 1, instant + 2)).toEqual([]);
  }
  // Many changes of one variant at once are one fact: its entries are dropped once.
  expect((await toldAgain(10)).facts).toEqual([{ type: 'pricing.price_changed', variantId }]);
  expect((await shop.prices([variantId])).prices).toMatchObject([{ amount: { amountMinor: 500 } }]);
});

test('one that is removed while it is due is told of as removed, and the price before it is back', async () => {
  await shop.db.execute(sql`truncate prices, exchange_rates`);
  const listCode = await shop.list();
  const { id: variantId, sku } = await shop.priced(listCode, 1_000);
  const startsAt = inMs(-60_000);
  await shop.change('priceSchedule', {
    listCode,
    variantId,
    amountMinor: 800,
    startsAt,
    endsAt: inMs(60_000),
  });
  const readMinor = async () => (await shop.prices([variantId])).prices[0].amount.amountMinor;
  expect(await readMinor()).toBe(800);
  const before = await shop.log.head();
  // Whoever tells and whoever removes are at it at once; both facts name the variant, so the last drops what was kept.
  const line = { sku, amountMinor: null, startsAt };
  await shop.db.execute(sql`update told_changes set told_until = now() - interval '1 hour'`);
  await Promise.all([
    tellDueChanges(shop.db, 10),
    shop.change('pricesSet', { listCode, lines: [line] }),
    tellDueChanges(shop.db, 10),
  ]);
  const facts = (await shop.log.read(before, 10)).filter(({ type }) => !isAct(type));
  expect(facts.length).toBeLessThanOrEqual(2);
  expect(new Set(facts.map(({ type, aggregateId }) => `${type} ${aggregateId}`))).toEqual(
    new Set([`pricing.price_changed ${variantId}`]),
  );
  expect(await readMinor()).toBe(1_000);
  expect((await toldAgain(10)).facts).toEqual([]);
});

test.each([
  ['behind', -10_000],
  ['ahead', 10_000],
])(
  'starts at its second by the database’s clock where that of the process is %s by ten seconds',
  async (_where, offMs) => {
    const listCode = await shop.list();
    const { id: variantId } = await shop.priced(listCode, 1_000);
    const startsAt = inMs(800);
    const now = Date.now;
    Date.now = () => now() + offMs;
    try {
      await shop.change('priceSchedule', { listCode, variantId, amountMinor: 800, startsAt });
      const { extensions } = await shop.prices([variantId]);
      // Behind by ten seconds it would be kept ten seconds too long.
      expect(Number(extensions['holdsForMs'] ?? 0)).toBeLessThanOrEqual(800);
      const [fact] = await factsFrom(await shop.log.head(), 1);
      expect(fact?.occurredAt.getTime()).toBeGreaterThanOrEqual(Date.parse(startsAt));
      expect((await shop.prices([variantId])).prices).toMatchObject([{ amount: { amountMinor: 800 } }]);
    } finally {
      Date.now = now;
    }
  },
);

test('a clock of the database that was set back tells nothing twice, and goes on where it was', async () => {
  await shop.db.execute(sql`truncate prices, exchange_rates`);
  const listCode = await shop.list();
  await shop.priced(listCode, { amountMinor: 800, startsAt: inMs(-60_000) });
  const before = await shop.log.head();
  await shop.db.execute(sql`update told_changes set told_until = now() + interval '10 seconds'`);
  expect(await tellDueChanges(shop.db, 10)).toMatchObject({ told: 0 });
  expect(await shop.log.head()).toBe(before);
  expect((await toldAgain(10)).told).toBe(1);
});

test('lists and rates are told of as they start and end', async () => {
  await shop.db.execute(sql`truncate prices, exchange_rates`);
  await shop.db.execute(sql`delete from price_lists`);
  const code = await shop.list({ startsAt: inMs(-60_000), endsAt: inMs(3_600_000) });
  await shop.list({ startsAt: inMs(-7_200_000), endsAt: inMs(3_600_000) });
  const rates = [{ currency: 'USD', rate: '1.1' }];
  await shop.change('exchangeRatesSet', { validFrom: inMs(-60_000), rates });
  await shop.change('exchangeRatesSet', {
    validFrom: inMs(-7_200_000),
    rates: [{ currency: 'GBP', rate: '0.9' }],
  });
  const { facts } = await toldAgain(10);
  expect(facts).toEqual([
    { type: 'pricing.price_list_changed', code },
    { type: 'pricing.exchange_rate_changed', currency: 'USD' },
  ]);
});

test('more prices at once than are told of one by one are told of as their list', async () => {
  await shop.db.execute(sql`truncate prices, exchange_rates`);
  await shop.db.execute(sql`delete from price_lists`);
  const [listCode, other] = [await shop.list(), await shop.list()];
  const line = { amountMinor: 1, startsAt: inMs(-60_000) };
  for (let made = 0; made < 3; made += 1) await shop.priced(listCode, line);
  await shop.priced(other, 1);
  expect((await toldAgain(3)).told).toBe(3);
  expect((await toldAgain(2)).facts).toEqual([{ type: 'pricing.price_list_changed', code: listCode }]);
});
