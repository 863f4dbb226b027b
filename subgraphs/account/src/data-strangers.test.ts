import { randomUUID } from 'node:crypto';
import type { Viewer } from '@storegraph/server';
import { key } from '@storegraph/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, berlin, everything, openData, type TestData, visa } from './data-fixture.ts';

/** Nothing of a customer is there for anybody else but staff that may read accounts, and of those it is noted. */

let data: TestData;
let owner: Awaited<ReturnType<TestData['customer']>>;
let ids: { customerId: string; addressId: string; paymentMethodId: string };
const strangers: Record<string, Viewer> = {
  nobody: { kind: 'anonymous' },
  'a guest': { kind: 'guest', id: randomUUID(), scopes: new Set() },
  'a guest with the customer’s id': { kind: 'anonymous' },
  'another customer': { kind: 'anonymous' },
  'a customer whose id is none': { kind: 'customer', id: 'customer', scopes: new Set() },
  'staff that may not read accounts': { kind: 'staff', id: randomUUID(), scopes: new Set(['stock:read']) },
};
beforeAll(async () => {
  data = await openData();
  owner = await data.customer();
  strangers['another customer'] = await data.customer();
  strangers['a guest with the customer’s id'] = { kind: 'guest', id: owner.id, scopes: new Set() };
  await data.change(owner, 'customerProfileUpdate', { givenName: 'Secret' });
  await data.change(owner, 'consentGrant', { purpose: 'TERMS', version: '1' });
  const { address } = await data.change(owner, 'addressAdd', { address: berlin });
  const { paymentMethod } = await data.change(owner, 'paymentMethodAdd', { ...visa, token: 'pm_secret' });
  await data.change(owner, 'erasureRequest');
  ids = { customerId: owner.id, addressId: address.id, paymentMethodId: paymentMethod.id };
});
afterAll(() => data.stop());

const mutations: Record<string, () => object> = {
  customerProfileUpdate: () => ({ givenName: 'Mallory' }),
  preferencesUpdate: () => ({ currency: 'EUR' }),
  addressAdd: () => ({ address: berlin }),
  addressUpdate: () => ({ addressId: ids.addressId, address: { ...berlin, recipient: 'Mallory' } }),
  addressRemove: () => ({ addressId: ids.addressId }),
  addressDefaultSet: () => ({ addressId: ids.addressId, defaultFor: ['BILLING'] }),
  paymentMethodAdd: () => ({ ...visa, token: 'pm_mallory' }),
  paymentMethodRemove: () => ({ paymentMethodId: ids.paymentMethodId }),
  paymentMethodDefaultSet: () => ({ paymentMethodId: ids.paymentMethodId }),
  consentGrant: () => ({ purpose: 'TERMS', version: '2' }),
  consentWithdraw: () => ({ purpose: 'TERMS' }),
  dataExportRequest: () => ({}),
  erasureRequest: () => ({}),
  erasureWithdraw: () => ({}),
};

const run = (mutation: string, viewer: Viewer): Promise<Answer> => {
  const kind = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  const document = `mutation ($input: ${kind}!) { ${mutation}(input: $input) { __typename } }`;
  return data.execute(document, { input: { idempotencyKey: key(), ...mutations[mutation]?.() } }, viewer);
};

describe.each(Object.keys(strangers))('%s', (name) => {
  const viewer = (): Viewer => strangers[name] ?? { kind: 'anonymous' };

  test('finds nothing by the ids of a customer, an address or a way to pay', async () => {
    const representations = [
      { __typename: 'Customer', id: ids.customerId },
      { __typename: 'Customer', id: ids.customerId.toUpperCase() },
      { __typename: 'Address', id: ids.addressId },
      { __typename: 'PaymentMethod', id: ids.paymentMethodId },
    ];
    const { data: answer } = await data.execute(
      `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Customer ${everything}
        ... on Address { city } ... on PaymentMethod { token } } }`,
      { r: representations },
      viewer(),
    );
    expect(answer._entities).toEqual([null, null, null, null]);
  });

  test('sees itself at most as the one who asks', async () => {
    const { data: answer } = await data.execute(`{ me ${everything} }`, {}, viewer());
    expect(JSON.stringify(answer)).not.toContain('Secret');
    expect(answer.me?.id ?? null).not.toBe(owner.id);
  });

  test('changes nothing of the customer by any mutation', async () => {
    const before = await data.me(owner);
    for (const mutation of Object.keys(mutations)) {
      const { data: answer, errors } = await run(mutation, viewer());
      const outcome = answer?.[mutation]?.__typename ?? errors?.[0].extensions.code;
      const isOwnDoing = name === 'another customer' && !/Not(?:Found|Waiting)$/.test(outcome);
      if (!isOwnDoing) {
        expect(outcome).toMatch(/^(FORBIDDEN|SessionEnded|\w+NotFound|ErasureNotWaiting|ErasureWithdrawn)$/);
      }
    }
    expect(await data.me(owner)).toEqual(before);
  });

  test('reads no account by its id', async () => {
    const { data: answer, errors } = await data.execute(
      `query ($id: ID!) { customer(id: $id) ${everything} }`,
      { id: ids.customerId },
      viewer(),
    );
    expect(answer?.customer ?? null).toBeNull();
    expect(errors?.[0].extensions.code).toMatch(/^(UNAUTHENTICATED|FORBIDDEN)$/);
  });
});

test.each(['nobody', 'a guest', 'a guest with the customer’s id', 'a customer whose id is none'])(
  '%s is told to sign in by every mutation on one’s own account',
  async (name) => {
    const viewer = strangers[name] ?? { kind: 'anonymous' };
    for (const mutation of Object.keys(mutations)) {
      const { data: answer } = await run(mutation, viewer);
      expect(answer?.[mutation]).toEqual({ __typename: 'SessionEnded' });
    }
  },
);

describe('staff that may read accounts', () => {
  test('see what a customer keeps, and each kind that they looked at is noted once a request', async () => {
    const before = (await data.auditOf(owner.id)).length;
    const query = `query ($id: ID!) { customer(id: $id) { profile { givenName } addresses { city defaultFor }
      paymentMethods { last4 isDefault } consents { purpose } consentLedger { nodes { purpose } }
      erasure { status receiptCode } } }`;
    const { customer } = await data.ask(data.support, query, { id: owner.id });
    expect(customer).toMatchObject({
      profile: { givenName: 'Secret' },
      addresses: [{ city: 'Berlin' }],
      paymentMethods: [{ last4: '4242' }],
      erasure: { status: 'WAITING', receiptCode: null },
    });
    const noted = (await data.auditOf(owner.id)).slice(before).filter(({ action }) => action === 'read');
    expect(new Set(noted.map(({ actor }) => actor))).toEqual(new Set([`staff:${data.support.id}`]));
    expect(noted.map(({ details }) => details.what).sort()).toEqual([
      ...['account', 'addresses', 'consents', 'erasure', 'payment methods', 'profile'],
    ]);
  });

  test('change nothing', async () => {
    const admin: Viewer = { ...data.support, scopes: new Set(['account:read', 'account:write']) };
    for (const mutation of Object.keys(mutations)) {
      expect((await run(mutation, admin)).errors[0].extensions.code).toBe('FORBIDDEN');
    }
  });
});

test('the token of a way to pay is told to services of the shop alone', async () => {
  const query = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on PaymentMethod { token last4 } } }`;
  const variables = { r: [{ __typename: 'PaymentMethod', id: ids.paymentMethodId }] };
  const payment: Viewer = { kind: 'service', id: 'payment', scopes: new Set() };
  expect((await data.ask(payment, query, variables))._entities).toEqual([
    { token: 'pm_secret', last4: '4242' },
  ]);
  for (const viewer of [owner, data.support]) {
    expect((await data.ask(viewer, query, variables))._entities).toEqual([{ token: null, last4: '4242' }]);
  }
});

test('what customers read of their own is noted nowhere', async () => {
  const reads = async () => (await data.auditOf(owner.id)).filter(({ action }) => action === 'read').length;
  const before = await reads();
  await data.me(owner);
  expect(await reads()).toBe(before);
});
