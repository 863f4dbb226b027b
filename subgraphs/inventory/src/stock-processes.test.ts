import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { countOutcomes, createProcesses } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openInventory, type TestInventory } from './inventory-fixture.ts';
import type { Job } from './process-fixture.ts';

/** Real processes over one database: the row lock and the CHECK decide, and no process needs another. */

let shop: TestInventory;
let warehouseId: string;
beforeAll(async () => {
  shop = await openInventory();
  warehouseId = await shop.warehouse();
});
afterAll(() => shop.stop());

const processes = createProcesses<Job>(new URL('./process-fixture.ts', import.meta.url));
const startProcess = () => processes.start(shop.url);
afterEach(processes.stop);

const keysOf = (count: number) => Array.from({ length: count }, () => randomUUID());
const outcomesOf = (those: Parameters<typeof countOutcomes>[0]) =>
  countOutcomes(those, 'StockReserved', 'OutOfStock');

test('2,000 buyers in four processes get 100 pieces: exactly 100 of them', async () => {
  const { id } = await shop.stocked(warehouseId, 100);
  const buyers = await Promise.all([1, 2, 3, 4].map(startProcess));
  await Promise.all(buyers.map(({ work }) => work({ kind: 'buy', variantId: id, keys: keysOf(500) })));
  expect(outcomesOf(buyers)).toEqual({ StockReserved: 100, OutOfStock: 1_900 });
  expect(await shop.broken()).toEqual({});
});

test('a process killed in the middle leaves stock whole, and whoever asks again gets the answer', async () => {
  const { id } = await shop.stocked(warehouseId, 1_500);
  const keys = keysOf(3_000);
  const [victim, other] = await Promise.all([startProcess(), startProcess()]);
  const ended = once(victim.child, 'exit');
  let heard = 0;
  const enough = victim.heard(({ kind }) => kind === 'answered' && ++heard === 300);
  const others = other.work({ kind: 'buy', variantId: id, keys: keysOf(500) });
  void victim.work({ kind: 'buy', variantId: id, keys });
  await enough;
  victim.child.kill('SIGKILL');
  await Promise.all([ended, others]);
  expect(await shop.broken()).toEqual({});

  const heir = await startProcess();
  await heir.work({ kind: 'buy', variantId: id, keys });
  const broken = [...victim.answers].filter(([key, outcome]) => heir.answers.get(key) !== outcome);
  expect(broken).toEqual([]);
  expect(outcomesOf([heir, other])).toEqual({ StockReserved: 1_500, OutOfStock: 2_000 });
  expect(await shop.broken()).toEqual({});
});

test('four processes that sweep at once end each hold once', async () => {
  const { id } = await shop.stocked(warehouseId, 1_000);
  const buyer = await startProcess();
  await buyer.work({ kind: 'buy', variantId: id, keys: keysOf(700) });
  const sweepers = await Promise.all([1, 2, 3].map(startProcess));
  const before = await shop.log.head();
  await shop.db.execute(sql`update reservations set expires_at = now() - interval '1 second'
    where status = 'HELD' and ${id}::uuid = any(variant_ids)`);
  const sweepAll = () => Promise.all([buyer, ...sweepers].map(({ work }) => work({ kind: 'sweep' })));
  await sweepAll();
  // Whoever found another at work has left the rest to it.
  await sweepAll();
  const rows = await shop.db.execute(sql`select data ->> 'reservationId' as id from outbox
    where sequence > ${before} and type = 'inventory.reservation_expired'`);
  expect(rows.length).toBe(700);
  expect(new Set(rows.map((row) => row['id'])).size).toBe(700);
  const [shelf] = await shop.db.execute(sql`select on_hand, reserved from stock where variant_id = ${id}`);
  expect(shelf).toEqual({ on_hand: 1_000, reserved: 0 });
  expect(await shop.broken()).toEqual({});
});
