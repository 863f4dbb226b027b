import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/**
 * Everything that opens an account is derived from an id in the database and a key that is not in it. So nothing
 * secret is stored, a repeated request gets the same token again, and a stolen database opens nothing.
 */
export type Secrets = ReturnType<typeof createSecrets>;

/** What a token from a mail, or a token for a device or a second step, is for. */
export type TokenPurpose = 'sign-up' | 'link' | 'challenge' | 'flow';

const uuidPattern = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
const tokenPattern = /^([0-9a-f-]{36})\.([\w-]{43})$/;
const refreshPattern = /^([0-9a-f-]{36})\.(0|[1-9]\d{0,9})\.([\w-]{43})$/;

/** As many recovery codes as a sheet of paper holds well, and bits as `recovery_used` has. */
export const recoveryCodeCount = 10;

/** RFC 4648 without padding, as authenticators read it. */
export const base32 = (bytes: Uint8Array): string => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => letters[Number.parseInt(five.padEnd(5, '0'), 2)])
    .join('');
};

/** Compares in a time that says nothing about where two texts differ. */
const isSame = (one: string, other: string): boolean => {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
};

/** A recovery code as it was typed: in any case, with or without its dash. */
const plainCode = (text: string): string => text.toUpperCase().replace(/[\s-]/g, '');

/** Derives by a key of at least 32 bytes. */
export const createSecrets = (key: Uint8Array) => {
  const own = Buffer.from(hkdfSync('sha256', key, '', 'storegraph account', 32));
  const bytes = (...parts: readonly (string | number)[]): Buffer =>
    createHmac('sha256', own).update(JSON.stringify(parts)).digest();
  const text = (...parts: readonly (string | number)[]): string => bytes(...parts).toString('base64url');
  const recoveryCodes = (batchId: string): string[] =>
    Array.from({ length: recoveryCodeCount }, (_, place) => {
      const code = base32(bytes('recovery', batchId, place)).slice(0, 16);
      return (code.match(/.{4}/g) ?? []).join('-');
    });

  return {
    /** What is kept of a text that must not be read there, and is compared. */
    keyed: (purpose: string, value: string): string => text('keyed', purpose, value),

    token: (purpose: TokenPurpose, id: string): string => `${id}.${text(purpose, id)}`,

    /** The id of a token that is ours, or null. */
    idOf: (purpose: TokenPurpose, token: string): string | null => {
      const [, id = '', mac = ''] = tokenPattern.exec(token) ?? [];
      return uuidPattern.test(id) && isSame(mac, text(purpose, id)) ? id : null;
    },

    refreshToken: (sessionId: string, generation: number): string =>
      `${sessionId}.${generation}.${text('refresh', sessionId, generation)}`,

    readRefreshToken: (token: string): { readonly sessionId: string; readonly generation: number } | null => {
      const [, sessionId = '', digits = '', mac = ''] = refreshPattern.exec(token) ?? [];
      const generation = Number(digits);
      const isOurs = uuidPattern.test(sessionId) && isSame(mac, text('refresh', sessionId, generation));
      return isOurs ? { sessionId, generation } : null;
    },

    /** For the owner of an address, on the device of a session. */
    deviceToken: (emailKey: string, sessionId: string): string =>
      `${sessionId}.${text('device', emailKey, sessionId)}`,

    /** The device a token stands for, where it is one of this address. */
    deviceOf: (emailKey: string, token: string): string | null => {
      const [, id = '', mac = ''] = tokenPattern.exec(token) ?? [];
      return uuidPattern.test(id) && isSame(mac, text('device', emailKey, id)) ? id : null;
    },

    /** What the authenticator and we share: 160 bits, as RFC 4226 recommends. */
    totpSecret: (totpId: string): Buffer => bytes('totp', totpId).subarray(0, 20),

    recoveryCodes,

    /** The place of a recovery code in its batch, or null. All are looked at, whichever it is. */
    recoveryPlace: (batchId: string, code: string): number | null => {
      const places = recoveryCodes(batchId).map((one) => isSame(plainCode(one), plainCode(code)));
      const place = places.indexOf(true);
      return place === -1 ? null : place;
    },

    /** PKCE (RFC 7636) and the nonce of a way to a provider. */
    flow: (flowId: string) => ({
      codeVerifier: text('code verifier', flowId),
      nonce: text('nonce', flowId),
      state: text('state', flowId),
    }),
  };
};
