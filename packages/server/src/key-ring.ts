import type { JWK } from 'jose';
import { createKeys, type PublicKeys } from './tokens.ts';

/** A key that signs from some time on has that as `nbf`; one that has signed, the end of what it verifies as `exp`. */
type DatedKey = JWK & { readonly nbf?: number | undefined; readonly exp?: number | undefined };

/**
 * Keys that are replaced from time to time: the one that signs, the one that will, and those that have signed what
 * still holds. Plain JSON, so that it can be kept in a file only its owner reads.
 */
export type KeyRing = {
  readonly keys: readonly DatedKey[];
  readonly signing: DatedKey;
  /** Published before it signs, so that everybody knows it by then. */
  readonly next?: DatedKey | undefined;
};

const daySeconds = 86_400;

/** How long a key signs. */
const signingSeconds = 30 * daySeconds;

/** How long the next one is known before it signs; whoever follows the keys looks far more often. */
const announcedSeconds = daySeconds;

/** How long a key is known after it has signed: as the longest tokens hold, of guests and of `npm run token`. */
const keptSeconds = 31 * daySeconds;

/** A key of which only what verifies is left. */
const publicPart = ({ d: _private, ...rest }: DatedKey): DatedKey => rest;

const withNext = async (ring: KeyRing, now: number): Promise<KeyRing> => {
  const { signing } = await createKeys();
  const next = { ...signing, nbf: now + announcedSeconds };
  return { ...ring, next, keys: [...ring.keys, publicPart(next)] };
};

const promoted = (ring: KeyRing, next: DatedKey, now: number): KeyRing => ({
  signing: { ...next, nbf: now },
  keys: ring.keys.map((key) => (key.kid === ring.signing.kid ? { ...key, exp: now + keptSeconds } : key)),
});

/**
 * The ring as it should be at a time in epoch seconds: the very same one where nothing is to be done. A key without
 * a date, from before keys were replaced, signs for its time from now on.
 */
export const turnKeys = async (ring: KeyRing, now: number): Promise<KeyRing> => {
  const since = ring.signing.nbf;
  if (since === undefined) return turnKeys({ ...ring, signing: { ...ring.signing, nbf: now } }, now);
  const live = ring.keys.filter((key) => (key.exp ?? Number.POSITIVE_INFINITY) > now);
  const kept = live.length === ring.keys.length ? ring : { ...ring, keys: live };
  const isDue = now >= since + signingSeconds;
  if (kept.next === undefined)
    return now >= since + signingSeconds - announcedSeconds ? withNext(kept, now) : kept;
  const isAnnounced = now >= (kept.next.nbf ?? 0);
  return isDue && isAnnounced ? promoted(kept, kept.next, now) : kept;
};

/** Keys that can be others from one use to the next, for everybody who was handed them. */
export const liveKeys = <Ring extends PublicKeys>(
  first: Ring,
): { readonly keys: Ring; readonly set: (ring: Ring) => void } => {
  let ring = first;
  return {
    keys: new Proxy(first, { get: (_first, name) => Reflect.get(ring, name) }),
    set: (next) => {
      ring = next;
    },
  };
};

/** What is told to everybody (RFC 7517): what verifies, and nothing else whatever was handed in. */
export const publishedKeys = ({ keys }: PublicKeys): PublicKeys => ({
  keys: keys.map(
    ({ kty, crv, x, kid, alg, use }) => JSON.parse(JSON.stringify({ kty, crv, x, kid, alg, use })) as JWK,
  ),
});

/** The path the keys are published at. */
export const keysPath = '/.well-known/jwks.json';
