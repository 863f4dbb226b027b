import { randomUUID } from 'node:crypto';
import { key } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openData, type TestData, visa } from './data-fixture.ts';

let data: TestData;
beforeAll(async () => {
  data = await openData();
});
afterAll(() => data.stop());

type Viewer = Parameters<TestData['me']>[0];
const token = () => randomUUID();
const methodsOf = async (viewer: Viewer) =>
  (await data.me(viewer, '{ paymentMethods { id label isDefault isExpired } }')).paymentMethods;

/** Everything the subgraph has written anywhere, as text. */
const everythingWritten = async (): Promise<string> => {
  const tables = await data.db.execute<{ name: string }>(
    sql`select table_name as name from information_schema.tables where table_schema = 'account'`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const [row] = await data.db.execute<{ text: string }>(
      sql`select coalesce(string_agg(t::text, ' '), '') as text from ${sql.identifier(name)} as t`,
    );
    texts.push(row?.text ?? '');
  }
  return texts.join('\n');
};

describe('a card number', () => {
  const number = '4242 4242 4242 4242';
  test.each([
    ['token', { token: '4242424242424242' }],
    ['token', { token: 'pan-4000.0566.5566.5556' }],
    ['label', { label: `mine: ${number}` }],
    ['label', { label: '４２４２-４２４２-４２４２-４２４２' }],
    ['brand', { brand: '5555555555554444 12/29' }],
    ['provider', { provider: '378282246310005' }],
    ['last4', { last4: '6011111111111117' }],
    ['idempotencyKey', { idempotencyKey: '4242-4242-4242-4242' }],
  ])('is refused in %s, and nothing of it is kept', async (field, given) => {
    const viewer = await data.customer();
    const outcome = await data.change(viewer, 'paymentMethodAdd', { ...visa, token: token(), ...given });
    expect(outcome).toMatchObject({ __typename: 'CardNumberRefused', fields: [field] });
    expect(await methodsOf(viewer)).toEqual([]);
    const written = await everythingWritten();
    for (const secret of Object.values(given)) {
      expect(JSON.stringify(outcome)).not.toContain(secret);
      expect(written).not.toContain(secret);
    }
  });
});

describe('a saved way to pay', () => {
  test('is known by what may be shown; the first one is the default', async () => {
    const viewer = await data.customer();
    const { paymentMethod } = await data.change(viewer, 'paymentMethodAdd', {
      ...visa,
      token: token(),
      label: 'Ünı 💳',
    });
    expect(paymentMethod).toMatchObject({ ...visa, label: 'Ünı 💳', isDefault: true, isExpired: false });
    expect(await data.factsOf(viewer.id)).toEqual(['account.payment_method_saved']);
  });

  test('with a token that was saved before is that one, with what is said of it now', async () => {
    const viewer = await data.customer();
    const input = { ...visa, token: token() };
    const outcomes = await Promise.all(
      ['one', 'other'].map((label) => data.change(viewer, 'paymentMethodAdd', { ...input, label })),
    );
    expect(new Set(outcomes.map(({ paymentMethod }) => paymentMethod.id)).size).toBe(1);
    expect(await methodsOf(viewer)).toHaveLength(1);
  });

  test('leaves the default to the one saved last when it is forgotten', async () => {
    const viewer = await data.customer();
    const ids: string[] = [];
    for (const label of ['a', 'b', 'c']) {
      ids.push(
        (await data.change(viewer, 'paymentMethodAdd', { ...visa, token: token(), label })).paymentMethod.id,
      );
    }
    const [a, b, c] = ids;
    expect(
      (await data.change(viewer, 'paymentMethodDefaultSet', { paymentMethodId: b })).paymentMethod.isDefault,
    ).toBe(true);
    await data.change(viewer, 'paymentMethodRemove', { paymentMethodId: b });
    expect(await methodsOf(viewer)).toMatchObject([
      { id: a, isDefault: false },
      { id: c, isDefault: true },
    ]);
    expect(await data.change(viewer, 'paymentMethodRemove', { paymentMethodId: b })).toMatchObject({
      ...{ __typename: 'PaymentMethodNotFound', paymentMethodId: b },
    });
  });

  test('is one of twenty at most, also when they come at once', async () => {
    const viewer = await data.customer();
    const outcomes = await Promise.all(
      Array.from({ length: 23 }, () => data.change(viewer, 'paymentMethodAdd', { ...visa, token: token() })),
    );
    expect(outcomes.filter(({ __typename }) => __typename === 'PaymentMethodLimitReached')).toHaveLength(3);
    const methods = await methodsOf(viewer);
    expect(methods).toHaveLength(20);
    expect(methods.filter(({ isDefault }: { isDefault: boolean }) => isDefault)).toHaveLength(1);
  });

  test.each([
    ['expiryMonth', { expiryYear: 2020 }],
    ['expiryMonth', { expiryYear: null }],
    ['expiryMonth', { expiryMonth: 13 }],
    ['expiryYear', { expiryYear: 20_300 }],
    ['last4', { last4: '42424' }],
    ['last4', { last4: '٤٢٤٢' }],
    ['token', { token: '' }],
    ['token', { token: 'with space' }],
    ['token', { token: 'x'.repeat(256) }],
    ['provider', { provider: 'Stripe!' }],
    ['label', { label: 'a\0' }],
    ['label', { label: 'x'.repeat(100_000) }],
    ['idempotencyKey', { idempotencyKey: 'short' }],
  ])('is not kept with a wrong %s', async (field, given) => {
    const viewer = await data.customer();
    const outcome = await data.change(viewer, 'paymentMethodAdd', { ...visa, token: token(), ...given });
    expect(outcome).toMatchObject({ __typename: 'InvalidInput', problems: [{ path: [field] }] });
    expect(await methodsOf(viewer)).toEqual([]);
  });

  test('is saved once for a key', async () => {
    const viewer = await data.customer();
    const input = { ...visa, token: token(), idempotencyKey: key() };
    const [one, other] = await Promise.all([
      data.change(viewer, 'paymentMethodAdd', input),
      data.change(viewer, 'paymentMethodAdd', input),
    ]);
    expect(one).toEqual(other);
    expect(await data.change(viewer, 'paymentMethodAdd', { ...input, token: token() })).toMatchObject({
      __typename: 'IdempotencyConflict',
    });
  });
});

test('the invariants hold after all of this', async () => {
  expect(await data.broken()).toEqual([]);
});
