import { key } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, admin, newEmail, type OpenAccounts, openAccounts } from './account-fixture.ts';

let shop: OpenAccounts;
beforeAll(async () => {
  shop = await openAccounts();
});
afterAll(() => shop.stop());

const entriesOf = async (subjectId: string): Promise<Answer[]> => {
  const query = `query ($subjectId: ID) { auditEntries(subjectId: $subjectId) {
    nodes { id at actor action subjectId details hash } } }`;
  return (await shop.ask(query, { viewer: admin }, { subjectId })).auditEntries.nodes;
};

describe('staff', () => {
  test('are made by an administrator, choose a password by mail, and get the scopes of their role', async () => {
    const support = await shop.employee('SUPPORT');
    const viewer = await shop.viewerOf(support);
    expect(viewer).toMatchObject({ kind: 'staff', id: support.staffId });
    expect([...(viewer.kind === 'staff' ? viewer.scopes : [])].sort()).toEqual([
      'account:read',
      'account:write',
      'cart:read',
      'stock:read',
    ]);
    const { email } = await shop.newcomer();
    const query = 'query ($email: String!) { customerByEmail(email: $email) { email } }';
    expect(await shop.ask(query, { viewer }, { email })).toEqual({ customerByEmail: { email } });
    const taken = { email: email.toUpperCase(), name: 'x', role: 'ADMIN' };
    expect(await shop.change('staffCreate', taken, { viewer: admin })).toMatchObject({
      __typename: 'EmailTaken',
    });
  });

  test('are made, changed and listed by nobody else', async () => {
    const viewers = [
      await shop.viewerOf(await shop.employee('SUPPORT')),
      await shop.viewerOf(await shop.newcomer()),
    ];
    for (const viewer of viewers) {
      const input = { email: newEmail(), name: 'x', role: 'ADMIN' };
      await expect(shop.change('staffCreate', input, { viewer })).rejects.toThrow('staff:write');
      await expect(shop.ask('{ staffMembers { id } }', { viewer })).rejects.toThrow('staff:write');
      await expect(shop.ask('{ auditEntries { nodes { id } } }', { viewer })).rejects.toThrow('audit:read');
    }
  });

  test('lose their sessions with a change of role, which is written down', async () => {
    const support = await shop.employee('SUPPORT');
    const { staffId } = support;
    const changed = await shop.change('staffRoleChange', { staffId, role: 'FINANCE' }, { viewer: admin });
    expect(changed).toMatchObject({ staffMember: { id: staffId, role: 'FINANCE' } });
    const { refreshToken } = support.tokens;
    expect(await shop.change('sessionRefresh', { refreshToken })).toMatchObject({
      __typename: 'SessionEnded',
    });
    const [entry] = await entriesOf(staffId);
    expect(entry).toMatchObject({
      actor: `staff:${admin.kind === 'staff' && admin.id}`,
      action: 'role_changed',
    });
    expect(JSON.parse(entry.details)).toEqual({ from: 'support', to: 'finance' });
  });

  test('do nothing of it to themselves, so that one who may is left', async () => {
    const boss = await shop.employee('ADMIN');
    const viewer = await shop.viewerOf(boss);
    const { staffId } = boss;
    expect(await shop.change('staffRoleChange', { staffId, role: 'SUPPORT' }, { viewer })).toMatchObject({
      __typename: 'NotOneself',
    });
    expect(await shop.change('staffSuspend', { staffId, reason: 'x' }, { viewer })).toMatchObject({
      __typename: 'NotOneself',
    });
  });

  test('whose session has ended do none of it with a token that still holds', async () => {
    const [boss, other, customer] = [
      await shop.employee('ADMIN'),
      await shop.employee('ADMIN'),
      await shop.newcomer(),
    ];
    const viewer = await shop.viewerOf(boss);
    const reason = 'left';
    await shop.change(
      'staffSuspend',
      { staffId: boss.staffId, reason },
      { viewer: await shop.viewerOf(other) },
    );
    const tries: readonly [string, object][] = [
      ['staffCreate', { email: newEmail(), name: 'a friend', role: 'ADMIN' }],
      ['staffRestore', { staffId: boss.staffId, reason }],
      ['staffSuspend', { staffId: other.staffId, reason }],
      ['staffRoleChange', { staffId: other.staffId, role: 'SUPPORT' }],
      ['customerSuspend', { customerId: customer.customer.id, reason }],
      ['customerRestore', { customerId: customer.customer.id, reason }],
    ];
    const idempotencyKey = key();
    for (const [mutation, input] of tries)
      expect(await shop.change(mutation, { ...input, idempotencyKey }, { viewer })).toMatchObject({
        __typename: 'SessionEnded',
      });
    // What was refused so is not kept: who signs in again sends it again.
    await shop.change('staffRestore', { staffId: boss.staffId, reason }, { viewer: admin });
    const again = await shop.viewerOf(await shop.signIn(boss.email));
    const [create, input] = tries[0] ?? ['', {}];
    expect(await shop.change(create, { ...input, idempotencyKey }, { viewer: again })).toMatchObject({
      __typename: 'StaffCreated',
    });
  });

  test('who suspend each other at once leave one who may', async () => {
    const bosses = [await shop.employee('ADMIN'), await shop.employee('ADMIN'), await shop.employee('ADMIN')];
    const viewers = await Promise.all(bosses.map((boss) => shop.viewerOf(boss)));
    const outcomes = await Promise.all(
      viewers.map((viewer, place) =>
        shop.change(
          'staffSuspend',
          { staffId: bosses[(place + 1) % 3].staffId, reason: 'a quarrel' },
          { viewer },
        ),
      ),
    );
    expect(outcomes.map(({ __typename }) => __typename)).toContain('SessionEnded');
    const { staffMembers } = await shop.ask('{ staffMembers { id state } }', { viewer: admin });
    const left = staffMembers.filter(
      ({ id, state }: Answer) => state === 'ACTIVE' && bosses.some(({ staffId }) => staffId === id),
    );
    expect(left.length).toBeGreaterThan(0);
  });

  test('suspended may not sign in until they are restored', async () => {
    const { staffId, email } = await shop.employee('WAREHOUSE');
    await shop.change('staffSuspend', { staffId, reason: 'left' }, { viewer: admin });
    expect(await shop.signIn(email)).toMatchObject({ __typename: 'CredentialsRefused' });
    await shop.change('staffRestore', { staffId, reason: 'is back' }, { viewer: admin });
    expect(await shop.signIn(email)).toMatchObject({ __typename: 'SignedIn' });
  });

  test('who suspend a customer end the sessions; a member of staff is no customer, and the other way round', async () => {
    const customer = await shop.newcomer();
    const { staffId } = await shop.employee('FINANCE');
    const reason = 'fraud';
    expect(
      await shop.change('customerSuspend', { customerId: staffId, reason }, { viewer: admin }),
    ).toMatchObject({ __typename: 'AccountNotFound' });
    const { id } = customer.customer;
    expect(await shop.change('staffSuspend', { staffId: id, reason }, { viewer: admin })).toMatchObject({
      __typename: 'AccountNotFound',
    });
    const suspended = await shop.change('customerSuspend', { customerId: id, reason }, { viewer: admin });
    expect(suspended).toMatchObject({ customer: { id, state: 'SUSPENDED' } });
    const viewer = await shop.viewerOf(customer);
    expect(await shop.ask('{ mySecurity { accountId } }', { viewer })).toEqual({ mySecurity: null });
    expect((await entriesOf(id)).map(({ action }) => action)).toEqual([
      'read',
      'suspended',
      'signed_in',
      'account_created',
    ]);
  });
});

describe('the audit log', () => {
  test('is paged, latest first, without gap or repeat', async () => {
    const { email, customer } = await shop.newcomer();
    for (let place = 0; place < 5; place += 1) await shop.signIn(email);
    const query = `query ($subjectId: ID, $after: String) { auditEntries(subjectId: $subjectId, first: 3, after: $after) {
      nodes { id } pageInfo { hasNextPage endCursor } } }`;
    const ids: number[] = [];
    for (let after: string | null = null; ; ) {
      const variables = { subjectId: customer.id, after };
      const { auditEntries }: Answer = await shop.ask(query, { viewer: admin }, variables);
      ids.push(...auditEntries.nodes.map(({ id }: Answer) => Number(id)));
      after = auditEntries.pageInfo.endCursor;
      if (!auditEntries.pageInfo.hasNextPage) break;
    }
    expect(ids).toHaveLength(7);
    expect(ids).toEqual([...ids].sort((one, other) => other - one));
    for (const wrong of [
      '{ auditEntries(first: 0) { nodes { id } } }',
      '{ auditEntries(after: "x") { nodes { id } } }',
    ])
      await expect(shop.ask(wrong, { viewer: admin })).rejects.toThrow();
  });

  test('is one chain however many write at once', async () => {
    const people = await Promise.all([shop.newcomer(), shop.newcomer(), shop.newcomer()]);
    await Promise.all(
      people.flatMap(({ email }) => [shop.signIn(email), shop.signIn(email), shop.signIn(email)]),
    );
    expect(await shop.broken()).toEqual({});
  });

  test('is not changed, not shortened and not emptied by SQL', async () => {
    const statements = [
      sql`update audit_entries set actor = 'nobody'`,
      sql`delete from audit_entries`,
      sql`truncate audit_entries`,
    ];
    for (const statement of statements) {
      const refusal: Answer = await shop.db.execute(statement).then(
        () => null,
        (error) => error.cause,
      );
      expect(refusal?.message).toContain('append-only');
    }
  });

  test('shows what somebody changed who could switch the guard off', async () => {
    const tampers = [
      sql`update audit_entries set details = '{"from":"admin"}' where entry_id = 2`,
      sql`delete from audit_entries where entry_id = 2`,
      sql`delete from audit_entries where entry_id = (select max(entry_id) from audit_entries)`,
      sql`insert into audit_entries select entry_id + 1, now(), actor, 'signed_in', subject_id, details, hash, hash
        from audit_entries order by entry_id desc limit 1`,
    ];
    for (const tamper of tampers) {
      await shop.db.execute(sql`create table kept as select * from audit_entries`);
      await shop.db.execute(sql.raw('alter table audit_entries disable trigger user'));
      await shop.db.execute(tamper);
      expect(Object.keys(await shop.broken())).toEqual(
        expect.arrayContaining([expect.stringMatching(/^the audit log|^each audit entry/)]),
      );
      await shop.db.execute(sql`delete from audit_entries`);
      await shop.db.execute(sql`insert into audit_entries select * from kept`);
      await shop.db.execute(sql`drop table kept`);
      await shop.db.execute(sql.raw('alter table audit_entries enable trigger user'));
      expect(await shop.broken()).toEqual({});
    }
  });
});
