import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { followKeyRing, followPublicKeys } from './follow-keys.ts';
import { type KeyRing, publishedKeys, turnKeys } from './key-ring.ts';
import { createKeys, signToken, verifyToken } from './tokens.ts';

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

  test('come from another server, and tokens hold by them', async () => {
    vi.useFakeTimers({ toFake: ['setInterval'] });
    let published = await createKeys();
    const server = createServer((_request, response) =>
      response.end(JSON.stringify(publishedKeys(published))),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo; // a server on a port has one
    const { keys, stop } = await followPublicKeys(`http://127.0.0.1:${port}`, onError);
    const token = await signToken(published, { subject: 's', role: 'service' });
    expect((await verifyToken(keys, token)).viewer).toMatchObject({ id: 's' });
    published = await createKeys();
    vi.advanceTimersByTime(60_000);
    const later = await signToken(published, { subject: 't', role: 'service' });
    await expect
      .poll(() =>
        verifyToken(keys, later).then(
          ({ viewer }) => viewer,
          () => null,
        ),
      )
      .toMatchObject({ id: 't' });
    stop();
    server.close();
  });
});
