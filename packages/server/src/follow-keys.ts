import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type KeyRing, liveKeys } from './key-ring.ts';
import type { PublicKeys } from './tokens.ts';

/** A day passes between a key being published and being used. */
const lookEveryMs = 60_000;
/** Whoever makes up names of keys shall not have us ask for each. */
const lookAgainEveryMs = 10_000;
const limitMs = 5_000;
/** A set of keys is far smaller. */
const maxBytes = 64 * 1024;

const time = z.number().optional();
const jwk = z.looseObject({ kty: z.literal('OKP'), kid: z.string(), x: z.string(), nbf: time, exp: time });
const keySet = z.object({ keys: z.array(jwk).min(1) });
const signer = jwk.extend({ d: z.string() });
const keyRing = keySet.extend({ signing: signer, next: signer.optional() });

/** Keys that follow their source; what cannot be read leaves those that are known. */
export type FollowedKeys<Ring extends PublicKeys> = { readonly keys: Ring; readonly stop: () => void };

const follow = async <Ring extends PublicKeys>(
  read: () => Promise<Ring>,
  onError: (error: unknown) => void,
): Promise<FollowedKeys<Ring>> => {
  const first = await read();
  let known = JSON.stringify(first);
  let looking: Promise<void> | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;
  const lookAgain = async (): Promise<void> => {
    if (Date.now() - askedAt < lookAgainEveryMs) return looking ?? undefined;
    askedAt = Date.now();
    await look();
  };
  const { keys, set } = liveKeys({ ...first, lookAgain });
  const take = async (): Promise<void> => {
    const ring = await read();
    const text = JSON.stringify(ring);
    // The same keys in another array would forget every token that was checked.
    if (text !== known) set({ ...ring, lookAgain });
    known = text;
  };
  const look = (): Promise<void> => {
    looking ??= take()
      .catch(onError)
      .finally(() => {
        looking = null;
      });
    return looking;
  };
  const timer = setInterval(() => void look(), lookEveryMs).unref();
  return { keys, stop: () => clearInterval(timer) };
};

const fetchKeys = async (url: string): Promise<z.output<typeof keySet>> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(limitMs), redirect: 'error' });
  if (!response.ok) throw new Error(`${url} answers ${response.status} where keys are published.`);
  const text = await response.text();
  if (text.length > maxBytes) throw new Error(`${url} answers more than a set of keys.`);
  return keySet.parse(JSON.parse(text));
};

/** What tokens are verified with, as another server of the shop publishes it, beside keys that stay. */
export const followPublicKeys = (
  url: string,
  {
    fixed = { keys: [] },
    onError,
  }: { readonly fixed?: PublicKeys; readonly onError: (error: unknown) => void },
): Promise<FollowedKeys<PublicKeys>> =>
  follow(async () => ({ keys: [...fixed.keys, ...(await fetchKeys(url)).keys] }), onError);

/** The keys in a file, which somebody else replaces. */
export const followKeyRing = (
  path: string,
  onError: (error: unknown) => void,
): Promise<FollowedKeys<KeyRing>> =>
  follow(async () => keyRing.parse(JSON.parse(await readFile(path, 'utf8'))), onError);
