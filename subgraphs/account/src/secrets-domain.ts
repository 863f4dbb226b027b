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

type Parts = readonly (string | number)[];

/** What is derived by one key. */
const derivedBy = (key: Uint8Array) => {
  const own = Buffer.from(hkdfSync('sha256', key, '', 'storegraph account', 32));
  const bytes = (...parts: Parts): Buffer => createHmac('sha256', own).update(JSON.stringify(parts)).digest();
  const text = (...parts: Parts): string => bytes(...parts).toString('base64url');
  return {
    bytes,
    text,
    /** Tells keys apart, and says nothing of them. */
    id: text('id').slice(0, 8),
    keyed: (purpose: string, value: string): string => text('keyed', purpose, value),
    recoveryCodes: (batchId: string): string[] =>
      Array.from({ length: recoveryCodeCount }, (_, place) => {
        const code = base32(bytes('recovery', batchId, place)).slice(0, 16);
        return (code.match(/.{4}/g) ?? []).join('-');
      }),
    /** What the authenticator and we share: 160 bits, as RFC 4226 recommends. */
    totpSecret: (totpId: string): Buffer => bytes('totp', totpId).subarray(0, 20),
    /** PKCE (RFC 7636) and the nonce of a way to a provider. */
    flow: (flowId: string) => ({
      codeVerifier: text('code verifier', flowId),
      nonce: text('nonce', flowId),
      state: text('state', flowId),
    }),
  };
};

type Derived = ReturnType<typeof derivedBy>;

/** Tokens that name something and prove it. */
const tokensBy = (first: Derived, all: readonly Derived[]) => {
  /** Whether a text was made of these parts. All keys are tried, whichever it is. */
  const isMadeOf = (mac: string, ...parts: Parts): boolean =>
    all.map(({ text }) => isSame(mac, text(...parts))).includes(true);

  return {
    token: (purpose: TokenPurpose, id: string): string => `${id}.${first.text(purpose, id)}`,

    /** The id of a token that is ours, or null. */
    idOf: (purpose: TokenPurpose, token: string): string | null => {
      const [, id = '', mac = ''] = tokenPattern.exec(token) ?? [];
      return uuidPattern.test(id) && isMadeOf(mac, purpose, id) ? id : null;
    },

    refreshToken: (sessionId: string, generation: number): string =>
      `${sessionId}.${generation}.${first.text('refresh', sessionId, generation)}`,

    readRefreshToken: (token: string): { readonly sessionId: string; readonly generation: number } | null => {
      const [, sessionId = '', digits = '', mac = ''] = refreshPattern.exec(token) ?? [];
      const generation = Number(digits);
      const isOurs = uuidPattern.test(sessionId) && isMadeOf(mac, 'refresh', sessionId, generation);
      return isOurs ? { sessionId, generation } : null;
    },

    /** For the owner of an address, on the device of a session. */
    deviceToken: (emailKey: string, sessionId: string): string =>
      `${sessionId}.${first.text('device', emailKey, sessionId)}`,

    /** The device a token stands for, where it is one of this address. */
    deviceOf: (emailKey: string, token: string): string | null => {
      const [, id = '', mac = ''] = tokenPattern.exec(token) ?? [];
      return uuidPattern.test(id) && isMadeOf(mac, 'device', emailKey, id) ? id : null;
    },
  };
};

/**
 * Derives by keys of at least 32 bytes: the first makes what is given out, and what any of them has made holds, so
 * that one replaces another while both are known.
 */
export const createSecrets = (keys: readonly [Uint8Array, ...Uint8Array[]]) => {
  const first = derivedBy(keys[0]);
  const older = keys.slice(1).map(derivedBy);
  const all = [first, ...older];

  return {
    ...tokensBy(first, all),

    /** The names of the keys, that of the one that makes first. */
    ids: all.map(({ id }) => id),

    /** What is kept of a text that must not be read there, and is compared. */
    keyed: first.keyed,

    /** What each key keeps of it, the first one first. */
    keyedByAll: [first.keyed, ...older.map(({ keyed }) => keyed)] as const,

    totpSecret: first.totpSecret,

    /** What an authenticator may hold that was set up under any of the keys. */
    totpSecrets: (totpId: string): Buffer[] => all.map(({ totpSecret }) => totpSecret(totpId)),

    recoveryCodes: first.recoveryCodes,

    /** The place of a recovery code in its batch, or null. All are looked at, whichever it is. */
    recoveryPlace: (batchId: string, code: string): number | null => {
      const codes = all.flatMap(({ recoveryCodes }) => recoveryCodes(batchId));
      const found = codes.map((one) => isSame(plainCode(one), plainCode(code))).indexOf(true);
      return found === -1 ? null : found % recoveryCodeCount;
    },

    flow: first.flow,

    /** The way that a person has come back by, by the state in the address. */
    flowBack: (flowId: string, callbackUrl: string) => {
      const state = URL.canParse(callbackUrl) ? new URL(callbackUrl).searchParams.get('state') : null;
      return all.map(({ flow }) => flow(flowId)).find((way) => way.state === state) ?? first.flow(flowId);
    },
  };
};
