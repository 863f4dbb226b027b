import { key } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { berlin, openData, type TestData, until, unzip, visa } from './data-fixture.ts';

let data: TestData;
beforeAll(async () => {
  data = await openData({ cart: { lines: [{ sku: 'A', quantity: 2 }] }, pricing: { points: 120 } });
});
afterAll(() => data.stop());
beforeEach(() => {
  data.others.failing.clear();
  data.others.asked.splice(0);
});

type Viewer = Awaited<ReturnType<TestData['customer']>>;
const fields = '{ dataExports { id status archive expiresAt finishedAt receipts { subgraph items } } }';
const latestOf = async (viewer: Viewer) => (await data.me(viewer, fields)).dataExports[0];
const finished = (viewer: Viewer) =>
  until(
    () => latestOf(viewer),
    ({ status }) => status === 'FINISHED',
  );
const textOf = (files: Record<string, string>, name: string) => JSON.parse(files[`${name}.json`] ?? '');

describe('an export', () => {
  test('is one archive of what every part of the shop holds, with a receipt from each', async () => {
    const viewer = await data.customer();
    await data.change(viewer, 'customerProfileUpdate', { givenName: 'Zoë 😀' });
    await data.change(viewer, 'addressAdd', { address: berlin });
    await data.change(viewer, 'paymentMethodAdd', { ...visa, token: 'pm_secretToken' });
    await data.change(viewer, 'consentGrant', { purpose: 'TERMS', version: '1' });
    expect(await data.change(viewer, 'dataExportRequest')).toMatchObject({
      ...{ __typename: 'DataExportRequested', dataExport: { status: 'RUNNING', archive: null } },
    });

    const job = await finished(viewer);
    expect(job.receipts).toEqual([
      { subgraph: 'account', items: 6 },
      { subgraph: 'cart', items: 1 },
      { subgraph: 'inventory', items: 0 },
      { subgraph: 'pricing', items: 1 },
      { subgraph: 'product', items: 0 },
    ]);
    const files = unzip(Buffer.from(job.archive, 'base64'));
    expect(Object.keys(files).sort()).toEqual(
      ['about', 'account', 'cart', 'inventory', 'pricing', 'product'].map((name) => `${name}.json`),
    );
    expect(textOf(files, 'cart')).toEqual({ lines: [{ sku: 'A', quantity: 2 }] });
    expect(textOf(files, 'pricing')).toEqual({ points: 120 });
    expect(textOf(files, 'account')).toMatchObject({
      account: { id: viewer.id, email: `${viewer.id}@example.test` },
      profile: { givenName: 'Zoë 😀' },
      addresses: [{ city: 'Berlin', isDefaultForShipping: true }],
      paymentMethods: [{ last4: '4242' }],
      consents: [{ purpose: 'TERMS', isGranted: true }],
    });
    expect(files['account.json']).not.toContain('pm_secretToken');
    expect(await data.factsOf(viewer.id)).toEqual(
      expect.arrayContaining(['account.export_requested', 'account.export_finished']),
    );
    expect(await data.mailTo(viewer.id, 'copy of your data')).toContain('seven days');
    const [left] = await data.db.execute(
      sql`select count(*) as count from data_receipts where content is not null`,
    );
    expect(left).toEqual({ count: 0 });
  });

  test('that is asked for while one is under way is that one, and not another within the hour', async () => {
    const viewer = await data.customer();
    data.others.failing.add('cart');
    const input = { idempotencyKey: key() };
    const outcomes = await Promise.all([
      data.change(viewer, 'dataExportRequest', input),
      data.change(viewer, 'dataExportRequest', input),
      data.change(viewer, 'dataExportRequest'),
    ]);
    expect(new Set(outcomes.map(({ dataExport }) => dataExport.id)).size).toBe(1);
    data.others.failing.clear();
    await finished(viewer);
    expect(await data.change(viewer, 'dataExportRequest')).toMatchObject({
      ...{ __typename: 'DataExportTooSoon', availableAt: expect.any(String) },
    });
    expect(await data.change(viewer, 'dataExportRequest', input)).toMatchObject({
      __typename: 'DataExportRequested',
    });
  });

  test('waits for a part that does not answer, and asks those that have answered no second time', async () => {
    const viewer = await data.customer();
    data.others.failing.add('cart');
    await data.change(viewer, 'dataExportRequest');
    await until(
      async () => data.others.asked.filter((name) => name === 'cart').length,
      (count) => count >= 2,
    );
    expect((await latestOf(viewer)).receipts.map(({ subgraph }: { subgraph: string }) => subgraph)).toEqual([
      ...['inventory', 'pricing', 'product'],
    ]);
    data.others.failing.clear();
    await data.due(viewer.id);
    await finished(viewer);
    for (const name of ['product', 'inventory', 'pricing']) {
      expect(data.others.asked.filter((asked) => asked === name)).toHaveLength(1);
    }
  });

  test('is given up when a part has not answered for long, and can then be asked for again', async () => {
    const viewer = await data.customer();
    data.others.failing.add('pricing');
    await data.change(viewer, 'dataExportRequest');
    const failed = await until(
      async () => {
        await data.due(viewer.id, 150);
        return latestOf(viewer);
      },
      ({ status }) => status === 'FAILED',
    );
    expect(failed).toMatchObject({ archive: null });
    data.others.failing.clear();
    await data.change(viewer, 'dataExportRequest');
    await finished(viewer);
  });

  test('can be fetched for seven days', async () => {
    const viewer = await data.customer();
    await data.change(viewer, 'dataExportRequest');
    const job = await finished(viewer);
    expect(Date.parse(job.expiresAt) - Date.parse(job.finishedAt)).toBe(7 * 86_400_000);
    await data.db.execute(sql`update data_jobs set expires_at = now() where customer_id = ${viewer.id}`);
    expect(await latestOf(viewer)).toMatchObject({ status: 'FINISHED', archive: null });
  });

  test('is shown to staff without its archive, and that they looked is noted', async () => {
    const viewer = await data.customer();
    await data.change(viewer, 'dataExportRequest');
    await finished(viewer);
    const { customer } = await data.ask(data.support, `query ($id: ID!) { customer(id: $id) ${fields} }`, {
      id: viewer.id,
    });
    expect(customer.dataExports).toMatchObject([{ status: 'FINISHED', archive: null }]);
    expect(await data.auditOf(viewer.id)).toContainEqual({
      ...{ actor: `staff:${data.support.id}`, action: 'read', details: { what: 'exports' } },
    });
  });
});

test('a job of a process that died is taken over when its lease is over, and by nobody before', async () => {
  const viewer = await data.customer();
  // As it stands after a kill: leased, with one receipt, by an owner that says nothing more.
  const jobId = '01900000-0000-7000-8000-00000000000a';
  await data.db.execute(sql`insert into data_jobs
      (job_id, customer_id, kind, status, begins_at, run_at, attempts, lease_owner, lease_until)
    values (${jobId}, ${viewer.id}, 'EXPORT', 'RUNNING', now(), now(), 1, ${jobId}, now() + interval '1 hour')`);
  await data.db.execute(sql`insert into data_receipts (job_id, subgraph, items, content)
    values (${jobId}, 'cart', 1, '{"from":"the one who died"}')`);
  const other = await data.customer();
  await data.change(other, 'dataExportRequest');
  await finished(other);
  expect((await latestOf(viewer)).status).toBe('RUNNING');

  data.others.asked.splice(0);
  await data.db.execute(
    sql`update data_jobs set lease_until = now() - interval '1 second' where job_id = ${jobId}`,
  );
  const files = unzip(Buffer.from((await finished(viewer)).archive, 'base64'));
  expect(textOf(files, 'cart')).toEqual({ from: 'the one who died' });
  expect(data.others.asked.sort()).toEqual(['inventory', 'pricing', 'product']);
});

test('the invariants hold after all of this', async () => {
  expect(await data.broken()).toEqual([]);
});
