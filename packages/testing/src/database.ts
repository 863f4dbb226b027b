import { randomUUID } from 'node:crypto';
import { connect } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import { inject } from 'vitest';

/** A database of a test's own. */
export type TestDatabase = {
  url: string;
  /** Drops it. Fails when a client is still connected: that is a leak, and it is named. The server's own workers come and go. */
  drop(): Promise<void>;
};

/** Makes the databases of one run one after the other: Postgres copies a template only while nobody uses it. */
const templateLock = 7_203_114;

/**
 * A new database, copied from a template that `prepare` filled once for the whole run. Copying takes
 * milliseconds where migrating takes many.
 */
export const testDatabase = async (
  template: string,
  prepare: (url: string) => Promise<void>,
): Promise<TestDatabase> => {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administer(async (run) => {
    await run(`select pg_advisory_lock(${templateLock})`);
    const [known] = await run(`select 1 from pg_database where datname = '${template}'`);
    if (!known) await fillTemplate(template, prepare, run);
    await run(`create database ${name} template ${template}`);
  });
  return {
    url: urlOf(name),
    drop: () =>
      administer(async (run) => {
        const left = await run(
          `select application_name, state, query from pg_stat_activity
           where datname = '${name}' and backend_type = 'client backend'`,
        );
        await run(`drop database ${name} with (force)`);
        if (left.length > 0) throw new Error(`Connections were left open: ${JSON.stringify(left)}`);
      }),
  };
};

type Run = (statement: string) => Promise<readonly Record<string, unknown>[]>;

/** Built under another name first, so that a test that breaks while preparing leaves no half template. */
const fillTemplate = async (template: string, prepare: (url: string) => Promise<void>, run: Run) => {
  const draft = `${template}_draft`;
  await run(`drop database if exists ${draft} with (force)`);
  await run(`create database ${draft}`);
  await prepare(urlOf(draft));
  await run(`alter database ${draft} rename to ${template}`);
};

const urlOf = (database: string): string => inject('postgresUrl').replace('DATABASE', database);

const administer = async (work: (run: Run) => Promise<void>) => {
  const db = connect({
    url: urlOf('postgres'),
    schema: 'public',
    name: 'testing',
    statementConnections: 1,
    transactionConnections: 1,
  });
  try {
    await work(async (statement) => [...(await db.execute(sql.raw(statement)))]);
  } finally {
    await db.close();
  }
};
