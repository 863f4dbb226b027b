import { testDatabase } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Database, DeadlineExceededError, inOperation, transaction } from './index.ts';

let database: Awaited<ReturnType<typeof testDatabase>>;
let db: Database;

beforeAll(async () => {
  database = await testDatabase('template_empty', async () => {});
  db = connect({ url: database.url, schema: 'public', name: 'operation.test' });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const sleep = sql`select pg_sleep(60)`;
const statementsUnderWay = async () => {
  const [row] = await db.execute<{ count: number }>(sql`
    select count(*)::int as count from pg_stat_activity
    where application_name = 'operation.test' and query like '%pg_sleep(60)%' and state = 'active' and pid <> pg_backend_pid()`);
  return row?.count;
};

describe('inOperation', () => {
  it('counts the statements of its own work, inside transactions too, and not BEGIN and COMMIT', async () => {
    const [one, other] = await Promise.all([
      inOperation({}, async () => {
        await Promise.all([db.execute(sql`select 1`), db.execute(sql`select 2`)]);
        return transaction(db, (tx) => tx.execute(sql`select 3`));
      }),
      inOperation({}, () => db.execute(sql`select 4`)),
    ]);
    expect([one.statements, other.statements]).toEqual([3, 1]);
  });

  it('ends a statement at the deadline, in the database too', async () => {
    const late = inOperation({ deadlineAt: Date.now() + 100 }, () => db.execute(sleep));
    await expect(late).rejects.toBeInstanceOf(DeadlineExceededError);
    await expect.poll(statementsUnderWay).toBe(0);
  });

  it('ends a transaction at the deadline', async () => {
    const late = inOperation({ deadlineAt: Date.now() + 100 }, () =>
      transaction(db, (tx) => tx.execute(sleep)),
    );
    await expect(late).rejects.toBeInstanceOf(DeadlineExceededError);
    await expect.poll(statementsUnderWay).toBe(0);
  });

  it('sends nothing once the deadline has passed', async () => {
    const late = inOperation({ deadlineAt: Date.now() - 1 }, async () => db.execute(sql`select 1`));
    await expect(late).rejects.toBeInstanceOf(DeadlineExceededError);
  });

  it('leaves other errors as they are', async () => {
    const broken = inOperation({ deadlineAt: Date.now() + 10_000 }, () => db.execute(sql`select 1 / 0`));
    await expect(broken).rejects.not.toBeInstanceOf(DeadlineExceededError);
  });
});
