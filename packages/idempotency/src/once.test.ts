import { isDeepStrictEqual } from 'node:util';
import { connect, type Database, migrate, transaction } from '@storegraph/postgres';
import { type TestDatabase, testDatabase } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Command,
  fingerprintOf,
  forgetOldKeys,
  idempotencyKey,
  idempotencyMigrations,
  isReplay,
  once,
} from './index.ts';

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await testDatabase('template_idempotency', async (url) => {
    await migrate({ url, schema: 'shop', folders: [idempotencyMigrations] });
    const shop = connect({ url, schema: 'shop', name: 'prepare' });
    await shop.execute(sql`create table effects (id int generated always as identity, what text)`);
    await shop.close();
  });
  db = connect({ url: database.url, schema: 'shop', name: 'once.test' });
});
beforeEach(async () => {
  await db.execute(sql`truncate effects, idempotency_keys`);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const command = (change: Partial<Command> = {}): Command => ({
  scope: 'staff:1',
  operation: 'thingDo',
  key: 'key-of-16-letters',
  input: { what: 'paint', colour: 'red' },
  ...change,
});
const done = (what: string) => ({ __typename: 'ThingDone', what });
const run = (asked: Command, what = 'paint') =>
  transaction(db, (tx) =>
    once(tx, asked, async () => {
      await tx.execute(sql`insert into effects (what) values (${what})`);
      return done(what);
    }),
  );
const effects = async () =>
  (await db.execute<{ what: string }>(sql`select what from effects order by id`)).map(({ what }) => what);

describe('once', () => {
  it('does the work once and gives its outcome again, saying that it does', async () => {
    const first = await run(command());
    const second = await run(command(), 'something else');
    expect([first, second]).toEqual([done('paint'), done('paint')]);
    expect([isReplay(first), isReplay(second)]).toEqual([false, true]);
    expect(await effects()).toEqual(['paint']);
  });

  it('lets a repeat that comes while the first runs wait for its outcome: 20 at once, one effect', async () => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => run(command())));
    for (const outcome of outcomes) expect(outcome).toEqual(done('paint'));
    expect(outcomes.filter((outcome) => !isReplay(outcome))).toHaveLength(1);
    expect(await effects()).toEqual(['paint']);
  });

  it('never executes another input under the same key', async () => {
    await run(command());
    expect(await run(command({ input: { what: 'burn' } }), 'burn')).toMatchObject({
      __typename: 'IdempotencyConflict',
    });
    expect(await effects()).toEqual(['paint']);
  });

  it('keeps callers and mutations apart', async () => {
    await run(command());
    await run(command({ scope: 'staff:2' }), 'second');
    await run(command({ operation: 'thingUndo' }), 'third');
    expect(await effects()).toEqual(['paint', 'second', 'third']);
  });

  it('remembers nothing of work that failed, so that a repeat does it', async () => {
    const failing = transaction(db, (tx) =>
      once(tx, command(), async () => {
        await tx.execute(sql`insert into effects (what) values ('half')`);
        throw new Error('crash');
      }),
    );
    await expect(failing).rejects.toThrow('crash');
    expect(await run(command())).toEqual(done('paint'));
    expect(await effects()).toEqual(['paint']);
  });
});

describe('fingerprintOf', () => {
  it('does not depend on the order of fields, and does on everything else', () => {
    expect(fingerprintOf({ a: 1, b: { c: [1, 2], d: null } })).toEqual(
      fingerprintOf({ b: { d: null, c: [1, 2] }, a: 1 }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const isSame = fingerprintOf(one).equals(fingerprintOf(other));
        expect(isSame).toBe(isDeepStrictEqual(one, other));
      }),
    );
  });

  it('tells dates and bytes apart', () => {
    expect(fingerprintOf({ at: new Date(0) })).not.toEqual(fingerprintOf({ at: new Date(1) }));
    expect(fingerprintOf({ bytes: Buffer.from('a') })).not.toEqual(
      fingerprintOf({ bytes: Buffer.from('b') }),
    );
  });
});

describe('idempotencyKey', () => {
  it.each(['0123456789abcdef', 'A_-'.repeat(85)])('takes %s', (key) => {
    expect(idempotencyKey.safeParse(key).success).toBe(true);
  });
  it.each(['', 'too-short', 'x'.repeat(256), 'spaces are not so', 'emoji-😀-0123456789'])(
    'refuses %s',
    (key) => {
      expect(idempotencyKey.safeParse(key).success).toBe(false);
    },
  );
});

describe('forgetOldKeys', () => {
  it('deletes keys older than a day and no others', async () => {
    await run(command());
    await run(command({ key: 'another-key-of-mine' }));
    await db.execute(
      sql`update idempotency_keys set created_at = now() - interval '25 hours' where key like 'another%'`,
    );
    expect(await forgetOldKeys(db)).toBe(1);
    expect(await forgetOldKeys(db)).toBe(0);
    await run(command());
    expect(await effects()).toHaveLength(2);
  });
});
