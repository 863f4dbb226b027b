import { key } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openData, type TestData } from './data-fixture.ts';

let data: TestData;
beforeAll(async () => {
  data = await openData();
});
afterAll(() => data.stop());

type Viewer = Parameters<TestData['me']>[0];
const profileOf = async (viewer: Viewer) =>
  (await data.me(viewer, '{ profile { givenName familyName company phone taxId version } }')).profile;
const preferencesOf = async (viewer: Viewer) =>
  (await data.me(viewer, '{ preferences { locale currency region marketingChannels version } }')).preferences;
const consentsOf = async (viewer: Viewer) =>
  (await data.me(viewer, '{ consents { purpose version isGranted grantedAt withdrawnAt } }')).consents;

describe('a profile', () => {
  test('is empty at first; what is left out stays, and null empties', async () => {
    const viewer = await data.customer();
    const nobody = { givenName: null, familyName: null, company: null, phone: null, taxId: null };
    expect(await profileOf(viewer)).toEqual({ ...nobody, version: 0 });
    await data.change(viewer, 'customerProfileUpdate', {
      givenName: ' Zoë ',
      familyName: '王',
      phone: '+43 1 23456',
    });
    await data.change(viewer, 'customerProfileUpdate', { familyName: null, company: 'Ærø ApS' });
    expect(await profileOf(viewer)).toEqual({
      ...{ ...nobody, givenName: 'Zoë', phone: '+43 1 23456', company: 'Ærø ApS', version: 2 },
    });
    expect(await data.factsOf(viewer.id)).toEqual(['account.profile_updated', 'account.profile_updated']);
  });

  test('that two devices change at once loses neither change, and one of two that read the same version', async () => {
    const viewer = await data.customer();
    await Promise.all([
      data.change(viewer, 'customerProfileUpdate', { givenName: 'Ada' }),
      data.change(viewer, 'customerProfileUpdate', { familyName: 'Lovelace' }),
    ]);
    expect(await profileOf(viewer)).toMatchObject({ givenName: 'Ada', familyName: 'Lovelace', version: 2 });
    const outcomes = await Promise.all(
      ['A', 'B', 'C'].map((givenName) =>
        data.change(viewer, 'customerProfileUpdate', { givenName, expectedVersion: 2 }),
      ),
    );
    expect(outcomes.map(({ __typename }) => __typename).sort()).toEqual([
      'CustomerProfileUpdated',
      'VersionConflict',
      'VersionConflict',
    ]);
  });

  test.each([
    ['phone', '030 123456'],
    ['phone', '+49'],
    ['phone', '+1234567890123456'],
    ['phone', '+٤٩٣٠١٢٣٤٥٦'],
    ['givenName', ''],
    ['givenName', 'a\0'],
    ['familyName', 'x'.repeat(1_000_000)],
    ['taxId', 'a\u0007'],
  ])('has no %s like %j', async (field, text) => {
    const viewer = await data.customer();
    const outcome = await data.change(viewer, 'customerProfileUpdate', { [field]: text });
    expect(outcome).toMatchObject({ __typename: 'InvalidInput', problems: [{ path: [field] }] });
  });

  test('is changed once for a key', async () => {
    const viewer = await data.customer();
    const input = { idempotencyKey: key(), givenName: 'Once' };
    const outcomes = await Promise.all(
      [1, 2, 3].map(() => data.change(viewer, 'customerProfileUpdate', input)),
    );
    expect(outcomes.every(({ __typename }) => __typename === 'CustomerProfileUpdated')).toBe(true);
    expect(await profileOf(viewer)).toMatchObject({ version: 1 });
  });
});

describe('preferences', () => {
  test('say language, currency and region, each of which may be unknown', async () => {
    const viewer = await data.customer();
    await data.change(viewer, 'preferencesUpdate', { locale: 'de-AT', currency: 'EUR', region: 'AT' });
    expect(await data.change(viewer, 'preferencesUpdate', { region: 'US-CA' })).toMatchObject({
      problems: [{ path: ['region'] }],
    });
    await data.change(viewer, 'preferencesUpdate', { region: null });
    expect(await preferencesOf(viewer)).toEqual({
      ...{ locale: 'de-AT', currency: 'EUR', region: null, marketingChannels: [], version: 2 },
    });
  });

  test('name a marketing channel only with its consent, and lose it with the consent', async () => {
    const viewer = await data.customer();
    const wish = { marketingChannels: ['SMS', 'EMAIL', 'EMAIL'] };
    expect(await data.change(viewer, 'preferencesUpdate', wish)).toMatchObject({
      ...{ __typename: 'ConsentMissing', purposes: ['MARKETING_EMAIL', 'MARKETING_SMS'] },
    });
    await data.change(viewer, 'consentGrant', { purpose: 'MARKETING_EMAIL', version: '2026-05' });
    await data.change(viewer, 'consentGrant', { purpose: 'MARKETING_SMS', version: '2026-05' });
    await data.change(viewer, 'preferencesUpdate', wish);
    expect(await preferencesOf(viewer)).toMatchObject({ marketingChannels: ['EMAIL', 'SMS'] });
    await data.change(viewer, 'consentWithdraw', { purpose: 'MARKETING_EMAIL' });
    expect(await preferencesOf(viewer)).toMatchObject({ marketingChannels: ['SMS'] });
    await data.change(viewer, 'preferencesUpdate', { marketingChannels: null });
    expect(await preferencesOf(viewer)).toMatchObject({ marketingChannels: [] });
  });

  test('never name a channel without its consent, whatever happens at once', async () => {
    const viewer = await data.customer();
    await data.change(viewer, 'consentGrant', { purpose: 'MARKETING_PUSH', version: '1' });
    await Promise.all([
      data.change(viewer, 'preferencesUpdate', { marketingChannels: ['PUSH'] }),
      data.change(viewer, 'consentWithdraw', { purpose: 'MARKETING_PUSH' }),
      data.change(viewer, 'preferencesUpdate', { marketingChannels: ['PUSH'] }),
    ]);
    expect(await preferencesOf(viewer)).toMatchObject({ marketingChannels: [] });
  });
});

describe('the ledger of consents', () => {
  const ledgerOf = async (viewer: Viewer, page = '') =>
    (
      await data.me(
        viewer,
        `{ consentLedger${page} { edges { cursor } nodes { purpose version isGranted recordedAt } pageInfo { hasNextPage endCursor } } }`,
      )
    ).consentLedger;

  test('says what was agreed to in which version and when, and that it was withdrawn', async () => {
    const viewer = await data.customer();
    await data.change(viewer, 'consentGrant', { purpose: 'TERMS', version: '2026-01' });
    await data.change(viewer, 'consentGrant', { purpose: 'TERMS', version: '2026-05' });
    await data.change(viewer, 'consentGrant', { purpose: 'ANALYTICS', version: '1' });
    await data.change(viewer, 'consentWithdraw', { purpose: 'ANALYTICS' });
    expect(await consentsOf(viewer)).toMatchObject([
      { purpose: 'TERMS', version: '2026-05', isGranted: true, withdrawnAt: null },
      {
        purpose: 'ANALYTICS',
        version: '1',
        isGranted: false,
        grantedAt: expect.any(String),
        withdrawnAt: expect.any(String),
      },
    ]);
    const { nodes } = await ledgerOf(viewer);
    expect(
      nodes.map(({ purpose, version, isGranted }: Record<string, unknown>) => [purpose, version, isGranted]),
    ).toEqual([
      ['ANALYTICS', '1', false],
      ['ANALYTICS', '1', true],
      ['TERMS', '2026-05', true],
      ['TERMS', '2026-01', true],
    ]);
  });

  test('grows only by what is new, whatever is said at once', async () => {
    const viewer = await data.customer();
    const grant = { purpose: 'PRIVACY', version: '1' };
    await Promise.all([1, 2, 3].map(() => data.change(viewer, 'consentGrant', grant)));
    await Promise.all([1, 2, 3].map(() => data.change(viewer, 'consentWithdraw', { purpose: 'PRIVACY' })));
    expect((await ledgerOf(viewer)).nodes).toHaveLength(2);
    const other = await data.customer();
    expect(await data.change(other, 'consentWithdraw', { purpose: 'TERMS' })).toMatchObject({
      __typename: 'ConsentWithdrawn',
    });
    expect((await ledgerOf(other)).nodes).toEqual([]);
  });

  test('is read page by page', async () => {
    const viewer = await data.customer();
    for (const version of ['1', '2', '3'])
      await data.change(viewer, 'consentGrant', { purpose: 'TERMS', version });
    const first = await ledgerOf(viewer, '(first: 2)');
    expect(first.nodes.map(({ version }: { version: string }) => version)).toEqual(['3', '2']);
    expect(first.pageInfo.hasNextPage).toBe(true);
    const rest = await ledgerOf(viewer, `(first: 2, after: "${first.pageInfo.endCursor}")`);
    expect(rest.nodes.map(({ version }: { version: string }) => version)).toEqual(['1']);
    for (const page of ['(first: 0)', '(first: 201)', '(after: "nonsense")', '(after: "")']) {
      const { errors } = await data.execute(`{ me { consentLedger${page} { nodes { id } } } }`, {}, viewer);
      expect(errors?.[0].extensions.code).toBe('BAD_USER_INPUT');
    }
  });

  test('takes no further agreement past its limit, and every withdrawal', async () => {
    const viewer = await data.customer();
    await data.db.execute(sql`insert into consents (customer_id, purpose, version, is_granted)
      select ${viewer.id}, 'TERMS', number::text, true from generate_series(1, 1000) as number`);
    expect(await data.change(viewer, 'consentGrant', { purpose: 'TERMS', version: 'new' })).toMatchObject({
      ...{ __typename: 'ConsentLimitReached', limit: 1000 },
    });
    await data.change(viewer, 'consentWithdraw', { purpose: 'TERMS' });
    expect(await consentsOf(viewer)).toMatchObject([{ isGranted: false }]);
  });

  test.each(['update consents set version = version', 'delete from consents', 'truncate consents'])(
    'refuses `%s`',
    async (statement) => {
      await expect(data.db.execute(sql.raw(statement))).rejects.toThrow();
    },
  );
});

test('the invariants hold after all of this', async () => {
  expect(await data.broken()).toEqual([]);
});
