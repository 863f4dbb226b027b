import { randomUUID } from 'node:crypto';
import type { Fact } from '@storegraph/events';
import { mountSubgraph } from '@storegraph/server';
import { openPublisher, type Publisher } from '@storegraph/testing';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Answer, accountForTest, admin, type OpenAccounts, openAccounts } from './account-fixture.ts';

/** What staff do elsewhere in the shop is entered in the audit log. */

let shop: OpenAccounts;
const publishers = new Map<string, Publisher>();
beforeAll(async () => {
  shop = await openAccounts();
  for (const name of ['product', 'pricing', 'inventory']) {
    const publisher = await openPublisher(shop.url, name);
    publishers.set(name, publisher);
    shop.bus.register(publisher.events);
  }
});
afterAll(async () => {
  expect(await shop.broken()).toEqual({});
  for (const publisher of publishers.values()) await publisher.close();
  await shop.stop();
});

const entriesBy = async (staffId: string): Promise<Answer[]> => {
  const query = `query ($actor: String) { auditEntries(actor: $actor, first: 200) {
    nodes { id action subjectId details } } }`;
  const { auditEntries } = await shop.ask(query, { viewer: admin }, { actor: `staff:${staffId}` });
  return auditEntries.nodes;
};
const entered = (staffId: string, count: number) =>
  vi.waitFor(
    async () => {
      const entries = await entriesBy(staffId);
      expect(entries).toHaveLength(count);
      return entries;
    },
    { timeout: 10_000 },
  );

/** Another process of the same shop. */
const anotherProcess = async () => {
  const create = await accountForTest({}, { keys: shop.keys });
  const ask = async () => {
    throw new Error('Nobody is asked here.');
  };
  const mounted = mountSubgraph(await create({ postgresUrl: shop.url, bus: shop.bus, ask }));
  await mounted.start();
  return mounted;
};

type Act = Extract<Fact, { readonly type: `${string}.staff_acted` }>;
const act = (
  type: Act['type'],
  aggregateId: string,
  on: Readonly<Record<string, string>> = {},
  outcome = 'ThingDone',
): Act => ({ type, aggregateId, data: { operation: 'thingDo', outcome, on } });

describe('an act of staff', () => {
  test('is entered with what it was about, refusals as well', async () => {
    const staffId = randomUUID();
    const productId = randomUUID();
    await publishers
      .get('product')
      ?.publish([
        act('product.staff_acted', staffId, { productId }),
        act('product.staff_acted', staffId, {}, 'ThingNotFound'),
      ]);
    const [refused, done] = await entered(staffId, 2);
    expect(done).toMatchObject({ action: 'acted', subjectId: '00000000-0000-0000-0000-000000000000' });
    expect(JSON.parse(done.details)).toEqual({
      ...{ productId, subgraph: 'product', operation: 'thingDo', outcome: 'ThingDone' },
      at: expect.stringMatching(/Z$/),
    });
    expect(JSON.parse(refused.details)).toMatchObject({ outcome: 'ThingNotFound' });
  });

  test('on a customer is an entry of the customer', async () => {
    const [staffId, customerId] = [randomUUID(), randomUUID()];
    await publishers.get('pricing')?.publish([act('pricing.staff_acted', staffId, { customerId })]);
    expect(await entered(staffId, 1)).toMatchObject([{ subjectId: customerId }]);
  });

  test('is entered once by however many processes, in the order it was done', async () => {
    const staffId = randomUUID();
    const other = await anotherProcess();
    const codes = Array.from({ length: 150 }, (_, place) => `ACT-${place}`);
    for (const code of codes)
      await publishers.get('inventory')?.publish([act('inventory.staff_acted', staffId, { code })]);
    const entries = await entered(staffId, 150);
    expect(entries.reverse().map(({ details }) => JSON.parse(details).code)).toEqual(codes);
    await other.stop();
  });
});
