import { createHash } from 'node:crypto';
import { createKeys, signToken, verifyToken } from '@storegraph/server';
import { key } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { importJWK, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type OpenAccounts, openAccounts } from './account-fixture.ts';

let shop: OpenAccounts;
beforeAll(async () => {
  shop = await openAccounts();
});
afterAll(async () => {
  expect(await shop.broken()).toEqual({});
  await shop.stop();
});

const refresh = (refreshToken: string, idempotencyKey = key()): Promise<Answer> =>
  shop.change('sessionRefresh', { refreshToken, idempotencyKey });
const securityOf = async (signedIn: Answer): Promise<Answer> =>
  (
    await shop.ask('{ mySecurity { accountId sessions { id deviceName isCurrent } } }', {
      viewer: await shop.viewerOf(signedIn),
    })
  ).mySecurity;
const auditOf = async (accountId: string): Promise<Answer[]> => [
  ...(await shop.db.execute(
    sql`select action from audit_entries where subject_id = ${accountId} order by entry_id`,
  )),
];

describe('a refresh token', () => {
  test('gives others, once, and the access token is of the same session', async () => {
    const { tokens, session, customer } = await shop.newcomer();
    const next = await refresh(tokens.refreshToken);
    expect(next).toMatchObject({ __typename: 'SessionRefreshed', session: { id: session.id } });
    expect(next.tokens.refreshToken).not.toBe(tokens.refreshToken);
    expect(await shop.viewerOf(next)).toMatchObject({ id: customer.id, sessionId: session.id });
    const lifetimeMs = Date.parse(next.tokens.accessTokenExpiresAt) - Date.now();
    expect(lifetimeMs).toBeGreaterThan(590_000);
    expect(lifetimeMs).toBeLessThanOrEqual(600_000);
    expect(await refresh(next.tokens.refreshToken)).toMatchObject({ __typename: 'SessionRefreshed' });
  });

  test('used again ends the session with everything that came of it, and the owner gets a mail', async () => {
    const { tokens, customer, email } = await shop.newcomer();
    const next = await refresh(tokens.refreshToken);
    expect(await refresh(tokens.refreshToken)).toMatchObject({ __typename: 'SessionEnded' });
    expect(await refresh(next.tokens.refreshToken)).toMatchObject({ __typename: 'SessionEnded' });
    const viewer = await shop.viewerOf(next);
    expect(await shop.ask('{ mySecurity { accountId } }', { viewer })).toEqual({ mySecurity: null });
    expect((await auditOf(customer.id)).at(-1)).toEqual({ action: 'refresh_token_reused' });
    expect((await shop.mailsTo(email))[0].text).toContain('used twice');
  });

  test('used twice at once under one key is one use', async () => {
    const { tokens } = await shop.newcomer();
    const hash = createHash('sha256').update(tokens.refreshToken).digest('hex');
    const [one, other] = await Promise.all([
      refresh(tokens.refreshToken, hash),
      refresh(tokens.refreshToken, hash),
    ]);
    expect(one.tokens.refreshToken).toBe(other.tokens.refreshToken);
    expect(await refresh(one.tokens.refreshToken)).toMatchObject({ __typename: 'SessionRefreshed' });
  });

  test('repeated under its key by a phone that has lost the answer gives the same tokens for a minute', async () => {
    const { tokens, session } = await shop.newcomer();
    const idempotencyKey = key();
    const lost = await refresh(tokens.refreshToken, idempotencyKey);
    const again = await refresh(tokens.refreshToken, idempotencyKey);
    expect(again.tokens.refreshToken).toBe(lost.tokens.refreshToken);
    expect(again.extensions.idempotency).toEqual({ replayed: ['sessionRefresh'] });
    await shop.db.execute(
      sql`update sessions set last_used_at = last_used_at - interval '61 seconds' where session_id = ${session.id}`,
    );
    expect(await refresh(tokens.refreshToken, idempotencyKey)).toMatchObject({ __typename: 'SessionEnded' });
    expect(await refresh(lost.tokens.refreshToken)).toMatchObject({ __typename: 'SessionEnded' });
  });

  test('copied, and used under the key that its owner made of it, is found out all the same', async () => {
    const { tokens, customer, email } = await shop.newcomer();
    const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');
    const second = await refresh(tokens.refreshToken, hashOf(tokens.refreshToken));
    const third = await refresh(second.tokens.refreshToken, hashOf(second.tokens.refreshToken));
    // The key of the first is no secret of its owner's.
    expect(await refresh(tokens.refreshToken, hashOf(tokens.refreshToken))).toMatchObject({
      __typename: 'SessionEnded',
    });
    expect(await refresh(third.tokens.refreshToken)).toMatchObject({ __typename: 'SessionEnded' });
    expect(await auditOf(customer.id)).toContainEqual({ action: 'refresh_token_reused' });
    expect((await shop.mailsTo(email))[0].text).toContain('used twice');
  });

  test('used twice at once under two keys ends the session: nobody keeps a copy alive', async () => {
    const { tokens, customer } = await shop.newcomer();
    const both = await Promise.all([refresh(tokens.refreshToken), refresh(tokens.refreshToken)]);
    // One was there first and may have been answered; what it got is over all the same.
    expect(both.map(({ __typename }: Answer) => __typename)).toContain('SessionEnded');
    for (const { tokens: given } of both)
      if (given) expect(await refresh(given.refreshToken)).toMatchObject({ __typename: 'SessionEnded' });
    expect((await auditOf(customer.id)).at(-1)).toEqual({ action: 'refresh_token_reused' });
  });

  test('that is made up, of another session, or of a later use opens nothing and ends nothing', async () => {
    const { tokens, session } = await shop.newcomer();
    const other = await shop.newcomer();
    const [, , mac] = tokens.refreshToken.split('.');
    const forged = [
      ...['', 'x', '..', `${session.id}.0.`, `${session.id}.1.${mac}`, `${session.id}.00.${mac}`],
      `${other.session.id}.0.${mac}`,
      `${session.id}.0.${'A'.repeat(43)}`,
    ];
    for (const token of forged) expect(await refresh(token)).toMatchObject({ __typename: 'SessionEnded' });
    expect(await refresh(tokens.refreshToken)).toMatchObject({ __typename: 'SessionRefreshed' });
  });

  test('ends with its time', async () => {
    const { tokens, session } = await shop.newcomer();
    await shop.db.execute(sql`update sessions set expires_at = now() where session_id = ${session.id}`);
    expect(await refresh(tokens.refreshToken)).toMatchObject({ __typename: 'SessionEnded' });
  });
});

describe('sessions', () => {
  test('are listed by device and ended one by one, or all others at once', async () => {
    const first = await shop.newcomer();
    const second = await shop.signIn(first.email, {}, { deviceName: 'second' });
    const third = await shop.signIn(first.email, {}, { deviceName: 'third' });
    const { sessions } = await securityOf(second);
    expect(sessions).toEqual([
      { id: third.session.id, deviceName: 'third', isCurrent: false },
      { id: second.session.id, deviceName: 'second', isCurrent: true },
      { id: first.session.id, deviceName: 'first', isCurrent: false },
    ]);
    const viewer = await shop.viewerOf(second);
    await shop.change('sessionRevoke', { sessionId: third.session.id }, { viewer });
    expect(await refresh(third.tokens.refreshToken)).toMatchObject({ __typename: 'SessionEnded' });
    expect(await shop.change('otherSessionsRevoke', {}, { viewer })).toMatchObject({ count: 1 });
    expect((await securityOf(second)).sessions).toHaveLength(1);
    expect(await securityOf(first)).toBeNull();
  });

  test('are fifty at most: the one that was left longest ends with another sign-in', async () => {
    const first = await shop.newcomer();
    const { id } = first.customer;
    await shop.db.execute(sql`insert into sessions (session_id, account_id, created_at, last_used_at, expires_at)
      select gen_random_uuid(), ${id}, now(), now() - make_interval(mins => place), now() + interval '1 day'
      from generate_series(1, 49) as place`);
    const last = await shop.signIn(first.email);
    const { sessions } = await securityOf(last);
    expect(sessions).toHaveLength(50);
    expect(sessions.map((session: Answer) => session.id)).toContain(first.session.id);
    expect((await auditOf(id)).at(-1)).toEqual({ action: 'signed_in' });
    const oldest = await shop.db.execute(sql`select 1 from sessions
      where account_id = ${id} and ended_at is not null and last_used_at < now() - interval '48 minutes'`);
    expect(oldest).toHaveLength(1);
    // They were not signed in, as the invariant asks for.
    await shop.db.execute(sql`delete from sessions where account_id = ${id}`);
  });

  test('end by signing out, also twice', async () => {
    const { tokens } = await shop.newcomer();
    const { refreshToken } = tokens;
    expect(await shop.change('signOut', { refreshToken })).toMatchObject({
      __typename: 'SignedOut',
      wasOpen: true,
    });
    expect(await shop.change('signOut', { refreshToken })).toMatchObject({
      __typename: 'SignedOut',
      wasOpen: false,
    });
    expect(await refresh(refreshToken)).toMatchObject({ __typename: 'SessionEnded' });
  });

  test('that have ended keep nobody from sending the same again after signing in', async () => {
    const first = await shop.newcomer();
    const [viewer, idempotencyKey] = [await shop.viewerOf(first), key()];
    await shop.change('signOut', { refreshToken: first.tokens.refreshToken });
    const revoke = (by: Answer) => shop.change('otherSessionsRevoke', { idempotencyKey }, { viewer: by });
    expect(await revoke(viewer)).toMatchObject({ __typename: 'SessionEnded' });
    const again = await shop.viewerOf(await shop.signIn(first.email));
    expect(await revoke(again)).toMatchObject({ __typename: 'OtherSessionsRevoked' });
  });

  test('that have ended are not opened again by a repeat of their sign-in', async () => {
    const { email } = await shop.newcomer();
    const input = { idempotencyKey: key() };
    const first = await shop.signIn(email, {}, input);
    await shop.change('signOut', { refreshToken: first.tokens.refreshToken });
    expect(await shop.signIn(email, {}, input)).toMatchObject({ __typename: 'SessionEnded' });
  });
});

describe('an access token of ours is refused', () => {
  const refusal = (token: string) =>
    verifyToken(shop.keys, token).then(
      () => null,
      ({ extensions }) => extensions.code,
    );
  const claims = {
    kind: 'staff',
    role: 'admin',
    scope: 'staff:write',
    sub: 'x',
    iss: 'storegraph',
    aud: 'storegraph',
  };

  test('without a signature, by another key, expired, or for another audience', async () => {
    const exp = Math.floor(Date.now() / 1000) + 600;
    const other = await createKeys();
    const stolen = { ...other, signing: { ...other.signing, kid: shop.keys.signing.kid ?? '' } };
    const forged = [
      new UnsecuredJWT({ ...claims, exp }).encode(),
      await signToken(stolen, { subject: 'x', role: 'admin' }),
      await shop.tokenFor({ subject: 'x', role: 'admin', lifetimeSeconds: -60 }),
      await new SignJWT({ ...claims, aud: 'elsewhere', exp })
        .setProtectedHeader({ alg: 'EdDSA', kid: shop.keys.signing.kid ?? '' })
        .sign(await importJWK(shop.keys.signing, 'EdDSA')),
    ];
    for (const token of forged) expect(await refusal(token)).toBe('UNAUTHENTICATED');
    expect(await refusal(await shop.tokenFor({ subject: 'x', role: 'admin' }))).toBeNull();
  });
});
