import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  type Asker,
  admin,
  newEmail,
  type OpenAccounts,
  openAccounts,
} from './account-fixture.ts';
import { openIssuer, type Person } from './identity-fixture.ts';

const people = new Map<string, Person>();
let issuer: Awaited<ReturnType<typeof openIssuer>>;
let shop: OpenAccounts;
beforeAll(async () => {
  issuer = await openIssuer(people);
  shop = await openAccounts({
    OIDC_PROVIDERS: [
      { ...issuer.ours, redirectUris: [...issuer.ours.redirectUris], clientSecret: issuer.ours.clientSecret },
      {
        name: 'away',
        title: 'Away',
        issuer: 'http://127.0.0.1:9',
        clientId: 'x',
        redirectUris: [issuer.redirectUri],
      },
    ],
  });
});
afterAll(async () => {
  expect(await shop.broken()).toEqual({});
  await shop.stop();
  await issuer.stop();
});

const start = (asker: Asker = {}, more: object = {}): Promise<Answer> =>
  shop.change('identityStart', { provider: 'elsewhere', redirectUri: issuer.redirectUri, ...more }, asker);
const finish = (flow: string, callbackUrl: string, asker: Asker = {}): Promise<Answer> =>
  shop.change('identityFinish', { flow, callbackUrl, deviceName: 'phone' }, asker);
/** There and back. */
const visit = async (name: string, asker: Asker = {}): Promise<Answer> => {
  const { url, flow } = await start(asker);
  return finish(flow, await issuer.visit(url, name), asker);
};
let known = 0;
const person = (of: Person = {}): { name: string; email: string } => {
  known += 1;
  const name = `somebody-${known}`;
  const email = of.email ?? newEmail();
  people.set(name, { email, email_verified: true, ...of });
  return { name, email };
};

describe('sign-in by an identity elsewhere', () => {
  test('makes an account at first, the same later, and the guest becomes the customer', async () => {
    const { name, email } = person();
    const { token, guestId } = await shop.change('guestCreate');
    const viewer = await shop.viewerOf({ tokens: { accessToken: token } });
    const before = await shop.log.head();
    const first = await visit(name, { viewer });
    expect(first).toMatchObject({
      __typename: 'SignedIn',
      customer: { email },
      session: { deviceName: 'phone' },
    });
    const { id } = first.customer;
    expect((await shop.log.read(before, 10)).map(({ type, data }) => ({ type, data }))).toEqual([
      { type: 'account.customer_created', data: { customerId: id } },
      { type: 'account.signed_in', data: { customerId: id, guestId, at: expect.any(String) } },
    ]);
    expect(await visit(name)).toMatchObject({ __typename: 'SignedIn', customer: { id } });
    people.set(name, { email: newEmail(), email_verified: true });
    expect(await visit(name)).toMatchObject({ customer: { id, email } });
  });

  test('takes no address the provider does not vouch for', async () => {
    for (const of of [{ email_verified: false }, { email: '' }]) {
      const { name } = person(of);
      expect(await visit(name)).toMatchObject({
        __typename: 'IdentityRefused',
        reason: 'EMAIL_NOT_VERIFIED',
      });
    }
  });

  test('does not open an account by its address alone', async () => {
    const owner = await shop.newcomer();
    const { name } = person({ email: owner.email });
    expect(await visit(name)).toMatchObject({ __typename: 'IdentityRefused', reason: 'LINK_FIRST' });
  });

  test('is refused to a suspended customer', async () => {
    const { name } = person();
    const { customer } = await visit(name);
    await shop.change('customerSuspend', { customerId: customer.id, reason: 'x' }, { viewer: admin });
    expect(await visit(name)).toMatchObject({ __typename: 'IdentityRefused', reason: 'ACCOUNT_CLOSED' });
  });
});

describe('a linked identity', () => {
  test('signs in to the account that linked it, whatever its address, and to no other', async () => {
    const owner = await shop.newcomer();
    const { name } = person();
    const linked = await visit(name, { viewer: await shop.viewerOf(owner) });
    expect(linked).toMatchObject({ __typename: 'SignedIn', customer: { id: owner.customer.id } });
    expect(await visit(name)).toMatchObject({ customer: { id: owner.customer.id } });
    const other = await shop.viewerOf(await shop.newcomer());
    expect(await visit(name, { viewer: other })).toMatchObject({ reason: 'LINKED_ELSEWHERE' });
  });

  test('is listed and taken away by its account alone, unless it is the only way in', async () => {
    const { name } = person();
    const only = await shop.viewerOf(await visit(name));
    const query = '{ mySecurity { hasPassword identities { id provider email } } }';
    const { mySecurity } = await shop.ask(query, { viewer: only });
    expect(mySecurity).toMatchObject({ hasPassword: false, identities: [{ provider: 'elsewhere' }] });
    const identityId = mySecurity.identities[0].id;
    const stranger = await shop.viewerOf(await shop.newcomer());
    expect(await shop.change('identityUnlink', { identityId }, { viewer: stranger })).toMatchObject({
      reason: 'NOT_LINKED',
    });
    expect(await shop.change('identityUnlink', { identityId }, { viewer: only })).toMatchObject({
      reason: 'ONLY_WAY_IN',
    });
    const set = await shop.change(
      'passwordChange',
      { newPassword: 'a first good password' },
      { viewer: only },
    );
    expect(set).toMatchObject({ __typename: 'PasswordChanged' });
    expect(await shop.change('identityUnlink', { identityId }, { viewer: only })).toMatchObject({
      __typename: 'IdentityUnlinked',
    });
  });
});

describe('what comes back is refused', () => {
  test('a second time, to another flow, with another state or code, or from elsewhere', async () => {
    const { name } = person();
    const [one, other] = [await start(), await start()];
    const back = await issuer.visit(one.url, name);
    const changed = (param: string) => {
      const url = new URL(back);
      url.searchParams.set(param, 'forged');
      return url.href;
    };
    const elsewhere = back.replace('https://shop.test', 'https://evil.test');
    const refused = { __typename: 'IdentityRefused', reason: 'NOT_FINISHED' };
    expect(await finish(other.flow, back)).toMatchObject(refused);
    for (const callback of [changed('state'), changed('code'), changed('iss'), elsewhere, 'no address', '']) {
      const { url, flow } = await start();
      expect(await finish(flow, callback)).toMatchObject(refused);
      expect(await finish(flow, await issuer.visit(url, name))).toMatchObject(refused);
    }
    expect(await finish(one.flow, back)).toMatchObject({ __typename: 'SignedIn' });
    expect(await finish(one.flow, back)).toMatchObject(refused);
    expect(await finish('x', back)).toMatchObject(refused);
  });

  test('to somebody else than the account that began to link', async () => {
    const victim = await shop.newcomer();
    const attacker = await shop.viewerOf(await shop.newcomer());
    const { name } = person();
    const { url, flow } = await start({ viewer: attacker });
    const back = await issuer.visit(url, name);
    const viewer = await shop.viewerOf(victim);
    expect(await finish(flow, back, { viewer })).toMatchObject({ reason: 'NOT_FINISHED' });
  });

  test('when the person says no there', async () => {
    const { flow, url } = await start();
    const state = new URL(url).searchParams.get('state') ?? '';
    const said = `${issuer.redirectUri}?${new URLSearchParams({ error: 'access_denied', state, iss: issuer.ours.issuer })}`;
    expect(await finish(flow, said)).toMatchObject({ reason: 'NOT_FINISHED' });
  });
});

test('providers are listed; an unknown one, one that is away, or a way back that is not ours is refused', async () => {
  expect(await shop.ask('{ identityProviders { name title } }')).toEqual({
    identityProviders: [
      { name: 'elsewhere', title: 'Elsewhere' },
      { name: 'away', title: 'Away' },
    ],
  });
  for (const more of [
    { provider: 'nobody' },
    { provider: 'away' },
    { redirectUri: 'https://evil.test/back' },
  ])
    expect(await start({}, more)).toMatchObject({ __typename: 'ProviderRefused' });
});

test('two strangers with one key are given two ways', async () => {
  const same = { idempotencyKey: 'a-key-everybody-sends' };
  const [one, other] = [await start({ address: '::1' }, same), await start({ address: '::2:0:0:0:0' }, same)];
  expect(one.flow).not.toBe(other.flow);
});

test('the code goes with PKCE and a nonce, and neither verifier nor token is kept', async () => {
  const { url, flow } = await start();
  const asked = Object.fromEntries(new URL(url).searchParams);
  expect(asked).toMatchObject({
    response_type: 'code',
    code_challenge_method: 'S256',
    scope: 'openid email',
  });
  expect(asked['code_challenge']).toMatch(/^[\w-]{43}$/);
  expect(asked['nonce']).toMatch(/^[\w-]{43}$/);
  const rows = JSON.stringify(await shop.db.execute('select * from idempotency_keys'));
  expect(rows).not.toContain(flow);
});
