import { randomUUID } from 'node:crypto';
import { connect, type Database } from '@storegraph/postgres';
import type { Viewer } from '@storegraph/server';
import { brokenInvariants } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { invariants } from './invariants.ts';
import { openInventory, type TestInventory } from './inventory-fixture.ts';
import { createInventory, type Inventory } from './service.ts';
import { type Command, command, createModel, type Step, variantCount } from './stock-model-fixture.ts';
import { openStockPath } from './stock-service.ts';
import { openWarehouses } from './warehouse-service.ts';

/**
 * Stock against a small model in memory: the same commands must end alike. Then many at once over connections
 * that are cut, where the end is not predictable, but what was answered must be true and stay true.
 */

const viewer: Viewer = { kind: 'service', id: 'model', scopes: new Set() };

let shop: TestInventory;
let warehouseId: string;
let otherWarehouseId: string;
beforeAll(async () => {
  shop = await openInventory();
  warehouseId = await shop.warehouse({ priority: 1 });
  otherWarehouseId = await shop.warehouse();
});
afterAll(() => shop.stop());

/** One process's way to stock, over connections of its own. */
const openProcess = async () => {
  const db = connect({ url: shop.url, schema: 'inventory', name: 'model', statementConnections: 2 });
  const stock = openStockPath(db);
  return { db, inventory: createInventory({ db, stock, warehouses: await openWarehouses(db) }) };
};

/** Variants of their own, of which the last may be sold beyond its stock. */
const openShelves = async (pieces: number, limit: number) => {
  const ids = (await shop.variants(variantCount)).map(({ id }) => id);
  for (const id of ids) await shop.adjust(id, warehouseId, pieces);
  const last = ids.at(-1) ?? '';
  await shop.change('stockPolicySet', { variantId: last, kind: 'BACKORDER', limit });
  return { ids, limits: ids.map((id) => (id === last ? limit : 0)) };
};

type Outcome = { readonly __typename: string; readonly reservationId?: string };
/** A step with its key, so that it can be sent again. */
type Sent = { readonly step: Step; readonly key: string; readonly target: string };

/** Sends one step to the real thing. */
const send = (
  { reservations, movements }: Inventory,
  { step, key, target }: Sent,
  ids: readonly string[],
): Promise<Outcome> => {
  const input = { idempotencyKey: key, reservationId: target };
  switch (step.kind) {
    case 'reserve': {
      const lines = step.lines.map((line) => ({
        variantId: ids[line.variant] ?? '',
        quantity: line.quantity,
      }));
      return reservations.reserve(viewer, { idempotencyKey: key, lines, region: 'DE', holdSeconds: 900 });
    }
    case 'adjust': {
      const what = { variantId: ids[step.variant] ?? '', warehouseId, delta: step.delta };
      return movements.adjust(viewer, { idempotencyKey: key, ...what, reason: 'CORRECTED' });
    }
    case 'confirm':
      return reservations.confirm(viewer, input);
    case 'release':
      return reservations.release(viewer, input);
    case 'extend':
      return reservations.extend(viewer, { ...input, holdSeconds: 1_800 });
    case 'ship':
      return reservations.ship(viewer, input);
    case 'age':
      return age(shop.db, target);
    case 'sweep':
      return shop.sweep().then(() => ({ __typename: 'swept' }));
  }
};

const age = async (db: Database, reservationId: string): Promise<Outcome> => {
  await db.execute(sql`update reservations set expires_at = now() - interval '1 second'
    where reservation_id = ${reservationId} and status = 'HELD'`);
  return { __typename: 'aged' };
};

/** What has been sent so far, so that commands can name earlier ones. */
const createHistory = () => {
  const targets: string[] = [];
  const sent: { readonly what: Sent; readonly outcome: Outcome }[] = [];
  return {
    sent,
    /** The command with a key, or the earlier one that it repeats; null where there is none. */
    toSend: (one: Command): Sent | null => {
      if (one.kind === 'repeat') return sent[one.command % Math.max(1, sent.length)]?.what ?? null;
      const target = 'reservation' in one ? (targets[one.reservation] ?? randomUUID()) : '';
      return { step: one, key: randomUUID(), target };
    },
    keep: (what: Sent, outcome: Outcome) => {
      // Time and the sweeper have no keys: what they did is done again, not repeated.
      if (what.step.kind === 'age' || what.step.kind === 'sweep') return;
      sent.push({ what, outcome });
      const { reservationId } = outcome;
      const isNew = outcome.__typename === 'StockReserved' && !targets.includes(reservationId ?? '');
      if (isNew) targets.push(reservationId ?? '');
    },
  };
};

test('every command ends as in the model, and a repeat as the first time', async () => {
  const { db, inventory } = await openProcess();
  const runCommands = async (pieces: number, limit: number, commands: readonly Command[]) => {
    const { ids, limits } = await openShelves(pieces, limit);
    const model = createModel(pieces, limits);
    const history = createHistory();
    for (const one of commands) {
      const what = history.toSend(one);
      if (!what) continue;
      const earlier = history.sent.find((each) => each.what === what)?.outcome;
      const expected = earlier ?? { __typename: model.after(what.step) };
      const outcome = await send(inventory, what, ids);
      expect(outcome).toMatchObject(expected);
      if (!earlier) history.keep(what, outcome);
    }
    const rows = await db.execute(sql`select on_hand, reserved + sold as taken from stock
      where variant_id = any(${sql.param(ids)}::uuid[])
      order by array_position(${sql.param(ids)}::uuid[], variant_id)`);
    expect([...rows]).toEqual(ids.map((_, at) => ({ on_hand: model.onHand[at], taken: model.taken[at] })));
    expect(await brokenInvariants(db, invariants)).toEqual({});
  };
  const property = fc.asyncProperty(
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 5 }),
    fc.array(command, { minLength: 5, maxLength: 40 }),
    runCommands,
  );
  await fc.assert(property, { numRuns: 40, seed: seedOf('model') });
  await db.close();
});

type Wave = { readonly commands: readonly Command[]; readonly isCut: boolean };

test('many at once over connections that are cut: what was answered is true, and stays so', async () => {
  const cut = () =>
    shop.db.execute(sql`select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'model' and datname = current_database()`);

  /** Sends all at once; answers what each ended with. */
  const runWave = async (wave: readonly Sent[], sendAt: SendAt, isCut: boolean): Promise<Outcome[]> => {
    const answers = Promise.allSettled(wave.map((what, place) => sendAt(place, what)));
    if (isCut) await cut();
    const results = await answers;
    // A cut that outlasts every attempt is an error: nobody knows, so the caller asks again by its key.
    return Promise.all(
      wave.map((what, place) => {
        const result = results[place];
        return result?.status === 'fulfilled' ? result.value : sendAt(place, what);
      }),
    );
  };
  const runWaves = async (waves: readonly Wave[]) => {
    const processes = await Promise.all([openProcess(), openProcess()]);
    const { ids } = await openShelves(8, 4);
    // Carts are split over two warehouses too, which the model knows nothing of.
    for (const id of ids) await shop.adjust(id, otherWarehouseId, 5);
    const history = createHistory();
    const sendAt: SendAt = (place, what) => send((processes[place % 2] ?? processes[0]).inventory, what, ids);
    for (const { commands, isCut } of waves) {
      const wave = commands.map(history.toSend).filter((what) => what !== null);
      const outcomes = await runWave(wave, sendAt, isCut);
      for (const [place, what] of wave.entries()) history.keep(what, outcomes[place] ?? { __typename: '' });
      expect(await brokenInvariants(shop.db, invariants)).toEqual({});
    }
    for (const { what, outcome } of history.sent) expect(await sendAt(0, what)).toEqual(outcome);
    expect(await brokenInvariants(shop.db, invariants)).toEqual({});
    for (const { db } of processes) await db.close();
  };
  const wave = fc.record({
    commands: fc.array(command, { minLength: 4, maxLength: 30 }),
    isCut: fc.boolean(),
  });
  const property = fc.asyncProperty(fc.array(wave, { minLength: 2, maxLength: 5 }), runWaves);
  await fc.assert(property, { numRuns: 12, seed: seedOf('cuts') });
});

type SendAt = (place: number, what: Sent) => Promise<Outcome>;

/** Another one for each run; fast-check prints it with what fails. */
const seedOf = (name: string): number => {
  const seed = Number.parseInt(randomUUID().slice(0, 7), 16);
  console.log(`${name}: seed ${seed}`);
  return seed;
};
