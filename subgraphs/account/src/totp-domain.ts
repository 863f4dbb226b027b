import { createHmac, timingSafeEqual } from 'node:crypto';
import { base32 } from './secrets-domain.ts';

/** Time-based one-time passwords (RFC 6238) with what every authenticator does: SHA-1, six digits, 30 seconds. */

const stepSeconds = 30;
const digits = 6;

/** Steps that a clock may be off, either way: the code before and the one after are taken too. */
const driftSteps = 1;

type Hash = 'sha1' | 'sha256' | 'sha512';

/** The step an instant lies in. */
export const stepAt = (epochMs: number): number => Math.floor(epochMs / 1000 / stepSeconds);

/** The code of a step (RFC 4226, 5.3). */
export const codeOf = (secret: Uint8Array, step: number, length = digits, hash: Hash = 'sha1'): string => {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac(hash, secret).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0x0f;
  const number = mac.readUInt32BE(offset) & 0x7fffffff;
  return String(number % 10 ** length).padStart(length, '0');
};

/** The step whose code this is, looking only behind the last one that was taken: a code counts once. */
export const stepOfCode = (
  secret: Uint8Array,
  code: string,
  { at, lastStep }: { readonly at: number; readonly lastStep: number },
): number | null => {
  const given = code.replace(/\s/g, '');
  if (!/^\d{6}$/.test(given)) return null;
  const now = stepAt(at);
  let found: number | null = null;
  for (let step = now - driftSteps; step <= now + driftSteps; step += 1) {
    const isIt = timingSafeEqual(Buffer.from(codeOf(secret, step)), Buffer.from(given));
    if (isIt && step > lastStep) found ??= step;
  }
  return found;
};

/** What an authenticator reads from a QR code. */
export const otpauthUri = (
  secret: Uint8Array,
  { shop, email }: { readonly shop: string; readonly email: string },
): string => {
  const [name, account] = [encodeURIComponent(shop), encodeURIComponent(email)];
  return `otpauth://totp/${name}:${account}?secret=${base32(secret)}&issuer=${name}`;
};
