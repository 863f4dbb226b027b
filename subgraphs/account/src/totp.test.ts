import { key } from '@storegraph/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, goodPassword, type OpenAccounts, openAccounts } from './account-fixture.ts';
import { codesOf, guard } from './totp-fixture.ts';

let shop: OpenAccounts;
beforeAll(async () => {
  shop = await openAccounts();
});
afterAll(async () => {
  expect(await shop.broken()).toEqual({});
  await shop.stop();
});

const guarded = async () => guard(shop, await shop.newcomer());
const confirm = (challenge: string, code: string, idempotencyKey = key()): Promise<Answer> =>
  shop.change('signInConfirm', { challenge, code, idempotencyKey });
const securityOf = async (viewer: Answer) =>
  (await shop.ask('{ mySecurity { totpEnabledAt recoveryCodesLeft } }', { viewer })).mySecurity;

describe('the second factor', () => {
  test('holds from the first code on, with ten recovery codes', async () => {
    const signedIn = await shop.newcomer();
    const viewer = await shop.viewerOf(signedIn);
    expect(await shop.change('totpEnroll', { password: 'a wrong password' }, { viewer })).toMatchObject({
      __typename: 'CredentialsRefused',
    });
    const enrolling = await shop.change('totpEnroll', { password: goodPassword }, { viewer });
    expect(enrolling.uri).toContain(`secret=${enrolling.secret}&issuer=The%20shop`);
    expect(await shop.signIn(signedIn.email)).toMatchObject({ __typename: 'SignedIn' });
    expect(await shop.change('totpConfirm', { code: '000000' }, { viewer })).toMatchObject({
      __typename: 'CodeRefused',
    });
    const [code = ''] = codesOf(enrolling.secret);
    const enabled = await shop.change('totpConfirm', { code }, { viewer });
    expect(new Set(enabled.recoveryCodes).size).toBe(10);
    expect(await securityOf(viewer)).toMatchObject({
      totpEnabledAt: expect.any(String),
      recoveryCodesLeft: 10,
    });
    expect(await shop.change('totpEnroll', { password: goodPassword }, { viewer })).toMatchObject({
      __typename: 'TotpAlreadyEnabled',
    });
  });

  test('is asked for at sign-in, and a code counts once', async () => {
    const { email, codes } = await guarded();
    const asked = await shop.signIn(email);
    expect(asked).toMatchObject({ __typename: 'SecondFactorNeeded' });
    expect(await confirm(asked.challenge, codes.first)).toMatchObject({ __typename: 'CodeRefused' });
    expect(await confirm(asked.challenge, codes.second)).toMatchObject({ __typename: 'SignedIn' });
    expect(await confirm(asked.challenge, codes.third)).toMatchObject({ __typename: 'ChallengeEnded' });
    const again = await shop.signIn(email);
    expect(await confirm(again.challenge, codes.second)).toMatchObject({ __typename: 'CodeRefused' });
  });

  test('is one code for one of many at once', async () => {
    const { email, codes } = await guarded();
    const challenges = await Promise.all([shop.signIn(email), shop.signIn(email), shop.signIn(email)]);
    const outcomes = await Promise.all(challenges.map(({ challenge }) => confirm(challenge, codes.second)));
    const types = outcomes.map(({ __typename }) => __typename);
    expect(types.sort()).toEqual(['CodeRefused', 'CodeRefused', 'SignedIn']);
  });

  test('takes each recovery code once, in any writing', async () => {
    const { email, viewer, recoveryCodes } = await guarded();
    const [code] = recoveryCodes;
    const [one, other] = [await shop.signIn(email), await shop.signIn(email)];
    expect(await confirm(one.challenge, code.toLowerCase().replaceAll('-', ' '))).toMatchObject({
      __typename: 'SignedIn',
    });
    expect(await confirm(other.challenge, code)).toMatchObject({ __typename: 'CodeRefused' });
    expect(await securityOf(viewer)).toMatchObject({ recoveryCodesLeft: 9 });
  });

  test('ends a challenge after five wrong codes, and none is made up', async () => {
    const { email, codes } = await guarded();
    const { challenge } = await shop.signIn(email);
    for (let place = 0; place < 5; place += 1)
      expect(await confirm(challenge, '000000')).toMatchObject({ __typename: 'CodeRefused' });
    expect(await confirm(challenge, codes.second)).toMatchObject({ __typename: 'ChallengeEnded' });
    const [id] = challenge.split('.');
    for (const forged of ['', id, `${id}.${'A'.repeat(43)}`])
      expect(await confirm(forged, codes.second)).toMatchObject({ __typename: 'ChallengeEnded' });
  });

  test('is guessed at slower and slower, over however many challenges', async () => {
    const { email } = await guarded();
    const challenges = await Promise.all(Array.from({ length: 3 }, () => shop.signIn(email)));
    const outcomes = await Promise.all(
      challenges.flatMap(({ challenge }) => Array.from({ length: 5 }, () => confirm(challenge, '000000'))),
    );
    const delayed = outcomes.filter(({ __typename }) => __typename === 'AttemptDelayed');
    expect(delayed).toHaveLength(5);
  });

  test('is not gone round by a reset of the password', async () => {
    const { email } = await guarded();
    await shop.change('passwordResetRequest', { email });
    const [mail] = await shop.mailsTo(email);
    const { tokenIn } = await import('./account-fixture.ts');
    const newPassword = 'another good password';
    const { deviceToken } = await shop.change('passwordReset', { token: tokenIn(mail), newPassword });
    expect(await shop.signIn(email, {}, { password: newPassword, deviceToken })).toMatchObject({
      __typename: 'SecondFactorNeeded',
    });
  });

  test('is switched off by password and code, and renews its recovery codes by a code', async () => {
    const { email, viewer, codes, recoveryCodes } = await guarded();
    const renewed = await shop.change('recoveryCodesRenew', { code: codes.second }, { viewer });
    expect(renewed.recoveryCodes).toHaveLength(10);
    const { challenge } = await shop.signIn(email);
    expect(await confirm(challenge, recoveryCodes[0])).toMatchObject({ __typename: 'CodeRefused' });
    const off = { password: goodPassword, code: renewed.recoveryCodes[0] };
    expect(await shop.change('totpDisable', { ...off, code: '000000' }, { viewer })).toMatchObject({
      __typename: 'CodeRefused',
    });
    expect(await shop.change('totpDisable', off, { viewer })).toMatchObject({ __typename: 'TotpDisabled' });
    expect(await shop.signIn(email)).toMatchObject({ __typename: 'SignedIn' });
  });

  test('is not kept where it could be read', async () => {
    const { secret, recoveryCodes } = await guarded();
    const rows = JSON.stringify([
      await shop.db.execute('select * from accounts'),
      await shop.db.execute('select * from idempotency_keys'),
    ]);
    for (const hidden of [secret, recoveryCodes[0]]) expect(rows).not.toContain(hidden);
  });
});
