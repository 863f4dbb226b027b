import { append, eventsMigrations, type Fact, openEventLog } from '@storegraph/events';
import { connect, migrate, newId, transaction } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type OpenStock, openStock, reader } from './stock-fixture.ts';

let shop: OpenStock;
let warehouseId: string;
beforeAll(async () => {
  shop = await openStock();
  warehouseId = await shop.makeWarehouse({ code: 'BER1' });
});
afterAll(() => shop.stop());

describe('stockMovements', () => {
  const query = `query ($variantId: ID!, $warehouseId: ID, $first: Int, $after: String) {
    stockMovements(variantId: $variantId, warehouseId: $warehouseId, first: $first, after: $after) {
      nodes { id variantId delta reason reference note actor occurredAt warehouse { code } }
      edges { cursor node { delta } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
  const page = async (variables: object): Promise<Answer> =>
    (await shop.ask(query, variables)).stockMovements;
  const refusal = async (variables: object): Promise<Answer> => {
    const { errors } = await shop.execute(query, { variantId: newId(), ...variables }, reader);
    return errors?.map(({ message, extensions }: Answer) => [extensions.code, message]);
  };

  test('pages the ledger, latest first, without gap or repeat; one statement a page', async () => {
    const variantId = await shop.makeVariant();
    const elsewhere = await shop.makeWarehouse();
    for (const shelf of [warehouseId, elsewhere]) await shop.put({ variantId, warehouseId: shelf });
    for (let delta = 1; delta <= 7; delta += 1) {
      const shelf = delta === 4 ? elsewhere : warehouseId;
      await shop.db.execute(sql`insert into movements (variant_id, warehouse_id, delta, reason, reference, actor, occurred_at)
        values (${variantId}, ${shelf}, ${delta}, 'RECEIVED', 'note 1', 'staff:ada', now())`);
    }
    const deltas: number[] = [];
    let after: string | null = null;
    for (let pages = 1; pages <= 3; pages += 1) {
      const { nodes, edges, pageInfo }: Answer = await page({ variantId, first: 3, after });
      deltas.push(...nodes.map(({ delta }: Answer) => delta));
      expect(pageInfo).toMatchObject({ hasNextPage: pages < 3, hasPreviousPage: pages > 1 });
      expect(pageInfo.endCursor).toBe(edges.at(-1).cursor);
      after = pageInfo.endCursor;
    }
    expect(deltas).toEqual([7, 6, 5, 4, 3, 2, 1]);
    const there = await page({ variantId, warehouseId: elsewhere });
    expect(there.nodes).toMatchObject([
      { variantId, delta: 4, reason: 'RECEIVED', reference: 'note 1', note: null, actor: 'staff:ada' },
    ]);
    const { statements } = await shop.execute(query, { variantId }, reader);
    expect(statements).toBe(1);
  });
  test('is empty where nothing ever moved', async () => {
    for (const variantId of [newId(), 'no id']) {
      expect(await page({ variantId })).toMatchObject({ nodes: [], pageInfo: { endCursor: null } });
    }
  });
  test('refuses a page of none or of too many, and what is no cursor', async () => {
    const limits = [['BAD_USER_INPUT', 'first must be from 1 to 200.']];
    expect(await refusal({ first: 0 })).toEqual(limits);
    expect(await refusal({ first: 201 })).toEqual(limits);
    for (const after of ['', 'abc', Buffer.from('movement -1').toString('base64url')]) {
      expect(await refusal({ after })).toEqual([['BAD_USER_INPUT', 'after is no cursor of a ledger.']]);
    }
  });
});

describe('reservation', () => {
  const query = `query ($id: ID!) { reservation(id: $id) { id status expiresAt
    lines { quantity variant { id stock { available } } warehouse { code } } } }`;

  test('shows what is taken from where, in two statements', async () => {
    const variantIds = [await shop.makeVariant(), await shop.makeVariant()];
    const id = newId();
    await shop.db.execute(sql`insert into reservations
      (reservation_id, fingerprint, status, expires_at, variant_ids, warehouse_ids, quantities)
      values (${id}, 'x', 'CONFIRMED', now(), ${sql.param(variantIds)}::uuid[],
        ${sql.param([warehouseId, warehouseId])}::uuid[], '{2,3}')`);
    const { data, errors, statements } = await shop.execute(query, { id }, reader);
    expect(errors).toBeUndefined();
    expect(data.reservation).toMatchObject({
      id,
      status: 'CONFIRMED',
      lines: [
        { quantity: 2, variant: { id: variantIds[0], stock: { available: 0 } }, warehouse: { code: 'BER1' } },
        { quantity: 3, variant: { id: variantIds[1] }, warehouse: { code: 'BER1' } },
      ],
    });
    expect(statements).toBe(2);
  });
  test('is null for one that is not there, and for a refusal kept for its key', async () => {
    const refused = newId();
    await shop.db.execute(sql`insert into reservations
      (reservation_id, fingerprint, status, expires_at, variant_ids, warehouse_ids, quantities, refusal)
      values (${refused}, 'x', 'REFUSED', now(), '{}', '{}', '{}', '{}')`);
    for (const id of [refused, newId(), 'no id']) {
      expect(await shop.ask(query, { id })).toEqual({ reservation: null });
    }
  });
});

describe('the catalogue', () => {
  test('tells which variants there are; a repeat or a late fact changes nothing', async () => {
    const url = shop.url;
    await migrate({ url, schema: 'product', folders: [eventsMigrations] });
    const catalogue = connect({ url, schema: 'product', name: 'test catalogue' });
    const log = openEventLog({ db: catalogue, publisher: 'product' });
    shop.bus.register(log);
    const variant = { variantId: newId(), productId: newId(), sku: 'OLD' };
    const removed = { variantId: newId(), productId: newId(), sku: 'GONE' };
    const fact = (name: 'created' | 'updated' | 'removed', data: typeof variant): Fact => ({
      type: `product.variant_${name}`,
      aggregateId: data.variantId,
      data,
    });
    await transaction(catalogue, async (tx) => {
      append(tx, [
        fact('created', variant),
        fact('created', variant),
        fact('updated', { ...variant, sku: 'NEW' }),
        fact('created', removed),
        fact('removed', removed),
        fact('removed', removed),
        fact('updated', removed),
      ]);
    });
    const known = async () => [
      ...(await shop.db.execute(sql`select sku, removed_at is not null as removed from variants
        where variant_id in (${variant.variantId}, ${removed.variantId}) order by sku`)),
    ];
    const consumedTo = async () =>
      (await shop.db.execute(sql`select sequence::int from consumed where publisher = 'product'`))[0];
    await expect.poll(consumedTo).toEqual({ sequence: 7 });
    expect(await known()).toEqual([
      { sku: 'GONE', removed: true },
      { sku: 'NEW', removed: false },
    ]);
    await log.stop();
    await catalogue.close();
  });
});
