import { randomUUID } from 'node:crypto';
import type { Viewer } from '@storegraph/server';
import { actsWhile, key } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keeper, openInventory, type TestInventory } from './inventory-fixture.ts';

/** What staff do to stock is told, for the audit log. */

let shop: TestInventory;
let here = '';
beforeAll(async () => {
  shop = await openInventory();
  here = await shop.warehouse();
});
afterAll(async () => {
  expect(await shop.broken()).toEqual({});
  await shop.stop();
});

const checkout: Viewer = { ...keeper, kind: 'service', id: 'checkout', scopes: new Set(['stock:reserve']) };
const actsOf = (work: () => Promise<unknown>) => actsWhile(shop.log, work);

test('an adjustment is told once, and neither its repeat nor its key with another input', async () => {
  const { id: variantId } = await shop.stocked(here, 1);
  const input = { idempotencyKey: key(), variantId, warehouseId: here, delta: 4, reason: 'RECEIVED' };
  const acts = await actsOf(async () => {
    await shop.change('stockAdjust', input);
    await shop.change('stockAdjust', input);
    await shop.change('stockAdjust', { ...input, delta: 5 });
  });
  const on = { variantId, warehouseId: here };
  expect(acts).toEqual([{ by: 'tester', operation: 'stockAdjust', outcome: 'StockAdjusted', on }]);
});

test('a feed of many parts is told once, and one for a warehouse that is not there as what it was', async () => {
  const { sku } = await shop.stocked(here, 1);
  const lines = Array.from({ length: 600 }, () => ({
    ...{ sku, delta: 1, reason: 'RECEIVED', reference: randomUUID() },
  }));
  const nowhere = randomUUID();
  const acts = await actsOf(async () => {
    await shop.change('warehouseFeedApply', { warehouseId: here, lines });
    await shop.change('warehouseFeedApply', { warehouseId: nowhere, lines });
    const counted = { sku, counted: 1 };
    await shop.change('stockTakeRecord', {
      ...{ warehouseId: here, countedAt: new Date().toISOString(), lines: [counted] },
    });
  });
  expect(acts).toMatchObject([
    { operation: 'warehouseFeedApply', outcome: 'WarehouseFeedApplied', on: { warehouseId: here } },
    { operation: 'warehouseFeedApply', outcome: 'WarehouseNotFound', on: { warehouseId: nowhere } },
    { operation: 'stockTakeRecord', outcome: 'StockTakeRecorded' },
  ]);
});

test('a change and its telling are one, over connections that are cut too', async () => {
  const { id: variantId } = await shop.stocked(here, 1);
  const adjust = (idempotencyKey: string) =>
    shop.change('stockAdjust', {
      ...{ idempotencyKey, variantId, warehouseId: here, delta: 1, reason: 'RECEIVED' },
    });
  const cut = () =>
    shop.db.execute(sql`select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'inventory stock' and datname = current_database()`);
  const waves = Array.from({ length: 10 }, () => Array.from({ length: 12 }, () => key()));
  const acts = await actsOf(async () => {
    for (const keys of waves) {
      const answers = Promise.allSettled(keys.map(adjust));
      await cut();
      // Who got no answer does not know, and asks again by the key.
      for (const [place, { status }] of (await answers).entries())
        if (status === 'rejected') await adjust(keys[place] ?? '');
    }
  });
  expect(acts).toHaveLength(120);
  const moved = sql`select sum(delta)::int as moved from movements where variant_id = ${variantId}`;
  expect(await shop.db.execute(moved)).toEqual([{ moved: 121 }]);
});

describe('reservations', () => {
  test('are told with what staff made of them, refusals included', async () => {
    const { id } = await shop.stocked(here, 1);
    let reservationId = '';
    const acts = await actsOf(async () => {
      const { reservation } = await shop.reserve([[id, 1]]);
      reservationId = reservation.id;
      await shop.reserve([[id, 1]]);
      await shop.change('reservationExtend', { reservationId, holdSeconds: 90 });
      await shop.change('reservationConfirm', { reservationId });
      await shop.change('reservationShip', { reservationId });
      await shop.change('reservationRelease', { reservationId });
    });
    const on = { reservationId };
    expect(acts).toMatchObject([
      { operation: 'stockReserve', outcome: 'StockReserved', on },
      { operation: 'stockReserve', outcome: 'OutOfStock', on: {} },
      { operation: 'reservationExtend', outcome: 'ReservationExtended', on },
      { operation: 'reservationConfirm', outcome: 'ReservationConfirmed', on },
      { operation: 'reservationShip', outcome: 'ReservationShipped', on },
      { operation: 'reservationRelease', outcome: 'ReservationStateRefused', on },
    ]);
  });

  test('that are confirmed late are told of as one act, whether there is stock again or not', async () => {
    const [again, gone] = [await shop.stocked(here, 1), await shop.stocked(here, 1)];
    const late = await shop.reserve([[again.id, 1]]);
    const tooLate = await shop.reserve([[gone.id, 1]]);
    for (const { reservation } of [late, tooLate]) await shop.age(reservation.id);
    await shop.sweep();
    await shop.reserve([[gone.id, 1]]);
    const acts = await actsOf(async () => {
      await shop.change('reservationConfirm', { reservationId: late.reservation.id });
      await shop.change('reservationConfirm', { reservationId: tooLate.reservation.id });
    });
    expect(acts).toMatchObject([{ outcome: 'ReservationConfirmed' }, { outcome: 'OutOfStock' }]);
  });

  test('that services make tell nothing, also in one commit with those of staff', async () => {
    const { id } = await shop.stocked(here, 100);
    const lines = [{ variantId: id, quantity: 1 }];
    const acts = await actsOf(() =>
      Promise.all(
        [checkout, checkout, keeper, checkout].map((viewer) => shop.run('stockReserve', { lines }, viewer)),
      ),
    );
    expect(acts).toMatchObject([{ by: 'tester', outcome: 'StockReserved' }]);
  });
});
