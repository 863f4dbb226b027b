import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { testDatabase } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  afterCommit,
  atCommit,
  connect,
  type Database,
  isUniqueViolation,
  PostgresBusyError,
  type Transaction,
  transaction,
} from './index.ts';

const run = promisify(execFile);

let database: Awaited<ReturnType<typeof testDatabase>>;
let db: Database;

beforeAll(async () => {
  database = await testDatabase('template_postgres', async (url) => {
    const client = postgres(url, { max: 1 });
    await client.unsafe('create table notes (id int primary key, text text)');
    await client.end();
  });
  db = connect({ url: database.url, schema: 'public', name: 'transaction.test' });
});
beforeEach(async () => {
  await db.execute(sql`truncate notes`);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const insert = (tx: Transaction, id: number) => tx.execute(sql`insert into notes (id) values (${id})`);
const idsIn = async () =>
  (await db.execute<{ id: number }>(sql`select id from notes order by id`)).map(({ id }) => id);

/** In a process of its own, because the fault leaves a rejected promise nobody can catch. */
const bareDriver = `
  import postgres from 'postgres';
  process.on('unhandledRejection', () => {});
  const sql = postgres(process.argv[1], { max: 1, onnotice: () => {} });
  await sql\`select 1\`;
  const ahead = Array.from({ length: 100 }, () => sql\`select 1\`.execute());
  const begun = sql.begin((tx) => tx\`select 1\`).catch((error) => error);
  const written = [1, 2, 3, 4, 5].map((id) => sql\`insert into notes (id) values (\${id}) returning id\`);
  const acknowledged = (await Promise.all(written)).flat().length;
  await Promise.all(ahead);
  console.log(JSON.stringify({ begin: (await begun).name, acknowledged }));
  process.exit(0);
`;

describe('the bare driver', () => {
  it('acknowledges writes and loses them when begin() takes the last place of a busy pipeline', async () => {
    const options = { cwd: new URL('..', import.meta.url), encoding: 'utf8' } as const;
    const { stdout } = await run(
      process.execPath,
      ['--input-type=module', '-e', bareDriver, database.url],
      options,
    );
    expect(JSON.parse(stdout)).toEqual({ begin: 'TypeError', acknowledged: 5 });
    expect(await idsIn()).toEqual([]);
  });
});

describe('transaction', () => {
  it('keeps every acknowledged write in the same situation', async () => {
    const ahead = Array.from({ length: 400 }, () => db.execute(sql`select 1`));
    const inside = transaction(db, (tx) => insert(tx, 0));
    const outside = [1, 2, 3, 4, 5].map((id) => db.execute(sql`insert into notes (id) values (${id})`));
    await Promise.all([...ahead, inside, ...outside]);
    expect(await idsIn()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('commits what resolves and rolls back what throws, 500 at once over 4 connections', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 500 }, (_, id) =>
        transaction(db, async (tx) => {
          await insert(tx, id);
          if (id % 10 === 0) throw new Error('changed my mind');
        }),
      ),
    );
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(50);
    expect(await idsIn()).toEqual(Array.from({ length: 500 }, (_, id) => id).filter((id) => id % 10 !== 0));
  });

  it('does the work again after a deadlock, so that both rivals succeed', async () => {
    await db.execute(sql`insert into notes (id, text) values (1, ''), (2, '')`);
    let arrived = 0;
    let meet = () => {};
    const bothAreHere = new Promise<void>((resolve) => {
      meet = resolve;
    });
    const mark = (first: number, second: number) =>
      transaction(db, async (tx) => {
        await tx.execute(sql`update notes set text = text || 'x' where id = ${first}`);
        arrived += 1;
        if (arrived === 2) meet();
        await bothAreHere;
        await tx.execute(sql`update notes set text = text || 'x' where id = ${second}`);
      });
    await Promise.all([mark(1, 2), mark(2, 1)]);
    expect(arrived).toBeGreaterThan(2);
    expect(await db.execute(sql`select text from notes`)).toEqual([{ text: 'xx' }, { text: 'xx' }]);
  });

  it('never reports success when its connection was lost, whatever the work made of it', async () => {
    const swallowing = transaction(db, async (tx) => {
      await insert(tx, 1);
      await tx.execute(sql`select pg_terminate_backend(pg_backend_pid())`).catch(() => {});
      await insert(tx, 2).catch(() => {});
    });
    await expect(swallowing).rejects.toThrow();
    expect(await idsIn()).toEqual([]);
    await transaction(db, (tx) => insert(tx, 3));
    expect(await idsIn()).toEqual([3]);
  });

  it('refuses to report success over a statement that failed and was swallowed', async () => {
    const swallowing = transaction(db, async (tx) => {
      await insert(tx, 1);
      await insert(tx, 1).catch(() => {});
    });
    await expect(swallowing).rejects.toThrow();
    expect(await idsIn()).toEqual([]);
  });

  it('refuses statements once it is over', async () => {
    let kept: Transaction | undefined;
    await transaction(db, async (tx) => {
      kept = tx;
    });
    if (!kept) throw new Error('The work did not run.');
    await expect(kept.execute(sql`select 1`)).rejects.toMatchObject({
      cause: { message: 'A statement was sent through a transaction that is over.' },
    });
  });

  it('turns callers away when the line is full, and serves those in it', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 2_010 }, () => transaction(db, async () => {})),
    );
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(6);
    for (const { reason } of refused) expect(reason).toBeInstanceOf(PostgresBusyError);
  });

  it('does not compile where a bare database is handed to a writer, or opened twice', () => {
    // @ts-expect-error a database is not a transaction
    const write = () => insert(db, 1);
    // @ts-expect-error only transaction(db, …) opens one
    const nest = () => db.transaction(async () => {});
    expect([write, nest]).toHaveLength(2);
  });
});

describe('atCommit', () => {
  const note = (id: number) => ({ text: 'insert into notes (id) values ($1)', parameters: [id] });

  it('sends statements last, and commits them with the rest', async () => {
    await transaction(db, async (tx) => {
      atCommit(tx, () => note(2));
      await insert(tx, 1);
      expect(await tx.execute(sql`select id from notes`)).toEqual([{ id: 1 }]);
    });
    expect(await idsIn()).toEqual([1, 2]);
  });

  it('rolls everything back when one of them fails', async () => {
    const failing = transaction(db, async (tx) => {
      await insert(tx, 1);
      atCommit(tx, () => note(1));
    });
    await expect(failing).rejects.toMatchObject({ code: '23505' });
    expect(await idsIn()).toEqual([]);
  });
});

describe('afterCommit', () => {
  it('runs effects after the commit, in order, and none after a rollback', async () => {
    const seen: string[] = [];
    await transaction(db, async (tx) => {
      afterCommit(tx, () => seen.push('first'));
      afterCommit(tx, () => seen.push('second'));
      await insert(tx, 1);
      expect(seen).toEqual([]);
    });
    await transaction(db, async (tx) => {
      afterCommit(tx, () => seen.push('never'));
      throw new Error('changed my mind');
    }).catch(() => {});
    expect(seen).toEqual(['first', 'second']);
  });
});

describe('isUniqueViolation', () => {
  it('tells the constraint, through what drizzle wraps around the error', async () => {
    await transaction(db, (tx) => insert(tx, 1));
    const error: unknown = await transaction(db, (tx) => insert(tx, 1)).catch((reason: unknown) => reason);
    expect(isUniqueViolation(error)).toBe(true);
    expect(isUniqueViolation(error, 'notes_pkey')).toBe(true);
    expect(isUniqueViolation(error, 'another')).toBe(false);
    expect(isUniqueViolation(new Error('something else'))).toBe(false);
  });
});
