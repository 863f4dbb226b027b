import { key } from '@storegraph/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Answer,
  admin,
  goodPassword,
  type OpenAccounts,
  openAccounts,
  tokenIn,
} from './account-fixture.ts';
import { appoint } from './appointment-service.ts';
import { openIssuer, type Person } from './identity-fixture.ts';
import { guard } from './totp-fixture.ts';

/** Whatever ends a session tells so: routers refuse its access token from then on. */

const people = new Map<string, Person>([['ada', {}]]);
let issuer: Awaited<ReturnType<typeof openIssuer>>;
let shop: OpenAccounts;
beforeAll(async () => {
  issuer = await openIssuer(people);
  shop = await openAccounts({
    OIDC_PROVIDERS: [{ ...issuer.ours, redirectUris: [...issuer.ours.redirectUris] }],
  });
});
afterAll(async () => {
  expect(await shop.broken()).toEqual({});
  await shop.stop();
  await issuer.stop();
});

/** The sessions that were told of while something was done, with whose they were. */
const toldWhile = async (
  work: () => Promise<unknown>,
): Promise<Readonly<Record<string, readonly string[]>>> => {
  const before = await shop.log.head();
  await work();
  const told: Record<string, string[]> = {};
  for (const { type, aggregateId, data } of await shop.log.read(before, 1_000)) {
    if (type !== 'account.sessions_ended') continue;
    expect(data.accountId).toBe(aggregateId);
    told[aggregateId] = [...(told[aggregateId] ?? []), ...data.sessionIds].sort();
  }
  return told;
};

/** Somebody with two devices; `first` is what a case is about. */
type Case = readonly [
  what: string,
  open: () => Promise<Answer>,
  act: (first: Answer, second: Answer) => Promise<unknown>,
  ended: readonly ('first' | 'second')[],
];

const customer = (): Promise<Answer> => shop.newcomer();
const employee = (): Promise<Answer> => shop.employee('SUPPORT');
const guarded = async (): Promise<Answer> => guard(shop, await customer());
const guardedEmployee = async (): Promise<Answer> => guard(shop, await employee());
const as = async (signedIn: Answer) => ({ viewer: await shop.viewerOf(signedIn) });
const byAdmin = (mutation: string, input: object) => shop.change(mutation, input, { viewer: admin });
const ofCustomer = ({ customer: { id } }: Answer) => ({ customerId: id });
const refresh = ({ tokens: { refreshToken } }: Answer, idempotencyKey = key()) =>
  shop.change('sessionRefresh', { refreshToken, idempotencyKey });

const byMail = async (mail: string, { email }: Answer) => {
  await shop.change(mail, { email });
  return tokenIn((await shop.mailsTo(email))[0]);
};

const cases: readonly Case[] = [
  [
    'signOut',
    customer,
    ({ tokens: { refreshToken } }) => shop.change('signOut', { refreshToken }),
    ['first'],
  ],
  [
    'sessionRevoke',
    customer,
    async ({ session }, second) => shop.change('sessionRevoke', { sessionId: session.id }, await as(second)),
    ['first'],
  ],
  [
    'otherSessionsRevoke',
    customer,
    async (first) => shop.change('otherSessionsRevoke', {}, await as(first)),
    ['second'],
  ],
  [
    'passwordChange',
    customer,
    async (first) => {
      const input = { currentPassword: goodPassword, newPassword: 'another good password' };
      return shop.change('passwordChange', input, await as(first));
    },
    ['second'],
  ],
  [
    'passwordReset',
    customer,
    async (first) => {
      const token = await byMail('passwordResetRequest', first);
      return shop.change('passwordReset', { token, newPassword: 'another good password' });
    },
    ['first', 'second'],
  ],
  [
    'sessionRefresh, where the token was used before',
    customer,
    async (first) => {
      await refresh(first);
      await refresh(first);
    },
    ['first'],
  ],
  [
    'sessionRefresh, where a retry comes after its next token was used',
    customer,
    async (first) => {
      const idempotencyKey = key();
      await refresh(await refresh(first, idempotencyKey));
      await refresh(first, idempotencyKey);
    },
    ['first'],
  ],
  [
    'identityFinish, where it goes on as another session',
    customer,
    async (first) => {
      const redirectUri = issuer.redirectUri;
      const asker = await as(first);
      const { url, flow } = await shop.change('identityStart', { provider: 'elsewhere', redirectUri }, asker);
      const callbackUrl = await issuer.visit(url, 'ada');
      return shop.change('identityFinish', { flow, callbackUrl }, asker);
    },
    ['first'],
  ],
  [
    'customerSuspend',
    customer,
    (first) => byAdmin('customerSuspend', { ...ofCustomer(first), reason: 'fraud' }),
    ['first', 'second'],
  ],
  [
    'customerSecondFactorRemove',
    guarded,
    (first) => byAdmin('customerSecondFactorRemove', { ...ofCustomer(first), reason: 'LOST' }),
    ['first'],
  ],
  [
    'staffSuspend',
    employee,
    ({ staffId }) => byAdmin('staffSuspend', { staffId, reason: 'left' }),
    ['first', 'second'],
  ],
  [
    'staffRoleChange',
    employee,
    ({ staffId }) => byAdmin('staffRoleChange', { staffId, role: 'FINANCE' }),
    ['first', 'second'],
  ],
  [
    'staffSecondFactorRemove',
    guardedEmployee,
    ({ staffId }) => byAdmin('staffSecondFactorRemove', { staffId, reason: 'LOST' }),
    ['first'],
  ],
  ['npm run admin', employee, ({ email }) => appoint(shop.db, { email, name: 'Ada' }), ['first', 'second']],
];

test.each(cases)('%s tells which sessions end by it, and no others', async (_what, open, act, ended) => {
  const first = await open();
  const accountId = first.staffId ?? first.customer.id;
  const isGuarded = open === guarded || open === guardedEmployee;
  const second = isGuarded ? null : await shop.signIn(first.email);
  const told = await toldWhile(() => act(first, second));
  const ids = { first: first.session.id, second: second?.session.id };
  expect(told).toEqual({ [accountId]: ended.map((which) => ids[which]).sort() });
});

test('a sign-in tells of the session that was left longest, where there are too many', async () => {
  const first = await customer();
  for (let others = 1; others < 50; others += 1) await shop.signIn(first.email);
  const told = await toldWhile(() => shop.signIn(first.email));
  expect(told).toEqual({ [first.customer.id]: [first.session.id] });
}, 60_000);

test('what ends no session tells nothing', async () => {
  const first = await customer();
  await shop.change('signOut', { refreshToken: first.tokens.refreshToken });
  const told = await toldWhile(async () => {
    await shop.change('signOut', { refreshToken: first.tokens.refreshToken });
    const second = await shop.signIn(first.email);
    await shop.change('sessionRevoke', { sessionId: first.session.id }, await as(second));
    await shop.change('otherSessionsRevoke', {}, await as(second));
    await refresh(second);
  });
  expect(told).toEqual({});
});
