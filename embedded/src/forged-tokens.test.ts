import { createHmac, createPrivateKey, type JsonWebKey, sign } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeys, createLog, type Keys, signToken } from '@storegraph/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readKeys } from './keys.ts';
import { type Answer, password, peopleOf } from './people-fixture.ts';
import { type Shop, startShop } from './shop.ts';

/** Tokens that are none, and tokens of one kind where another is asked for, through the one endpoint. */

let folder = '';
let shop: Shop;
let keys: Keys;
let ada: Answer;
let claims: object;
const { ask, change, signUp, becomeGuest } = peopleOf(() => shop.url);

const email = 'ada@example.com';
const signedIn = `... on SignedIn { tokens { accessToken refreshToken } deviceToken customer { id } }`;

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'storegraph-forged-')), 'home');
  shop = await startShop({ folder, port: 0, products: 12, log: createLog(() => {}) });
  const ring = await readKeys(folder);
  if (!ring) throw new Error('The shop has no keys.');
  keys = ring;
  await signUp(email);
  ada = await change('signIn', { email, password }, undefined, signedIn);
  claims = {
    ...{ kind: 'customer', role: 'customer', scope: '', sub: ada.customer.id },
    ...{ iss: 'storegraph', aud: 'storegraph', exp: Math.floor(Date.now() / 1000) + 600 },
  };
});
afterAll(async () => {
  await shop.stop();
  await rm(join(folder, '..'), { recursive: true, force: true });
});

const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
/** A token by hand, since nobody's library makes the wrong ones. */
const made = (alg: string, content: object, signature: (text: string) => Buffer): string => {
  const text = `${encoded({ alg, kid: keys.signing.kid, typ: 'JWT' })}.${encoded(content)}`;
  return `${text}.${signature(text).toString('base64url')}`;
};
const signed = (content: object, by = keys): string =>
  made('EdDSA', content, (text) =>
    sign(null, Buffer.from(text), createPrivateKey({ key: by.signing as JsonWebKey, format: 'jwk' })),
  );

/** Each as somebody would make it who wants to be Ada, or an administrator. */
const forgeries: Readonly<Record<string, () => Promise<string>>> = {
  'without a signature (alg none)': async () => made('none', claims, () => Buffer.alloc(0)),
  'without a signature, of our kind': async () => made('EdDSA', claims, () => Buffer.alloc(0)),
  'signed by another key': async () =>
    signToken(await createKeys(), { subject: ada.customer.id, role: 'admin' }),
  'signed by another key under the name of ours': async () => signed(claims, await createKeys()),
  'signed by HMAC with the public key': async () =>
    made('HS256', claims, (text) =>
      createHmac('sha256', Buffer.from(String(keys.keys[0]?.x), 'base64url'))
        .update(text)
        .digest(),
    ),
  'that has expired': async () => signed({ ...claims, exp: Math.floor(Date.now() / 1000) - 60 }),
  'for another audience': async () => signed({ ...claims, aud: 'elsewhere' }),
  'from another issuer': async () => signed({ ...claims, iss: 'elsewhere' }),
  'without an end': async () => signed({ ...claims, exp: undefined }),
  'of a kind that there is not': async () => signed({ ...claims, kind: 'root' }),
  'made of a guest’s, with other content': async () => {
    const [head, , signature] = (await becomeGuest()).split('.');
    return `${head}.${encoded(claims)}.${signature}`;
  },
  'that is a refresh token': async () => ada.tokens.refreshToken,
  'that is a device token': async () => ada.deviceToken,
};

describe('a token is refused', () => {
  test.each(Object.keys(forgeries))('%s', async (name) => {
    const token = await forgeries[name]?.();
    const asked = await ask('{ me { id email } mySecurity { accountId } }', token);
    expect(asked.errors.map(({ extensions }: Answer) => extensions.code)).toContain('UNAUTHENTICATED');
    expect(JSON.stringify(asked.data ?? null)).not.toContain(ada.customer.id);
    const changed = await change('otherSessionsRevoke', {}, token);
    expect(changed.errors[0].extensions.code).toBe('UNAUTHENTICATED');
  });

  test('in none of these ways where it is right', async () => {
    expect((await ask('{ me { id } }', signed(claims))).data).toEqual({ me: { id: ada.customer.id } });
  });
});

describe('a token of another kind opens nothing', () => {
  test('a guest’s is no customer’s, though it has a customer’s id', async () => {
    const { id } = ada.customer;
    for (const token of [
      await becomeGuest(),
      await signToken(keys, { subject: id, role: 'guest' }),
      await signToken(keys, { subject: id, role: 'guest', sessionId: 'any' }),
    ]) {
      const { data } = await ask('{ me { id } mySecurity { accountId } }', token);
      expect(data).toEqual({ me: null, mySecurity: null });
      expect(await change('erasureRequest', {}, token)).toMatchObject({ __typename: 'SessionEnded' });
      expect(await change('otherSessionsRevoke', {}, token)).toMatchObject({ __typename: 'SessionEnded' });
      expect((await ask(`{ customer(id: "${id}") { email } }`, token)).errors[0].extensions.code).toBe(
        'UNAUTHENTICATED',
      );
    }
  });

  test('a customer’s is no member’s of staff with the same id', async () => {
    const token = await signToken(keys, { subject: ada.customer.id, role: 'support' });
    expect((await ask('{ me { id } mySecurity { accountId } }', token)).data).toEqual({
      me: null,
      mySecurity: null,
    });
  });

  test('none but a refresh token refreshes, signs out or is a mail’s', async () => {
    const guest = await becomeGuest();
    const { accessToken, refreshToken } = ada.tokens;
    for (const wrong of [accessToken, guest, ada.deviceToken, `${refreshToken}x`, '']) {
      expect(await change('sessionRefresh', { refreshToken: wrong })).toMatchObject({
        __typename: 'SessionEnded',
      });
      expect(
        await change('signOut', { refreshToken: wrong }, undefined, '... on SignedOut { wasOpen }'),
      ).toMatchObject({ wasOpen: false });
    }
    for (const token of [accessToken, refreshToken, ada.deviceToken]) {
      const reset = { token, newPassword: 'another good password' };
      expect(await change('passwordReset', reset)).toMatchObject({ __typename: 'LinkRefused' });
      expect(await change('emailVerify', { token, password })).toMatchObject({ __typename: 'LinkRefused' });
      expect(await change('signInConfirm', { challenge: token, code: '123456' })).toMatchObject({
        __typename: 'ChallengeEnded',
      });
    }
    // None of it has ended her session.
    expect(await change('sessionRefresh', { refreshToken })).toMatchObject({
      __typename: 'SessionRefreshed',
    });
  });
});

test('nothing that a stranger is answered tells whether an address has an account', async () => {
  const message = '... on UserError { message }';
  const asks: readonly [string, object][] = [
    ['signIn', { password: 'a wrong password' }],
    ['signUp', { password }],
    ['passwordResetRequest', {}],
  ];
  for (const [mutation, input] of asks) {
    const [known, unknown] = [
      await change(mutation, { ...input, email }, undefined, message),
      await change(mutation, { ...input, email: 'nobody@example.com' }, undefined, message),
    ];
    expect(known.__typename).toMatch(/Refused|Accepted|Requested/);
    expect(unknown).toEqual(known);
  }
  for (const one of [email, 'nobody@example.com']) {
    const { errors } = await ask(`{ customerByEmail(email: "${one}") { id } }`);
    expect(errors[0].extensions.code).toMatch(/UNAUTHENTICATED|FORBIDDEN/);
  }
});
