import { key } from '@storegraph/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { berlin, openData, type TestData } from './data-fixture.ts';

let data: TestData;
beforeAll(async () => {
  data = await openData();
});
afterAll(() => data.stop());

const addressesOf = async (viewer: Parameters<TestData['me']>[0]) =>
  (await data.me(viewer, '{ addresses { id recipient defaultFor version } }')).addresses;

describe('an address', () => {
  test('is kept as its country writes it, and the first one is the default for everything', async () => {
    const viewer = await data.customer();
    const address = { ...berlin, postalCode: ' 10 117', company: '  Büro 😀 ', phone: '+49 (30) 12-34 56' };
    const outcome = await data.change(viewer, 'addressAdd', { address });
    expect(outcome).toMatchObject({
      __typename: 'AddressAdded',
      address: {
        ...berlin,
        ...{
          postalCode: '10117',
          company: 'Büro 😀',
          label: null,
          version: 1,
          defaultFor: ['SHIPPING', 'BILLING'],
        },
      },
      customer: { id: viewer.id },
    });
    expect(await data.factsOf(viewer.id)).toEqual(['account.address_saved']);
  });

  test('is replaced as a whole, by whoever has read its latest version', async () => {
    const viewer = await data.customer();
    const { address } = await data.change(viewer, 'addressAdd', { address: { ...berlin, label: 'Home' } });
    const change = (recipient: string, expectedVersion?: number) =>
      data.change(viewer, 'addressUpdate', {
        ...{ addressId: address.id.toUpperCase(), expectedVersion, address: { ...berlin, recipient } },
      });
    expect(await change('Grace', 1)).toMatchObject({
      address: { recipient: 'Grace', label: null, version: 2 },
    });
    expect(await change('Alan', 1)).toMatchObject({ __typename: 'VersionConflict', expected: 1, actual: 2 });
    expect(await change('Alan')).toMatchObject({ address: { recipient: 'Alan', version: 3 } });
  });

  test('that is removed leaves its defaults to the oldest that stays', async () => {
    const viewer = await data.customer();
    const ids: string[] = [];
    for (const recipient of ['A', 'B', 'C']) {
      const defaultFor = recipient === 'C' ? ['SHIPPING'] : null;
      const { address } = await data.change(viewer, 'addressAdd', {
        address: { ...berlin, recipient },
        defaultFor,
      });
      ids.push(address.id);
    }
    const [a, , c] = ids;
    await data.change(viewer, 'addressRemove', { addressId: c });
    expect(await addressesOf(viewer)).toMatchObject([
      { id: a, defaultFor: ['SHIPPING', 'BILLING'] },
      { defaultFor: [] },
    ]);
    for (const addressId of ids.slice(0, 2)) await data.change(viewer, 'addressRemove', { addressId });
    expect(await data.me(viewer, '{ addresses { id } defaultAddress(use: SHIPPING) { id } }')).toEqual({
      addresses: [],
      defaultAddress: null,
    });
    expect(await data.change(viewer, 'addressRemove', { addressId: a })).toMatchObject({
      __typename: 'AddressNotFound',
    });
  });

  test('has its problems told all at once, and keeps nothing of it', async () => {
    const viewer = await data.customer();
    const address = { ...berlin, recipient: ' ', lines: [], country: 'US', postalCode: 'x'.repeat(10_000) };
    const wrong = await data.change(viewer, 'addressAdd', { address });
    expect(wrong.__typename).toBe('InvalidInput');
    expect(wrong.problems.map(({ path }: { path: string[] }) => path.join('.'))).toEqual([
      'address.recipient',
      'address.lines',
      'address.postalCode',
    ]);
    const refused = await data.change(viewer, 'addressAdd', { address: { ...berlin, country: 'US' } });
    expect(refused).toMatchObject({ problems: [{ path: ['address', 'subdivision'] }] });
    const inState = await data.change(viewer, 'addressAdd', { address: { ...berlin, country: 'US-CA' } });
    expect(inState).toMatchObject({ problems: [{ path: ['address', 'country'] }] });
    expect(await addressesOf(viewer)).toEqual([]);
  });

  test.each([
    ['NUL', 'a\0b'],
    ['half a surrogate pair', 'a\ud800b'],
    ['a line break', 'a\nb'],
    ['a line separator', 'a\u2028b'],
    ['101 characters', 'a'.repeat(101)],
    ['nothing but blanks', ' \u00a0 '],
  ])('has no text with %s', async (_what, recipient) => {
    const viewer = await data.customer();
    const { errors, data: answer } = await data.execute(
      'mutation ($input: AddressAddInput!) { addressAdd(input: $input) { __typename } }',
      { input: { idempotencyKey: key(), address: { ...berlin, recipient } } },
      viewer,
    );
    expect(errors).toBeUndefined();
    expect(answer.addressAdd.__typename).toBe('InvalidInput');
  });

  test('in any script is kept as it was written', async () => {
    const viewer = await data.customer();
    const written = {
      recipient: '王小明 محمد',
      lines: ['東京都千代田区', '1-1', "O'Neill; drop table"],
      city: 'Zürich',
    };
    const { address } = await data.change(viewer, 'addressAdd', { address: { ...berlin, ...written } });
    expect(address).toMatchObject(written);
  });
});

describe('an address book', () => {
  test('holds fifty addresses, also when they come at once', async () => {
    const viewer = await data.customer();
    const outcomes = await Promise.all(
      Array.from({ length: 55 }, () => data.change(viewer, 'addressAdd', { address: berlin })),
    );
    const names = outcomes.map(({ __typename }) => __typename);
    expect(names.filter((name) => name === 'AddressAdded')).toHaveLength(50);
    expect(names.filter((name) => name === 'AddressLimitReached')).toHaveLength(5);
    expect(await addressesOf(viewer)).toHaveLength(50);
  });

  test('has one default for each use, whatever two devices say at once', async () => {
    const viewer = await data.customer();
    const ids: string[] = [];
    for (let count = 0; count < 6; count += 1) {
      ids.push((await data.change(viewer, 'addressAdd', { address: berlin })).address.id);
    }
    await Promise.all([
      ...ids.map((addressId) =>
        data.change(viewer, 'addressDefaultSet', { addressId, defaultFor: ['SHIPPING', 'BILLING'] }),
      ),
      ...ids.slice(0, 3).map((addressId) => data.change(viewer, 'addressRemove', { addressId })),
    ]);
    const addresses = await addressesOf(viewer);
    expect(addresses).toHaveLength(3);
    const uses = addresses.flatMap(({ defaultFor }: { defaultFor: string[] }) => defaultFor);
    expect(uses.sort()).toEqual(['BILLING', 'SHIPPING']);
  });

  test('is read in one statement however many customers and addresses', async () => {
    const [one, other] = [await data.customer(), await data.customer()];
    for (const viewer of [one, one, other]) await data.change(viewer, 'addressAdd', { address: berlin });
    const service = { kind: 'service', id: 'checkout', scopes: new Set<string>() } as const;
    const representations = [one, other, one].map(({ id }) => ({ __typename: 'Customer', id }));
    const { data: answer, statements } = await data.execute(
      'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Customer { addresses { id defaultFor } } } }',
      { r: representations },
      { ...service, scopes: new Set(['account:read']) },
    );
    expect(answer._entities.map(({ addresses }: { addresses: unknown[] }) => addresses.length)).toEqual([
      2, 1, 2,
    ]);
    // Accounts, addresses, and the profiles that say what they are the default for.
    expect(statements).toBe(3);
  });
});

describe('a key', () => {
  test('adds one address, however often and however many at once', async () => {
    const viewer = await data.customer();
    const input = { idempotencyKey: key(), address: berlin };
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => data.change(viewer, 'addressAdd', input)),
    );
    expect(new Set(outcomes.map(({ address }) => address.id)).size).toBe(1);
    expect(await data.change(viewer, 'addressAdd', { ...input, defaultFor: ['BILLING'] })).toMatchObject({
      __typename: 'IdempotencyConflict',
    });
    const [{ address }] = outcomes;
    await data.change(viewer, 'addressRemove', { addressId: address.id });
    expect(await data.change(viewer, 'addressAdd', input)).toMatchObject({
      __typename: 'AddressAdded',
      address: null,
    });
    expect(await addressesOf(viewer)).toEqual([]);
  });

  test('that was told that the session has ended can be used again after signing in', async () => {
    const viewer = await data.customer();
    const input = { idempotencyKey: key(), address: berlin };
    const signedOut = { ...viewer, sessionId: key() };
    expect(await data.change(signedOut, 'addressAdd', input)).toMatchObject({ __typename: 'SessionEnded' });
    expect(await data.change(viewer, 'addressAdd', input)).toMatchObject({ __typename: 'AddressAdded' });
    expect(await data.change(signedOut, 'addressAdd', input)).toMatchObject({ __typename: 'SessionEnded' });
  });

  test('of one customer is not another’s', async () => {
    const [one, other] = [await data.customer(), await data.customer()];
    const input = { idempotencyKey: key(), address: berlin };
    const [mine, theirs] = [
      await data.change(one, 'addressAdd', input),
      await data.change(other, 'addressAdd', input),
    ];
    expect(mine.address.id).not.toBe(theirs.address.id);
  });
});

test('a form learns what addresses of a country need', async () => {
  const { addressFormat } = await data.ask(
    { kind: 'anonymous' },
    '{ addressFormat(country: "CA") { country postalCodeForms isPostalCodeRequired subdivisions } }',
  );
  expect(addressFormat).toMatchObject({
    country: 'CA',
    postalCodeForms: ['@#@ #@#'],
    isPostalCodeRequired: true,
  });
  expect(addressFormat.subdivisions).toContain('QC');
});

test('the invariants hold after all of this', async () => {
  expect(await data.broken()).toEqual([]);
});
