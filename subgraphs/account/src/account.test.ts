import { anonymous } from '@storegraph/server';
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
afterAll(async () => {
  expect(await shop.broken()).toEqual({});
  await shop.stop();
});

const guestViewer = async () => {
  const { token, guestId } = await shop.change('guestCreate');
  return { viewer: await shop.viewerOf({ tokens: { accessToken: token } }), guestId };
};
const factsAfter = async (before: number) =>
  (await shop.log.read(before, 1_000)).map(({ type, data }) => ({ type, data }));

describe('a guest', () => {
  test('is a signed token without scopes, and renews itself', async () => {
    const { viewer, guestId } = await guestViewer();
    expect(viewer).toEqual({ kind: 'guest', id: guestId, scopes: new Set() });
    const renewed = await shop.change('guestCreate', {}, { viewer });
    expect(renewed.guestId).toBe(guestId);
    expect((await shop.change('guestCreate')).guestId).not.toBe(guestId);
  });

  test('is nobody to the account that asks', async () => {
    const { viewer } = await guestViewer();
    expect(await shop.ask('{ me { id } mySecurity { accountId } }', { viewer })).toEqual({
      me: null,
      mySecurity: null,
    });
    expect(await shop.change('otherSessionsRevoke', {}, { viewer })).toMatchObject({
      __typename: 'SessionEnded',
    });
  });
});

describe('sign-up', () => {
  test('makes an account by the mail and the password, and the guest becomes the customer', async () => {
    const { viewer, guestId } = await guestViewer();
    const before = await shop.log.head();
    const email = newEmail();
    expect(
      await shop.change('signUp', { email: ` ${email} `, password: goodPassword }, { viewer }),
    ).toMatchObject({
      __typename: 'SignUpAccepted',
      email,
    });
    const [mail] = await shop.mailsTo(email);
    const token = tokenIn(mail);
    const outcome = await shop.change('emailVerify', { token, password: goodPassword });
    expect(outcome).toMatchObject({
      __typename: 'SignedIn',
      customer: { email, state: 'ACTIVE' },
      staffMember: null,
      session: { isCurrent: false },
    });
    const customerId = outcome.customer.id;
    const own = await shop.viewerOf(outcome);
    expect(own).toMatchObject({ kind: 'customer', id: customerId, sessionId: outcome.session.id });
    expect(await shop.ask('{ me { id email } }', { viewer: own })).toEqual({ me: { id: customerId, email } });
    expect(await factsAfter(before)).toEqual([
      { type: 'account.customer_created', data: { customerId } },
      { type: 'account.signed_in', data: { customerId, guestId, at: expect.any(String) } },
    ]);
    // The token has been used.
    expect(await shop.change('emailVerify', { token, password: goodPassword })).toMatchObject({
      __typename: 'LinkRefused',
    });
  });

  test('tells of both guests when it is begun on one device and confirmed on another', async () => {
    const [first, second] = [await guestViewer(), await guestViewer()];
    const email = newEmail();
    await shop.change('signUp', { email, password: goodPassword }, first);
    const token = tokenIn((await shop.mailsTo(email))[0]);
    const before = await shop.log.head();
    await shop.change('emailVerify', { token, password: goodPassword }, second);
    const told = (await factsAfter(before)).filter(({ type }) => type === 'account.signed_in');
    expect(told.map(({ data }: Answer) => data.guestId)).toEqual([second.guestId, first.guestId]);
  });

  test('is not confirmed by whoever has the mail alone, nor by who has the password alone', async () => {
    const email = newEmail();
    await shop.change('signUp', { email, password: 'chosen by a stranger' });
    const token = tokenIn((await shop.mailsTo(email))[0]);
    expect(await shop.change('emailVerify', { token, password: goodPassword })).toMatchObject({
      __typename: 'CredentialsRefused',
    });
    expect(await shop.signIn(email, {}, { password: 'chosen by a stranger' })).toMatchObject({
      __typename: 'CredentialsRefused',
    });
    expect(
      await shop.change('emailVerify', { token: `${token}x`, password: 'chosen by a stranger' }),
    ).toMatchObject({
      __typename: 'LinkRefused',
    });
  });

  test('of one address by two people is for the first who confirms', async () => {
    const email = newEmail();
    for (const password of ['the first password', 'the other password'])
      await shop.change('signUp', { email, password });
    const tokens = (await shop.mailsTo(email)).map(tokenIn);
    const [other, first] = tokens;
    const results = await Promise.all([
      shop.change('emailVerify', { token: first, password: 'the first password' }),
      shop.change('emailVerify', { token: other, password: 'the other password' }),
    ]);
    expect(results.map(({ __typename }) => __typename).sort()).toEqual(['LinkRefused', 'SignedIn']);
  });

  test('is not kept from anybody by others who sign up with the address', async () => {
    const email = newEmail();
    for (let place = 0; place < 6; place += 1)
      await shop.change('signUp', { email, password: `a stranger's choice ${place}` });
    await shop.change('signUp', { email, password: goodPassword });
    // Five mails an hour were sent, none of them for the last one; each proves the address.
    const mails = await shop.mailsTo(email);
    expect(mails).toHaveLength(5);
    const outcome = await shop.change('emailVerify', { token: tokenIn(mails[0]), password: goodPassword });
    expect(outcome).toMatchObject({ __typename: 'SignedIn', customer: { email } });
    expect(await shop.signIn(email, {}, { password: "a stranger's choice 4" })).toMatchObject({
      __typename: 'CredentialsRefused',
    });
  });

  test.each([
    ['short', 'must have at least 10 characters'],
    ['1234567890', 'is one of those that are tried first'],
    ['aaaaaaaaaaaaaa', 'is one of those that are tried first'],
    ['a'.repeat(201), 'must have at most 200 characters'],
  ])('refuses the password %.12s', async (password, message) => {
    expect(await shop.change('signUp', { email: newEmail(), password })).toMatchObject({
      __typename: 'InvalidInput',
      problems: [{ path: ['password'], message }],
    });
  });

  test.each([
    '',
    'a',
    'a@b',
    'a b@c.de',
    'a@b.de\nbcc: x@y.de',
    'a@b.de,c@d.de',
    '<a@b.de>',
    `${'a'.repeat(65)}@b.de`,
  ])('refuses the address %j', async (email) => {
    expect(await shop.change('signUp', { email, password: goodPassword })).toMatchObject({
      __typename: 'InvalidInput',
      problems: [{ path: ['email'] }],
    });
  });
});

describe('sign-in', () => {
  test('gives tokens, in capitals or not, and the guest becomes the customer', async () => {
    const { email, customer } = await shop.newcomer();
    const { viewer, guestId } = await guestViewer();
    const before = await shop.log.head();
    const outcome = await shop.signIn(email.toUpperCase(), { viewer }, { deviceName: 'Firefox' });
    expect(outcome).toMatchObject({ __typename: 'SignedIn', session: { deviceName: 'Firefox' } });
    expect(await factsAfter(before)).toEqual([
      { type: 'account.signed_in', data: { customerId: customer.id, guestId, at: expect.any(String) } },
    ]);
  });

  test('repeated with its key is the same session and the same refresh token', async () => {
    const { email } = await shop.newcomer();
    const input = { idempotencyKey: key() };
    const first = await shop.signIn(email, {}, input);
    const again = await shop.signIn(email, {}, input);
    expect(again.extensions.idempotency).toEqual({ replayed: ['signIn'] });
    expect(again.session.id).toBe(first.session.id);
    expect(again.tokens.refreshToken).toBe(first.tokens.refreshToken);
    expect(await shop.signIn(email, {}, { ...input, password: 'another password' })).toMatchObject({
      __typename: 'IdempotencyConflict',
    });
  });

  test('keeps no password, token or code where keys are kept', async () => {
    const { email } = await shop.newcomer();
    const { tokens } = await shop.signIn(email);
    const rows = JSON.stringify(await shop.db.execute(sql`select * from idempotency_keys`));
    for (const secret of [goodPassword, tokens.refreshToken, tokens.accessToken])
      expect(rows).not.toContain(secret);
  });

  test('of a suspended customer is refused as any other', async () => {
    const { email, customer } = await shop.newcomer();
    const { admin } = await import('./account-fixture.ts');
    await shop.change('customerSuspend', { customerId: customer.id, reason: 'fraud' }, { viewer: admin });
    expect(await shop.signIn(email)).toMatchObject({ __typename: 'CredentialsRefused' });
    await shop.change('customerRestore', { customerId: customer.id, reason: 'a mistake' }, { viewer: admin });
    expect(await shop.signIn(email)).toMatchObject({ __typename: 'SignedIn' });
  });
});

describe('what another may see', () => {
  test('is nothing: not the account, its sessions, or that it is there', async () => {
    const [one, other] = [await shop.newcomer(), await shop.newcomer()];
    const entity = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Customer { id email } } }`;
    const of = [{ __typename: 'Customer', id: one.customer.id }];
    const { viewer: guest } = await guestViewer();
    for (const viewer of [await shop.viewerOf(other), guest, anonymous]) {
      expect(await shop.ask(entity, { viewer }, { of })).toEqual({ _entities: [null] });
      const revoked = await shop.change('sessionRevoke', { sessionId: one.session.id }, { viewer });
      expect(['SessionNotFound', 'SessionEnded']).toContain(revoked.__typename);
    }
    const { errors } = await shop.execute('{ customer(id: "x") { id } }', {}, await shop.viewerOf(other));
    expect(errors?.[0].extensions.code).toBe('FORBIDDEN');
    expect(await shop.ask(entity, { viewer: await shop.viewerOf(one) }, { of })).toEqual({
      _entities: [{ id: one.customer.id, email: one.email }],
    });
  });
});
