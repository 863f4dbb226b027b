import { randomBytes } from 'node:crypto';
import { key } from '@storegraph/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  goodPassword,
  type OpenAccounts,
  openAccounts,
  secretOf,
  tokenIn,
} from './account-fixture.ts';
import { openIssuer, type Person } from './identity-fixture.ts';
import { factorsBySecret } from './repository.ts';
import { codeOf, stepAt } from './totp-domain.ts';

/** The secret that everything is derived from is replaced: the old one is known beside the new one for a while. */

const [before, after] = [randomBytes(32), randomBytes(32)] as const;
const people = new Map<string, Person>();
let issuer: Awaited<ReturnType<typeof openIssuer>>;
let shop: OpenAccounts;
let both: Awaited<ReturnType<OpenAccounts['withSecrets']>>;
let newAlone: typeof both;
beforeAll(async () => {
  issuer = await openIssuer(people);
  const ours = {
    ...issuer.ours,
    redirectUris: [...issuer.ours.redirectUris],
    clientSecret: issuer.ours.clientSecret,
  };
  shop = await openAccounts({ OIDC_PROVIDERS: [ours] }, [before]);
  both = await shop.withSecrets(after, before);
  newAlone = await shop.withSecrets(after);
});
afterAll(async () => {
  expect(await shop.broken()).toEqual({});
  await Promise.all([both.stop(), newAlone.stop()]);
  await shop.stop();
  await issuer.stop();
});

const guess = { password: 'a wrong password' };

describe('what was given out under the old secret holds beside the new one, and not without', () => {
  test('a session, which goes on under the new one', async () => {
    const { tokens } = await shop.newcomer();
    const { refreshToken } = tokens;
    expect(await newAlone.change('sessionRefresh', { refreshToken })).toMatchObject({
      __typename: 'SessionEnded',
    });
    const next = await both.change('sessionRefresh', { refreshToken });
    expect(next).toMatchObject({ __typename: 'SessionRefreshed' });
    const given = { refreshToken: next.tokens.refreshToken };
    // A process that has not heard of the new one: so it is made known everywhere before it is the first.
    expect(await shop.change('sessionRefresh', given)).toMatchObject({ __typename: 'SessionEnded' });
    expect(await newAlone.change('sessionRefresh', given)).toMatchObject({
      __typename: 'SessionRefreshed',
    });
  });

  test('a device that has a count of its own', async () => {
    const { email, deviceToken } = await shop.newcomer();
    const address = '192.0.2.1';
    for (let place = 0; place < 6; place += 1) await both.change('signIn', { email, ...guess }, { address });
    const input = { email, password: goodPassword };
    expect(await both.change('signIn', input, { address })).toMatchObject({ __typename: 'AttemptDelayed' });
    expect(await both.change('signIn', { ...input, deviceToken }, { address })).toMatchObject({
      __typename: 'SignedIn',
    });
  });

  test('the token in a mail', async () => {
    const { email } = await shop.newcomer();
    await shop.change('passwordResetRequest', { email });
    const input = { token: tokenIn((await shop.mailsTo(email))[0]), newPassword: 'another good password' };
    expect(await newAlone.change('passwordReset', input)).toMatchObject({ __typename: 'LinkRefused' });
    expect(await both.change('passwordReset', input)).toMatchObject({ __typename: 'PasswordReset' });
  });

  test('a second factor and its recovery codes', async () => {
    const signedIn = await shop.newcomer();
    const viewer = await shop.viewerOf(signedIn);
    const { secret } = await shop.change('totpEnroll', { password: goodPassword }, { viewer });
    const codeAt = (drift: number) => codeOf(secretOf(secret), stepAt(Date.now()) + drift);
    const { recoveryCodes } = await shop.change('totpConfirm', { code: codeAt(-1) }, { viewer });
    const input = { email: signedIn.email, password: goodPassword };
    for (const code of [codeAt(0), recoveryCodes[3]]) {
      const { challenge } = await both.change('signIn', input);
      expect(await newAlone.change('signInConfirm', { challenge, code })).toMatchObject({
        __typename: 'CodeRefused',
      });
      expect(await both.change('signInConfirm', { challenge, code })).toMatchObject({
        __typename: 'SignedIn',
      });
    }
    const { challenge } = await both.change('signIn', input);
    expect(await both.change('signInConfirm', { challenge, code: recoveryCodes[3] })).toMatchObject({
      __typename: 'CodeRefused',
    });
    // An operator sees that the old secret is still needed.
    expect([...(await factorsBySecret(shop.db)).values()]).toEqual([1]);
  });

  test('a way to a provider', async () => {
    people.set('somebody', { email: 'somebody@example.com', email_verified: true });
    const { redirectUri } = issuer;
    const { url, flow } = await shop.change('identityStart', { provider: 'elsewhere', redirectUri });
    const callbackUrl = await issuer.visit(url, 'somebody');
    expect(await both.change('identityFinish', { flow, callbackUrl })).toMatchObject({
      __typename: 'SignedIn',
    });
  });
});

describe('a repeat under its key', () => {
  const sameAs = async (mutation: string, input: object): Promise<[Answer, Answer]> => {
    const repeated = { idempotencyKey: key(), ...input };
    return [await shop.change(mutation, repeated), await both.change(mutation, repeated)];
  };

  test('that comes after the change is given its outcome', async () => {
    const { email, tokens } = await shop.newcomer();
    const [first, again] = await sameAs('signIn', { email, password: goodPassword });
    expect(again.session.id).toBe(first.session.id);
    const [refreshed, repeated] = await sameAs('sessionRefresh', { refreshToken: tokens.refreshToken });
    expect(repeated.session.id).toBe(refreshed.session.id);
    expect(repeated.extensions.idempotency).toEqual({ replayed: ['sessionRefresh'] });
  });

  test('with another input is a conflict as ever', async () => {
    const { email } = await shop.newcomer();
    const idempotencyKey = key();
    await shop.change('signIn', { email, password: goodPassword, idempotencyKey });
    expect(await both.change('signIn', { email, ...guess, idempotencyKey })).toMatchObject({
      __typename: 'IdempotencyConflict',
    });
  });
});
