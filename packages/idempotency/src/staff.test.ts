import { eventsMigrations, openEventLog } from '@storegraph/events';
import { connect, type Database, migrate, newId, transaction } from '@storegraph/postgres';
import { actsWhile, key, type TestDatabase, testDatabase } from '@storegraph/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idempotencyMigrations, onceTelling, staffActed } from './index.ts';

let database: TestDatabase;
let db: Database;
let log: ReturnType<typeof openEventLog>;
beforeAll(async () => {
  database = await testDatabase('template_staff_acted', (url) =>
    migrate({ url, schema: 'product', folders: [eventsMigrations, idempotencyMigrations] }),
  );
  db = connect({ url: database.url, schema: 'product', name: 'staff.test' });
  log = openEventLog({ db, publisher: 'product' });
});
afterAll(async () => {
  await log.stop();
  await db.close();
  await database.drop();
});

const once = onceTelling('product.staff_acted');
const asked = (scope: string, input: object = {}) => ({ scope, operation: 'thingDo', key: key(), input });
const run = (
  command: ReturnType<typeof asked>,
  outcome: { __typename: string } = { __typename: 'ThingDone' },
) => transaction(db, (tx) => once(tx, command, async () => outcome));
const actsOf = (...commands: ReturnType<typeof asked>[]) =>
  actsWhile(log, async () => {
    for (const command of commands) await run(command);
  });

describe('what staff do', () => {
  it('is told with the change, refusals included, and not again when it is repeated', async () => {
    const thingId = newId();
    const first = asked('staff:ada', { thingId });
    expect(await actsOf(first, first)).toEqual([
      { by: 'ada', operation: 'thingDo', outcome: 'ThingDone', on: { thingId } },
    ]);
    const refusal = () => run(asked('staff:ada'), { __typename: 'ThingNotFound' });
    expect(await actsWhile(log, refusal)).toMatchObject([{ outcome: 'ThingNotFound' }]);
  });

  it('is told once of twenty who send the same key at once', async () => {
    const command = asked('staff:ada');
    const acts = await actsWhile(log, () => Promise.all(Array.from({ length: 20 }, () => run(command))));
    expect(acts).toHaveLength(1);
  });

  it('is not told of work that failed, nor of a key that stands for another input', async () => {
    const command = asked('staff:ada');
    const failing = transaction(db, (tx) =>
      once(tx, command, async () => {
        throw new Error('crash');
      }),
    );
    await expect(failing).rejects.toThrow('crash');
    expect(await actsOf(command, { ...command, input: { other: true } })).toHaveLength(1);
  });

  it.each(['service:order', 'customer:1', 'guest:1', 'anonymous', 'service:staff:1'])(
    'is nothing that %s does',
    async (scope) => {
      expect(await actsOf(asked(scope))).toEqual([]);
    },
  );
});

describe('what it is told to be about', () => {
  const on = (input: object, outcome: object = {}) => {
    const fact = staffActed(
      'product.staff_acted',
      { scope: 'staff:ada', operation: 'thingDo', input },
      { __typename: 'ThingDone', ...outcome },
    );
    return fact && 'on' in fact.data ? fact.data.on : null;
  };
  const id = newId();

  it('is named by ids, codes, SKUs and slugs of the input and the outcome', () => {
    const input = {
      productId: id,
      sku: 'BOOT-1',
      slug: 'boot',
      code: 'SALE',
      listCode: 'EUR',
      name: 'Boot',
      count: 3,
    };
    expect(on(input, { variantId: id })).toEqual({
      ...{ productId: id, variantId: id, sku: 'BOOT-1', slug: 'boot', code: 'SALE', listCode: 'EUR' },
    });
  });

  it.each([
    ['a sentence where an id is asked for', { customerId: 'Ada Lovelace, Hauptstraße 1' }],
    ['an address', { customerId: 'ada@example.com', code: 'ada@example.com' }],
    ['what is longer than a name', { sku: 'x'.repeat(65), code: '' }],
    ['what no database takes', { sku: 'A\u0000', slug: 'a\ud800', code: '😀'.repeat(40) }],
    ['the key', { idempotencyKey: id }],
    ['anything further down', { lines: [{ variantId: id }], target: { productId: id }, parentId: null }],
  ])('is never %s', (_what, input) => {
    expect(on(input)).toEqual({});
  });

  it('is no more than ten things', () => {
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, place) => [`a${place}Id`, id]));
    expect(Object.keys(on(many) ?? {})).toHaveLength(10);
  });
});
