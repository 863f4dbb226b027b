import { exportJWK, generateKeyPair, importJWK, SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { liveKeys } from './key-ring.ts';
import { bearerToken, createKeys, type Keys, signToken, verifyToken } from './tokens.ts';

const ours = { kind: 'staff', role: 'admin', scope: 'stock:read' };
let keys: Keys;

beforeAll(async () => {
  keys = await createKeys();
});

afterEach(() => {
  vi.useRealTimers();
});

const signed = async ({
  claims = ours as Record<string, unknown>,
  audience = 'storegraph',
  issuer = 'storegraph',
  by = keys,
} = {}) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: 'EdDSA', kid: by.signing.kid ?? '' })
    .setSubject('s-1')
    .setAudience(audience)
    .setIssuer(issuer)
    .setExpirationTime('5m')
    .sign(await importJWK(by.signing, 'EdDSA'));

const refusal = (token: string) =>
  verifyToken(keys, token).catch(({ message, extensions }) => ({ message, extensions }));
const notOurs = {
  message: expect.stringContaining('not one of ours'),
  extensions: { code: 'UNAUTHENTICATED' },
};

describe('a token of ours', () => {
  test('says who it is for, with the scopes of the role', async () => {
    const { viewer, expiresAt } = await verifyToken(
      keys,
      await signToken(keys, { subject: 'w-1', role: 'warehouse' }),
    );
    expect(viewer).toEqual({
      kind: 'staff',
      id: 'w-1',
      scopes: new Set(['stock:read', 'stock:reserve', 'stock:write']),
    });
    expect(expiresAt - Date.now()).toBeGreaterThan(590_000);
    expect(expiresAt - Date.now()).toBeLessThanOrEqual(600_000);
  });

  test('holds after the keys were written to a file and read again', async () => {
    const token = await signToken(keys, { subject: 'c-1', role: 'customer' });
    const read = JSON.parse(JSON.stringify(keys)) as Keys;
    expect((await verifyToken(read, token)).viewer).toEqual({
      kind: 'customer',
      id: 'c-1',
      scopes: new Set(),
    });
  });

  test('holds while its key is being replaced', async () => {
    const next = await createKeys();
    const both = { keys: [...keys.keys, ...next.keys] };
    for (const by of [keys, next]) {
      const token = await signToken(by, { subject: 's', role: 'service' });
      expect((await verifyToken(both, token)).viewer).toMatchObject({ kind: 'service', id: 's' });
    }
  });

  test('says which session it was given out for', async () => {
    const token = await signToken(keys, { subject: 'c-1', role: 'customer', sessionId: 's-1' });
    expect((await verifyToken(keys, token)).viewer).toMatchObject({ kind: 'customer', sessionId: 's-1' });
  });

  test('is of a guest who may do nothing', async () => {
    const token = await signToken(keys, { subject: 'g-1', role: 'guest' });
    expect((await verifyToken(keys, token)).viewer).toEqual({ kind: 'guest', id: 'g-1', scopes: new Set() });
  });

  test('is refused once its key is gone, also when it was verified before', async () => {
    const first = await createKeys();
    const { keys: live, set } = liveKeys(first);
    const token = await signToken(live, { subject: 'a', role: 'admin' });
    expect((await verifyToken(live, token)).viewer).toMatchObject({ id: 'a' });
    const next = await createKeys();
    set({ ...next, keys: [...first.keys, ...next.keys] });
    expect((await verifyToken(live, token)).viewer).toMatchObject({ id: 'a' });
    const later = await signToken(live, { subject: 'b', role: 'admin' });
    set(next);
    await expect(verifyToken(live, token)).rejects.toThrow('not one of ours');
    expect((await verifyToken(live, later)).viewer).toMatchObject({ id: 'b' });
  });

  test('is refused once it has expired, also when it was verified before', async () => {
    const token = await signToken(keys, { subject: 'a', role: 'admin', lifetimeSeconds: 60 });
    await verifyToken(keys, token);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 66_000 });
    const expired = { message: expect.stringContaining('expired'), extensions: { code: 'UNAUTHENTICATED' } };
    expect(await refusal(token)).toEqual(expired);
    expect(await refusal(token)).toEqual(expired);
  });

  test('holds for a moment longer, for clocks that differ', async () => {
    const token = await signToken(keys, { subject: 'a', role: 'admin', lifetimeSeconds: 60 });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 62_000 });
    expect((await verifyToken(keys, token)).viewer).toMatchObject({ id: 'a' });
  });
});

describe('refused is a token', () => {
  const claims = {
    ...ours,
    sub: 's-1',
    aud: 'storegraph',
    iss: 'storegraph',
    exp: Math.floor(Date.now() / 1000) + 300,
  };

  test('without a signature (alg none)', async () => {
    expect(await refusal(new UnsecuredJWT(claims).encode())).toEqual(notOurs);
  });

  test('signed by another key, even under the name of ours', async () => {
    const other = await createKeys();
    expect(await refusal(await signed({ by: other }))).toEqual(notOurs);
    const disguised = { ...other, signing: { ...other.signing, kid: keys.signing.kid ?? '' } };
    expect(await refusal(await signed({ by: disguised }))).toEqual(notOurs);
  });

  test('signed by HMAC with the public key as its secret', async () => {
    const secret = Buffer.from(String(keys.keys[0]?.x), 'base64url');
    const token = new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: keys.signing.kid ?? '' })
      .sign(secret);
    expect(await refusal(await token)).toEqual(notOurs);
  });

  test('that brings its own key along', async () => {
    const pair = await generateKeyPair('EdDSA', { extractable: true });
    const token = new SignJWT(claims).setProtectedHeader({
      alg: 'EdDSA',
      jwk: await exportJWK(pair.publicKey),
    });
    expect(await refusal(await token.sign(pair.privateKey))).toEqual(notOurs);
  });

  test('for another audience or from another issuer', async () => {
    expect(await refusal(await signed({ audience: 'elsewhere' }))).toEqual(notOurs);
    expect(await refusal(await signed({ issuer: 'elsewhere' }))).toEqual(notOurs);
  });

  test('whose content was changed after it was signed', async () => {
    const [head, , signature] = (await signed()).split('.');
    const body = Buffer.from(JSON.stringify({ ...claims, scope: 'catalogue:write' })).toString('base64url');
    expect(await refusal(`${head}.${body}.${signature}`)).toEqual(notOurs);
  });

  test('without an end, or with claims of no known kind', async () => {
    const { exp: _exp, ...endlessClaims } = claims;
    const endless = new SignJWT(endlessClaims).setProtectedHeader({
      alg: 'EdDSA',
      kid: keys.signing.kid ?? '',
    });
    expect(await refusal(await endless.sign(await importJWK(keys.signing, 'EdDSA')))).toEqual(notOurs);
    expect(await refusal(await signed({ claims: { ...ours, kind: 'root' } }))).toEqual(notOurs);
  });

  test.each(['', 'null', 'a.b.c', 'x'.repeat(5_000), '{"sub":"s-1"}', 'é.ü.ö'])(
    'that is garbage: %.20s',
    async (garbage) => {
      expect(await refusal(garbage)).toEqual(notOurs);
    },
  );
});

describe('the Authorization header', () => {
  test('carries the token after Bearer, in any case', () => {
    expect(bearerToken('Bearer a.b.c')).toBe('a.b.c');
    expect(bearerToken('bearer a.b.c')).toBe('a.b.c');
    expect(bearerToken(undefined)).toBeUndefined();
  });

  test.each(['', 'a.b.c', 'Basic YTpi', 'Bearer', 'Bearer a b'])('is refused as %j', (header) => {
    expect(() => bearerToken(header)).toThrow('not one of ours');
  });
});
