import { key } from '@storegraph/testing';
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
afterAll(() => shop.stop());

let addresses = 0;
const newAddress = () => {
  addresses += 1;
  return `203.0.113.${addresses}`;
};
const guess = (email: string, address: string, more: object = {}): Promise<Answer> =>
  shop.signIn(email, { address }, { password: 'a wrong password', ...more });
/** As many guesses as answer nothing but "no", at once. */
const guesses = (count: number, email: string, addressOf: (place: number) => string) =>
  Promise.all(Array.from({ length: count }, (_, place) => guess(email, addressOf(place))));
const typesOf = (answers: Answer[]) => answers.map(({ __typename }) => __typename);
/** Lets so much time pass since the last attempts. */
const later = (seconds: number) =>
  shop.db.execute(sql`update attempts set next_at = next_at - make_interval(secs => ${seconds}),
    last_at = last_at - make_interval(secs => ${seconds})`);

describe('guesses', () => {
  test('from one address are slowed down, twice as long each time, also many at once', async () => {
    const { email } = await shop.newcomer();
    const address = newAddress();
    const all = await guesses(50, email, () => address);
    expect(all.filter(({ __typename }) => __typename === 'CredentialsRefused')).toHaveLength(5);
    expect(all.filter(({ __typename }) => __typename === 'AttemptDelayed')).toHaveLength(45);
    const waits: number[] = [];
    for (let round = 0; round < 12; round += 1) {
      const { retryAfterSeconds } = await guess(email, address);
      waits.push(retryAfterSeconds);
      await later(retryAfterSeconds);
      expect(await guess(email, address)).toMatchObject({ __typename: 'CredentialsRefused' });
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
  });

  test('with the right password are delayed too while a wait lasts: it says nothing', async () => {
    const { email } = await shop.newcomer();
    const address = newAddress();
    await guesses(5, email, () => address);
    expect(await shop.signIn(email, { address })).toMatchObject({ __typename: 'AttemptDelayed' });
    await later(1);
    expect(await shop.signIn(email, { address })).toMatchObject({ __typename: 'SignedIn' });
    // What failed is forgotten with the success.
    expect(typesOf(await guesses(4, email, () => address))).not.toContain('AttemptDelayed');
  });

  test('at many accounts from one address are slowed down', async () => {
    const address = newAddress();
    const all = await Promise.all(Array.from({ length: 40 }, () => guess(newEmail(), address)));
    expect(typesOf(all).filter((type) => type === 'AttemptDelayed')).toHaveLength(10);
  });

  test('from everywhere at one account do not lock its owner out', async () => {
    const { email, deviceToken } = await shop.newcomer();
    const all = await guesses(60, email, () => newAddress());
    expect(typesOf(all).filter((type) => type === 'CredentialsRefused')).toHaveLength(30);
    // A device that was signed in before is not held up.
    expect(await shop.signIn(email, { address: newAddress() }, { deviceToken })).toMatchObject({
      __typename: 'SignedIn',
    });
    // A new one is, until the mail opens the way.
    expect(await shop.signIn(email, { address: newAddress() })).toMatchObject({
      __typename: 'AttemptDelayed',
    });
    await shop.change('passwordResetRequest', { email }, { address: newAddress() });
    const token = tokenIn((await shop.mailsTo(email))[0]);
    const reset = await shop.change('passwordReset', { token, newPassword: 'another good password' });
    expect(reset).toMatchObject({ __typename: 'PasswordReset' });
    const more = { password: 'another good password' };
    expect(await shop.signIn(email, { address: newAddress() }, more)).toMatchObject({
      __typename: 'SignedIn',
    });
    await guesses(60, email, () => newAddress());
    const known = { ...more, deviceToken: reset.deviceToken };
    expect(await shop.signIn(email, { address: newAddress() }, known)).toMatchObject({
      __typename: 'SignedIn',
    });
  });

  test('with the device token of another account, or one made up, have no count of their own', async () => {
    const { email } = await shop.newcomer();
    const { deviceToken } = await shop.newcomer();
    const address = newAddress();
    for (const stolen of [deviceToken, `${deviceToken.slice(0, 37)}${'A'.repeat(43)}`, 'x'])
      for (let place = 0; place < 5; place += 1) await guess(email, address, { deviceToken: stolen });
    expect(await guess(email, address, { deviceToken })).toMatchObject({ __typename: 'AttemptDelayed' });
  });

  test('under the key of a sign-in that succeeded are counted as all others', async () => {
    const { email } = await shop.newcomer();
    const idempotencyKey = `sign-in-of-${key()}`;
    await shop.signIn(email, { address: newAddress() }, { idempotencyKey });
    const address = newAddress();
    const all = [];
    for (let place = 0; place < 7; place += 1) all.push(await guess(email, address, { idempotencyKey }));
    expect(typesOf(all)).toEqual([
      ...Array(5).fill('IdempotencyConflict'),
      'AttemptDelayed',
      'AttemptDelayed',
    ]);
    // The right one among them is not told by its outcome either.
    expect(await shop.signIn(email, { address }, { idempotencyKey })).toMatchObject({
      __typename: 'AttemptDelayed',
    });
  });

  test('are not what a client does that sends its sign-in again', async () => {
    const { email } = await shop.newcomer();
    const address = newAddress();
    const again = { idempotencyKey: key() };
    for (let place = 0; place < 12; place += 1)
      expect(await shop.signIn(email, { address }, again)).toMatchObject({ __typename: 'SignedIn' });
    expect(typesOf(await guesses(5, email, () => address))).not.toContain('AttemptDelayed');
  });

  test('are forgotten after an hour', async () => {
    const { email } = await shop.newcomer();
    const address = newAddress();
    await guesses(20, email, () => address);
    await later(3_601);
    expect(typesOf(await guesses(5, email, () => address))).not.toContain('AttemptDelayed');
  });

  test('at the password of a session that is open are slowed down', async () => {
    const signedIn = await shop.newcomer();
    const viewer = await shop.viewerOf(signedIn);
    const asked = await Promise.all(
      Array.from({ length: 8 }, () =>
        shop.change('totpEnroll', { password: 'a wrong password' }, { viewer }),
      ),
    );
    expect(typesOf(asked).filter((type) => type === 'AttemptDelayed')).toHaveLength(3);
  });

  test('leave nothing readable behind', async () => {
    const email = newEmail();
    const address = newAddress();
    await guess(email, address);
    const rows = JSON.stringify(await shop.db.execute(sql`select * from attempts`));
    for (const trace of [email, address]) expect(rows).not.toContain(trace);
  });
});

describe('whether an address has an account is told by nothing', () => {
  /** What a stranger sees: the answer without what differs between any two, and the work it took. */
  const seen = async (mutation: string, input: object) => {
    const document = `mutation ($input: ${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input!) {
      ${mutation}(input: $input) { __typename ... on UserError { message } } }`;
    const variables = { input: { idempotencyKey: key(), ...input } };
    const { data, errors, statements } = await shop.execute(document, variables, undefined, newAddress());
    return { data, errors, statements };
  };

  test('sign-in refuses both with the same words and work', async () => {
    const { email } = await shop.newcomer();
    const wrong = { password: 'a wrong password' };
    const known = await seen('signIn', { email, ...wrong });
    expect(known.data.signIn.__typename).toBe('CredentialsRefused');
    expect(await seen('signIn', { email: newEmail(), ...wrong })).toEqual(known);
  });

  test('sign-up accepts both, with the same work, and the mail alone tells', async () => {
    const { email } = await shop.newcomer();
    const stranger = newEmail();
    const known = await seen('signUp', { email, password: goodPassword });
    expect(await seen('signUp', { email: stranger, password: goodPassword })).toEqual(known);
    expect((await shop.mailsTo(email))[0].subject).toBe('You have an account at The shop');
    expect((await shop.mailsTo(stranger))[0].subject).toBe('Confirm your address for The shop');
  });

  test('a reset is accepted for both, with the same work', async () => {
    const { email } = await shop.newcomer();
    const stranger = newEmail();
    const known = await seen('passwordResetRequest', { email });
    expect(await seen('passwordResetRequest', { email: stranger })).toEqual(known);
    expect(await shop.mailsTo(stranger)).toEqual([]);
    expect((await shop.mailsTo(email))[0].subject).toBe('A new password for The shop');
  });
});

describe('mails', () => {
  test('to one address are few, whoever asks for them', async () => {
    const { email } = await shop.newcomer();
    for (let place = 0; place < 8; place += 1)
      await shop.change('passwordResetRequest', { email }, { address: newAddress() });
    const resets = (await shop.mailsTo(email)).filter(({ subject }) => subject.startsWith('A new password'));
    expect(resets).toHaveLength(5);
  });

  test('are asked for slower and slower from one address', async () => {
    const address = newAddress();
    const all = await Promise.all(
      Array.from({ length: 25 }, () =>
        shop.change('passwordResetRequest', { email: newEmail() }, { address }),
      ),
    );
    expect(typesOf(all).filter((type) => type === 'AttemptDelayed')).toHaveLength(5);
  });
});
