import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  goodPassword,
  newEmail,
  type OpenAccounts,
  openAccounts,
  tokenIn,
} from './account-fixture.ts';

let shop: OpenAccounts;
beforeAll(async () => {
  shop = await openAccounts();
});
afterAll(async () => {
  expect(await shop.broken()).toEqual({});
  await shop.stop();
});

const newPassword = 'another good password';
const resetToken = async (email: string): Promise<string> => {
  await shop.change('passwordResetRequest', { email });
  const mails = await shop.mailsTo(email);
  return tokenIn(mails.find(({ subject }) => subject.startsWith('A new password')));
};
const refreshed = ({ tokens }: Answer): Promise<Answer> =>
  shop.change('sessionRefresh', { refreshToken: tokens.refreshToken });

describe('a password', () => {
  test('is changed by whoever knows it, and all other sessions end', async () => {
    const first = await shop.newcomer();
    const { email } = first;
    const second = await shop.signIn(email);
    const viewer = await shop.viewerOf(second);
    const change = (currentPassword: string) =>
      shop.change('passwordChange', { currentPassword, newPassword }, { viewer });
    expect(await change('a wrong password')).toMatchObject({ __typename: 'CredentialsRefused' });
    expect(await change(goodPassword)).toMatchObject({
      __typename: 'PasswordChanged',
      changedAt: expect.any(String),
    });
    expect(await refreshed(first)).toMatchObject({ __typename: 'SessionEnded' });
    expect(await refreshed(second)).toMatchObject({ __typename: 'SessionRefreshed' });
    expect(await shop.signIn(email)).toMatchObject({ __typename: 'CredentialsRefused' });
    expect(await shop.signIn(email, {}, { password: newPassword })).toMatchObject({ __typename: 'SignedIn' });
    expect((await shop.mailsTo(email))[0].text).toContain('the password of your account was changed');
  });

  test('is the same in every way its letters can be composed', async () => {
    const { email } = await shop.newcomer();
    await shop.change('passwordReset', { token: await resetToken(email), newPassword: 'Ångström größer' });
    expect(await shop.signIn(email, {}, { password: 'Ångström größer'.normalize('NFD') })).toMatchObject({
      __typename: 'SignedIn',
    });
  });

  test('is set anew by the mail, once, and every session ends', async () => {
    const signedIn = await shop.newcomer();
    const token = await resetToken(signedIn.email);
    const other = await resetToken(signedIn.email);
    expect(await shop.change('passwordReset', { token, newPassword: 'short' })).toMatchObject({
      __typename: 'InvalidInput',
    });
    expect(await shop.change('passwordReset', { token, newPassword })).toMatchObject({
      __typename: 'PasswordReset',
    });
    expect(await refreshed(signedIn)).toMatchObject({ __typename: 'SessionEnded' });
    for (const used of [token, other])
      expect(await shop.change('passwordReset', { token: used, newPassword })).toMatchObject({
        __typename: 'LinkRefused',
      });
  });

  test('is set once by two who have the link at once', async () => {
    const { email } = await shop.newcomer();
    const token = await resetToken(email);
    const outcomes = await Promise.all(
      ['the first of them', 'the other of them'].map((one) =>
        shop.change('passwordReset', { token, newPassword: one }),
      ),
    );
    expect(outcomes.map(({ __typename }) => __typename).sort()).toEqual(['LinkRefused', 'PasswordReset']);
  });

  test('is not set by a link past its time, of another kind, or made up', async () => {
    const { email, customer, ...signedIn } = await shop.newcomer();
    const late = await resetToken(email);
    await shop.db.execute(sql`update links set expires_at = now() where account_id = ${customer.id}`);
    const viewer = await shop.viewerOf(signedIn);
    const newEmailOf = newEmail();
    await shop.change('emailChangeRequest', { password: goodPassword, newEmail: newEmailOf }, { viewer });
    const change = tokenIn((await shop.mailsTo(newEmailOf))[0]);
    for (const token of [late, change, `${late.slice(0, 37)}${'A'.repeat(43)}`, 'x', ''])
      expect(await shop.change('passwordReset', { token, newPassword })).toMatchObject({
        __typename: 'LinkRefused',
      });
  });
});

describe('an address', () => {
  test('is changed by who is signed in and reads the mail to the new one', async () => {
    const signedIn = await shop.newcomer();
    const viewer = await shop.viewerOf(signedIn);
    const wanted = newEmail();
    expect(
      await shop.change('emailChangeRequest', { password: 'a wrong password', newEmail: wanted }, { viewer }),
    ).toMatchObject({ __typename: 'CredentialsRefused' });
    await shop.change('emailChangeRequest', { password: goodPassword, newEmail: wanted }, { viewer });
    const token = tokenIn((await shop.mailsTo(wanted))[0]);
    const stranger = await shop.viewerOf(await shop.newcomer());
    expect(await shop.change('emailChangeConfirm', { token }, { viewer: stranger })).toMatchObject({
      __typename: 'LinkRefused',
    });
    expect(await shop.change('emailChangeConfirm', { token }, { viewer })).toMatchObject({
      __typename: 'EmailChanged',
      email: wanted,
    });
    expect(await shop.signIn(wanted)).toMatchObject({ __typename: 'SignedIn' });
    expect(await shop.signIn(signedIn.email)).toMatchObject({ __typename: 'CredentialsRefused' });
    expect((await shop.mailsTo(signedIn.email))[0].text).toContain('another e-mail address');
  });

  test('that somebody has is not taken, and its owner alone hears of it', async () => {
    const owner = await shop.newcomer();
    const signedIn = await shop.newcomer();
    const viewer = await shop.viewerOf(signedIn);
    const input = { password: goodPassword, newEmail: owner.email };
    expect(await shop.change('emailChangeRequest', input, { viewer })).toMatchObject({
      __typename: 'EmailChangeRequested',
    });
    expect((await shop.mailsTo(owner.email))[0].subject).toBe('You have an account at The shop');
  });

  test('that two want is for the first who confirms', async () => {
    const wanted = newEmail();
    const both = [];
    for (let place = 0; place < 2; place += 1) {
      const viewer = await shop.viewerOf(await shop.newcomer());
      await shop.change('emailChangeRequest', { password: goodPassword, newEmail: wanted }, { viewer });
      both.push({ viewer, token: tokenIn((await shop.mailsTo(wanted))[0]) });
    }
    const outcomes = await Promise.all(
      both.map(({ viewer, token }) => shop.change('emailChangeConfirm', { token }, { viewer })),
    );
    expect(outcomes.map(({ __typename }) => __typename).sort()).toEqual(['EmailChanged', 'LinkRefused']);
  });
});
