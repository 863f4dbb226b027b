import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { followKeyRing, followPublicKeys } from './follow-keys.ts';
import { type KeyRing, publishedKeys, turnKeys } from './key-ring.ts';
import { createKeys, type Keys, type PublicKeys, signToken, verifyToken } from './tokens.ts';

afterEach(() => {
  vi.useRealTimers();
});

const day = 86_400;
const start = 1_800_000_000;
const kidsOf = ({ keys }: Pick<KeyRing, 'keys'>) => keys.map(({ kid }) => kid);
/** The ring after so many days, looked at once a day as a shop does that stays open. */
const after = async (ring: KeyRing, days: number) => {
  let turned = ring;
  for (let passed = 0; passed <= days; passed += 1) turned = await turnKeys(turned, start + passed * day);
  return turned;
};

describe('keys', () => {
  test('sign for thirty days, and the next one is known a day before it signs', async () => {
    const ring = await after(await createKeys(), 0);
    expect(await after(ring, 28)).toBe(ring);
    const announced = await after(ring, 29);
    expect(announced.signing.kid).toBe(ring.signing.kid);
    expect(kidsOf(announced)).toEqual([ring.signing.kid, announced.next?.kid]);
    const promoted = await after(ring, 30);
    expect(promoted.signing.kid).not.toBe(ring.signing.kid);
    expect(kidsOf(promoted)).toEqual([ring.signing.kid, promoted.signing.kid]);
    expect(promoted.next).toBeUndefined();
  });

  test('verify for as long as what they signed can hold, and no longer', async () => {
    const ring = await after(await createKeys(), 0);
    const token = await signToken(ring, { subject: 'g', role: 'guest', lifetimeSeconds: 30 * day });
    const promoted = await after(ring, 30);
    expect((await verifyToken(promoted, token)).viewer).toMatchObject({ id: 'g' });
    expect(kidsOf(await after(ring, 60))).toContain(ring.signing.kid);
    expect(kidsOf(await after(ring, 61))).not.toContain(ring.signing.kid);
  });

  test('of a shop that was off for a year are announced before they sign all the same', async () => {
    const ring = await after(await createKeys(), 0);
    const back = await turnKeys(ring, start + 365 * day);
    expect(back.signing.kid).toBe(ring.signing.kid);
    expect(await turnKeys(back, start + 365 * day + 60)).toBe(back);
    const promoted = await turnKeys(back, start + 366 * day);
    expect(promoted.signing.kid).toBe(back.next?.kid);
  });

  test('are published without what signs', async () => {
    const { keys, next } = await after(await createKeys(), 29);
    expect(next?.d).toBeDefined();
    const text = JSON.stringify([keys, publishedKeys({ keys: [...keys, ...(next ? [next] : [])] })]);
    expect(text).not.toContain('"d"');
  });
});

describe('keys that are followed', () => {
  const onError = vi.fn();

  test('come from a file, also after it was replaced; one that cannot be read leaves them', async () => {
    vi.useFakeTimers({ toFake: ['setInterval'] });
    const folder = await mkdtemp(join(tmpdir(), 'keys-'));
    const file = join(folder, 'keys.json');
    const [first, second] = [await createKeys(), await createKeys()];
    await writeFile(file, JSON.stringify(first));
    const { keys, stop } = await followKeyRing(file, onError);
    expect(keys.signing.kid).toBe(first.signing.kid);
    await writeFile(file, JSON.stringify(second));
    vi.advanceTimersByTime(60_000);
    await expect.poll(() => keys.signing.kid).toBe(second.signing.kid);
    await writeFile(file, '{');
    vi.advanceTimersByTime(60_000);
    await expect.poll(() => onError.mock.calls.length).toBe(1);
    expect(keys.signing.kid).toBe(second.signing.kid);
    stop();
    await rm(folder, { recursive: true });
  });

  /** A server that publishes keys, and counts who asks; null answers 500. */
  const publish = async () => {
    const state: { keys: Keys | null; asked: number } = { keys: await createKeys(), asked: 0 };
    const server = createServer((_request, response) => {
      state.asked += 1;
      response.statusCode = state.keys === null ? 500 : 200;
      response.end(state.keys && JSON.stringify(publishedKeys(state.keys)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo; // a server on a port has one
    return Object.assign(state, { url: `http://127.0.0.1:${port}`, close: () => server.close() });
  };
  const idIn = (keys: PublicKeys, token: string) =>
    verifyToken(keys, token).then(
      ({ viewer }) => viewer.kind !== 'anonymous' && viewer.id,
      ({ message }) => message,
    );
  const notOurs = expect.stringContaining('not one of ours');

  test('come from another server, beside those that stay, and are looked at each minute', async () => {
    vi.useFakeTimers({ toFake: ['setInterval'] });
    const [published, fixed] = [await publish(), await createKeys()];
    const first = published.keys as Keys; // it has just been made
    const { keys, stop } = await followPublicKeys(published.url, { fixed, onError });
    const gone = await signToken(first, { subject: 'gone', role: 'service' });
    expect(await idIn(keys, gone)).toBe('gone');
    expect(await idIn(keys, await signToken(fixed, { subject: 'fixed', role: 'service' }))).toBe('fixed');
    published.keys = await createKeys();
    vi.advanceTimersByTime(60_000);
    await expect.poll(() => idIn(keys, gone)).toEqual(notOurs);
    expect(await idIn(keys, await signToken(fixed, { subject: 'fixed', role: 'service' }))).toBe('fixed');
    stop();
    published.close();
  });

  test('are looked at again at once when a token names an unknown one, but not for each that is made up', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'Date'], now: Date.now() });
    const published = await publish();
    const { keys, stop } = await followPublicKeys(published.url, { onError });
    published.keys = await createKeys();
    const next = await signToken(published.keys, { subject: 'next', role: 'service' });
    expect(await Promise.all([idIn(keys, next), idIn(keys, next)])).toEqual(['next', 'next']);
    expect(published.asked).toBe(2);
    const forged = await signToken(await createKeys(), { subject: 'x', role: 'admin' });
    for (let place = 0; place < 20; place += 1) expect(await idIn(keys, forged)).toEqual(notOurs);
    expect(published.asked).toBe(2);
    vi.setSystemTime(Date.now() + 10_000);
    expect(await idIn(keys, forged)).toEqual(notOurs);
    expect(published.asked).toBe(3);
    stop();
    published.close();
  });

  test('stay as they were while their server is away', async () => {
    const published = await publish();
    const { keys, stop } = await followPublicKeys(published.url, { onError });
    const token = await signToken(published.keys as Keys, { subject: 's', role: 'service' });
    published.keys = null;
    onError.mockClear();
    const forged = await signToken(await createKeys(), { subject: 'x', role: 'admin' });
    expect(await idIn(keys, forged)).toEqual(notOurs);
    expect(onError).toHaveBeenCalledOnce();
    expect(await idIn(keys, token)).toBe('s');
    stop();
    published.close();
  });
});
