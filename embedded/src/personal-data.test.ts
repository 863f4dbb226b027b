import { randomUUID } from 'node:crypto';
import { createInProcessBus } from '@storegraph/events';
import { connect, type Database } from '@storegraph/postgres';
import { createKeys, type MountedSubgraph, mountSubgraph, type Viewer } from '@storegraph/server';
import { key, testDatabase } from '@storegraph/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { rowsOf } from './shop-repository.ts';
import { createAsks, parts } from './subgraphs.ts';

/** An export and an erasure over all subgraphs as they are: each says what it holds, and forgets it. */

const me: Viewer & { readonly id: string } = { kind: 'customer', id: randomUUID(), scopes: new Set() };
/** Far longer than it takes. */
const patienceMs = 10_000;
const stops: (() => Promise<void>)[] = [];
const mounted = new Map<string, MountedSubgraph>();
let accounts: Database;

beforeAll(async () => {
  const bus = createInProcessBus();
  const keys = await createKeys();
  const asks = createAsks();
  for (const { name, open } of parts) {
    const ask = asks.of(name);
    const database = await testDatabase(`template_${name}`, async (postgresUrl) => {
      await (await open({ postgresUrl, bus: createInProcessBus(), ask, keys })).stop();
    });
    stops.push(database.drop);
    const subgraph = mountSubgraph(await open({ postgresUrl: database.url, bus, ask, keys }), { keys });
    asks.answeredBy(subgraph);
    stops.push(subgraph.stop);
    mounted.set(name, subgraph);
    if (name === 'account') accounts = connect({ url: database.url, schema: 'account', name: 'test' });
  }
  stops.push(() => accounts.close());
  await Promise.all([...mounted.values()].map((subgraph) => subgraph.start()));
  await rowsOf(
    accounts,
    `insert into accounts (account_id, role, email, email_key, password_changed_at, email_verified_at, created_at)
     values ('${me.id}', 'customer', 'ada@shop.test', 'ada@shop.test', now(), now(), now())`,
  );
});
afterAll(async () => {
  for (let stop = stops.pop(); stop; stop = stops.pop()) await stop();
});

const ask = async (name: string, query: string, variables: Readonly<Record<string, unknown>> = {}) => {
  const answer = await mounted.get(name)?.execute({ query, variables, viewer: me });
  expect(answer?.errors).toBeUndefined();
  return JSON.parse(JSON.stringify(answer?.data));
};
const change = (name: string, mutation: string, input: object, fields = '') => {
  const kind = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  const document = `mutation ($input: ${kind}!) { ${mutation}(input: $input) { __typename ${fields} } }`;
  return ask(name, document, { input: { idempotencyKey: key(), ...input } });
};
const note = async () => (await ask('cart', '{ cart { note } }')).cart?.note ?? null;
/** Lets the time pass that an erasure waits for. */
const due = () => rowsOf(accounts, `update data_jobs set run_at = now() where kind = 'ERASURE'`);
const everybody = ['account', 'cart', 'inventory', 'pricing', 'product'];

test('a customer gets what every part of the shop holds, and then every part forgets it', async () => {
  await change('account', 'customerProfileUpdate', { givenName: 'Ada' });
  await change('cart', 'cartNoteSet', { note: 'Ring twice' });
  await change('account', 'dataExportRequest', {});
  const exported = await vi.waitFor(async () => {
    const { me: found } = await ask(
      'account',
      '{ me { dataExports { status archive receipts { subgraph } } } }',
    );
    expect(found.dataExports[0].status).toBe('FINISHED');
    return found.dataExports[0];
  }, patienceMs);
  expect(exported.receipts.map(({ subgraph }: { subgraph: string }) => subgraph)).toEqual(everybody);
  expect(Buffer.from(exported.archive, 'base64').subarray(0, 2).toString()).toBe('PK');
  expect(await note()).toBe('Ring twice');

  const { erasureRequest } = await change(
    'account',
    'erasureRequest',
    {},
    '... on ErasureRequested { erasure { receiptCode } }',
  );
  const { receiptCode } = erasureRequest.erasure;
  const reaches = (status: string) =>
    vi.waitFor(async () => {
      const query =
        'query ($code: String!) { erasureStatus(receiptCode: $code) { status receipts { subgraph } } }';
      const { erasureStatus } = await ask('account', query, { code: receiptCode });
      expect(erasureStatus.status).toBe(status);
      return erasureStatus;
    }, patienceMs);
  await due();
  await reaches('CLOSING');
  expect(await note()).toBe('Ring twice');
  await due();
  const erased = await reaches('FINISHED');
  expect(erased.receipts.map(({ subgraph }: { subgraph: string }) => subgraph)).toEqual(everybody);
  expect(await note()).toBeNull();
});
