import { key } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { berlin, openData, type TestData, until, visa } from './data-fixture.ts';

let data: TestData;
beforeAll(async () => {
  data = await openData({ cart: { lines: 2 }, pricing: { points: 1 } });
});
afterAll(() => data.stop());
beforeEach(() => {
  data.others.failing.clear();
  data.others.asked.splice(0);
});

type Viewer = Awaited<ReturnType<TestData['customer']>>;
const fields = '{ id status beginsAt receiptCode receipts { subgraph items kept { what reason } } }';
const stranger = { kind: 'anonymous' } as const;
const byCode = async (receiptCode: string) =>
  (
    await data.ask(
      stranger,
      `query ($receiptCode: String!) { erasureStatus(receiptCode: $receiptCode) ${fields} }`,
      { receiptCode },
    )
  ).erasureStatus;
const reaches = (receiptCode: string, status: string) =>
  until(
    () => byCode(receiptCode),
    (job) => job.status === status,
  );
const request = async (viewer: Viewer) => (await data.change(viewer, 'erasureRequest')).erasure;

/** Somebody who has something in every table. */
const busyCustomer = async () => {
  const viewer = await data.customer();
  await data.change(viewer, 'customerProfileUpdate', { givenName: `Ada ${viewer.id}` });
  await data.change(viewer, 'addressAdd', { address: { ...berlin, recipient: `Ada ${viewer.id}` } });
  await data.change(viewer, 'paymentMethodAdd', { ...visa, token: `pm_${viewer.id}` });
  await data.change(viewer, 'consentGrant', { purpose: 'TERMS', version: '1' });
  await data.db.execute(sql`insert into sessions (session_id, account_id, device_name, created_at, last_used_at, expires_at, ended_at)
    values (gen_random_uuid(), ${viewer.id}, ${`phone of ${viewer.id}`}, now(), now(), now() + interval '1 day', now())`);
  await data.db.execute(sql`insert into identities (identity_id, account_id, provider, issuer, subject, email, linked_at)
    values (gen_random_uuid(), ${viewer.id}, 'p', 'https://p.test', ${viewer.id}, ${`${viewer.id}@p.test`}, now())`);
  return viewer;
};

/** Where the database still says something of the customer, beside their id. */
const tracesOf = async (viewer: Viewer): Promise<string[]> => {
  const tables = await data.db.execute<{ name: string }>(
    sql`select table_name as name from information_schema.tables where table_schema = 'account'`,
  );
  const marks = [`Ada ${viewer.id}`, `pm_${viewer.id}`, `phone of ${viewer.id}`, `${viewer.id}@`];
  const traces: string[] = [];
  for (const { name } of tables) {
    for (const mark of marks) {
      const rows = await data.db.execute(
        sql`select 1 as found from ${sql.identifier(name)} as t where t::text like ${`%${mark}%`} limit 1`,
      );
      if (rows.length > 0) traces.push(name);
    }
  }
  return [...new Set(traces)];
};

describe('an erasure', () => {
  test('begins after a day, in which it can be withdrawn and the account is as it was', async () => {
    const viewer = await busyCustomer();
    const erasure = await request(viewer);
    expect(erasure).toMatchObject({ status: 'WAITING', receiptCode: expect.stringMatching(/^[\w-]{27}$/) });
    expect(Date.parse(erasure.beginsAt) - Date.parse(erasure.requestedAt)).toBe(24 * 3_600_000);
    expect((await request(viewer)).id).toBe(erasure.id);
    expect((await data.me(viewer, `{ erasure ${fields} addresses { id } }`)).addresses).toHaveLength(1);
    expect(await data.change(viewer, 'erasureWithdraw')).toMatchObject({
      ...{ __typename: 'ErasureWithdrawn', erasure: { id: erasure.id, status: 'WITHDRAWN' } },
    });
    expect((await data.me(viewer, '{ erasure { id } }')).erasure).toBeNull();
    expect(await data.change(viewer, 'erasureWithdraw')).toMatchObject({ __typename: 'ErasureNotWaiting' });
    await data.due(viewer.id);
    expect((await request(viewer)).id).not.toBe(erasure.id);
    expect(data.others.asked).toEqual([]);
  });

  test('closes the account at once when it begins, and asks nobody before the last tokens have run out', async () => {
    const viewer = await busyCustomer();
    const { receiptCode } = await request(viewer);
    await data.due(viewer.id);
    await reaches(receiptCode, 'CLOSING');
    expect(await data.change(viewer, 'addressAdd', { address: berlin })).toMatchObject({
      __typename: 'SessionEnded',
    });
    expect(await data.change(viewer, 'erasureWithdraw')).toMatchObject({ __typename: 'SessionEnded' });
    const [account] = await data.db.execute(
      sql`select state, email, password_hash from accounts where account_id = ${viewer.id}`,
    );
    expect(account).toEqual({ state: 'ERASED', email: null, password_hash: null });
    expect(data.others.asked).toEqual([]);
    const [wait] = await data.db.execute<{ minutes: number }>(
      sql`select round(extract(epoch from run_at - now()) / 60)::integer as minutes from data_jobs where customer_id = ${viewer.id}`,
    );
    expect(wait?.minutes).toBe(11);
  });

  test('leaves nothing that leads to the person, and says what it leaves and why', async () => {
    const viewer = await busyCustomer();
    await data.change(viewer, 'dataExportRequest');
    await until(
      async () => (await data.me(viewer, '{ dataExports { status } }')).dataExports[0].status,
      (status) => status === 'FINISHED',
    );
    expect(await tracesOf(viewer)).toEqual(
      expect.arrayContaining([
        'accounts',
        'addresses',
        'identities',
        'payment_methods',
        'profiles',
        'sessions',
      ]),
    );
    // Signed in until the account is closed.
    await data.db.execute(sql`update sessions set ended_at = null where account_id = ${viewer.id}`);
    const { receiptCode } = await request(viewer);
    await data.due(viewer.id);
    await reaches(receiptCode, 'CLOSING');
    data.others.asked.splice(0);
    await data.db.execute(
      sql`update mails set state = 'SENT', ended_at = now() where account_id = ${viewer.id}`,
    );
    await data.due(viewer.id);
    const done = await reaches(receiptCode, 'FINISHED');

    expect(data.others.asked.sort()).toEqual(['cart', 'inventory', 'pricing', 'product']);
    expect(done.receipts.map(({ subgraph, items }: Record<string, unknown>) => [subgraph, items])).toEqual([
      ['account', 4],
      ['cart', 1],
      ['inventory', 0],
      ['pricing', 1],
      ['product', 0],
    ]);
    expect(done.receipts[0].kept).toEqual([
      { what: '1 lines of the ledger of consents', reason: expect.stringContaining('prove agreements') },
      { what: '2 entries of the audit log', reason: expect.stringContaining('prove who did what') },
    ]);
    expect(await tracesOf(viewer)).toEqual([]);
    expect(await data.factsOf(viewer.id)).toEqual(
      expect.arrayContaining([
        'account.erasure_requested',
        'account.sessions_ended',
        'account.erasure_begun',
        'account.erasure_finished',
      ]),
    );
    expect(done.receiptCode).toBeNull();
  });

  test('goes on until every part has erased, however often one fails', async () => {
    const viewer = await busyCustomer();
    const { receiptCode } = await request(viewer);
    await data.due(viewer.id);
    await reaches(receiptCode, 'CLOSING');
    data.others.failing.add('pricing');
    await data.due(viewer.id, 1_000);
    await until(
      () => byCode(receiptCode),
      ({ receipts }) => receipts.length === 3,
    );
    expect(await byCode(receiptCode)).toMatchObject({
      ...{
        status: 'RUNNING',
        receipts: [{ subgraph: 'cart' }, { subgraph: 'inventory' }, { subgraph: 'product' }],
      },
    });
    data.others.failing.clear();
    // The try that failed may still be setting the job back.
    await until(
      async () => {
        await data.due(viewer.id);
        return byCode(receiptCode);
      },
      (job) => job.status === 'FINISHED',
    );
    expect(data.others.asked.filter((name) => name === 'product')).toHaveLength(1);
  });

  test('withdrawn while it begins is either withdrawn or begun, never both', async () => {
    for (let round = 0; round < 10; round += 1) {
      const viewer = await data.customer();
      const { receiptCode } = await request(viewer);
      const [outcome] = await Promise.all([data.change(viewer, 'erasureWithdraw'), data.due(viewer.id)]);
      const isWithdrawn = outcome.__typename === 'ErasureWithdrawn';
      const job = await until(
        () => byCode(receiptCode),
        ({ status }) => status !== 'WAITING',
      );
      expect(job.status).toBe(isWithdrawn ? 'WITHDRAWN' : 'CLOSING');
      const [account] = await data.db.execute(
        sql`select state from accounts where account_id = ${viewer.id}`,
      );
      expect(account).toEqual({ state: isWithdrawn ? 'ACTIVE' : 'ERASED' });
    }
  });

  test('is told by mail when it is asked for and when it begins, which is the last mail', async () => {
    const viewer = await data.customer();
    const { receiptCode } = await request(viewer);
    expect(await data.mailTo(viewer.id, 'be erased')).toContain('in 24 hours');
    await data.due(viewer.id);
    await reaches(receiptCode, 'CLOSING');
    expect(await data.mailTo(viewer.id, 'account is closed')).toContain('the last mail');
  });

  test('asked for twice with a key is one, and has one code', async () => {
    const viewer = await data.customer();
    const input = { idempotencyKey: key() };
    const outcomes = await Promise.all([1, 2, 3].map(() => data.change(viewer, 'erasureRequest', input)));
    expect(new Set(outcomes.map(({ erasure }) => erasure.receiptCode)).size).toBe(1);
  });

  test.each(['', 'x', 'a'.repeat(100_000), '\u{1F600}'])(
    'is told by its code alone, not by %j',
    async (code) => {
      expect(await byCode(code)).toBeNull();
    },
  );
});

test('the invariants hold after all of this', async () => {
  expect(await data.broken()).toEqual([]);
});
