import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { key } from '@storegraph/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Answer, customer, guest, openCarts, type TestCarts } from './cart-fixture.ts';
import { copyDueCarts } from './redis.ts';

/** A Redis of our own that is killed: one that runs elsewhere is nobody's to kill. */
const isInstalled = spawnSync('redis-server', ['--version']).status === 0;

describe.runIf(isInstalled)('a Redis that is killed and comes back empty', () => {
  let folder = '';
  let socket = '';
  let server: ChildProcess;
  let shop: TestCarts;

  const start = async (): Promise<void> => {
    const settings = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no'];
    server = spawn('redis-server', settings, { cwd: folder, stdio: 'ignore' });
    await once(server, 'spawn');
    await vi.waitFor(ask('ping'), { timeout: 20_000 });
  };
  const ask = (command: string) => async () => {
    const redis = new Redis(socket, { maxRetriesPerRequest: 0, retryStrategy: null });
    redis.on('error', () => {});
    try {
      await redis.call(command);
    } finally {
      redis.disconnect();
    }
  };
  const kill = async (): Promise<void> => {
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
    await rm(socket, { force: true });
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cart-redis-'));
    socket = join(folder, 'redis.sock');
    await start();
    shop = await openCarts({ redisUrl: socket });
  });
  afterAll(async () => {
    expect(await shop.broken()).toEqual({});
    await shop.stop();
    await kill();
    await rm(folder, { recursive: true, force: true });
  });
  /** Answered at last, however often it has to be asked; with one key, so that it counts once. */
  const insist = (viewer: ReturnType<typeof customer>, mutation: string, input: object): Promise<Answer> => {
    const kept = { idempotencyKey: key(), ...input };
    return vi.waitFor(() => shop.change(viewer, mutation, kept), { timeout: 20_000 });
  };

  test('loses nothing of what customers were told is in their carts, while they go on', async () => {
    const all = Array.from({ length: 5 }, customer);
    const [a, b] = [await shop.variant(), await shop.variant()];
    const [first] = all;
    if (!first) throw new Error('Nobody is there.');
    const input = { idempotencyKey: key(), variantId: a, quantity: 2 };
    await shop.change(first, 'cartLineAdd', input);
    for (const me of all) await shop.add(me, a);
    await shop.change(first, 'cartNoteSet', { note: 'Ring twice.' });

    const adding = all.map((me) => insist(me, 'cartLineAdd', { variantId: b, quantity: 3 }));
    await kill();
    await start();
    await Promise.all(adding);
    // What was answered before is answered again, though only the copy knows of it.
    await insist(first, 'cartLineAdd', input);
    for (const me of all) {
      const { lines, note } = await shop.cartOf(me);
      expect(lines).toMatchObject([
        { variantId: a, quantity: me === first ? 3 : 1 },
        { variantId: b, quantity: 3 },
      ]);
      expect(note).toBe(me === first ? 'Ring twice.' : null);
    }
  });

  test('loses nothing of a merge, and of guests only what was younger than half an hour', async () => {
    const [me, was, old, young] = [customer(), guest(), guest(), guest()];
    const variantId = await shop.variant();
    shop.neighbours.stock(variantId, 9);
    await shop.add(old, variantId, 2);
    const redis = new Redis(socket);
    await copyDueCarts({ redis, db: shop.db }, Date.now() + 31 * 60_000);
    redis.disconnect();
    await shop.add(young, variantId);
    await shop.add(was, variantId, 4);
    await shop.change(me, 'cartMerge', { guestToken: await shop.tokenOf(was) });
    await kill();
    await start();
    const [mine, olds, youngs] = await vi.waitFor(
      () => Promise.all([me, old, young].map((one) => shop.cartOf(one))),
      { timeout: 20_000 },
    );
    expect([mine.totalQuantity, olds.totalQuantity, youngs]).toEqual([4, 2, null]);
    // The guest's cart is closed for good, and gives nothing a second time.
    expect(await insist(was, 'cartLineAdd', { variantId })).toMatchObject({ __typename: 'CartClosed' });
    const again = { guestToken: await shop.tokenOf(was) };
    expect((await insist(me, 'cartMerge', again)).cart.totalQuantity).toBe(4);
  });
});
