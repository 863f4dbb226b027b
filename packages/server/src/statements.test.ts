import { connect, type Database } from '@storegraph/postgres';
import { parse } from 'graphql';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type MountedSubgraph, mountSubgraph } from './mount.ts';

let db: Database;
let mounted: MountedSubgraph;

beforeAll(() => {
  db = connect({
    url: inject('postgresUrl').replace('DATABASE', 'postgres'),
    schema: 'public',
    name: 'server-test',
  });
  mounted = mountSubgraph({
    name: 'rows',
    typeDefs: parse('type Query { one: Int slow: Int }'),
    resolvers: {
      Query: {
        one: async () => (await db.execute('select 1 as one'))[0]?.['one'],
        slow: async () =>
          (await db.execute('select 1 as one, pg_sleep(600) as marked_by_this_test'))[0]?.['one'],
      },
    },
    context: (request) => ({ ...request }),
    isReady: async () => undefined,
    start: async () => undefined,
    stop: () => db.close(),
  });
});

afterAll(() => mounted.stop());

test('an answer says how many SQL statements it took', async () => {
  const answers = await Promise.all(
    ['{ one }', '{ a: one b: one c: one }', '{ __typename }'].map((query) => mounted.execute({ query })),
  );
  expect(answers.map(({ extensions }) => extensions)).toEqual([
    { trace: { statements: 1 } },
    { trace: { statements: 3 } },
    { trace: { statements: 0 } },
  ]);
});

test('the time limit ends the statement in the database too', async () => {
  const { errors } = await mounted.execute({ query: '{ slow }', deadlineAt: Date.now() + 100 });
  expect(errors?.map(({ extensions: { code } }) => code)).toEqual(['DEADLINE_EXCEEDED']);
  const running = async () => {
    const [row] = await db.execute(
      "select count(*)::int as found from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and query like '%marked_by_this_test%'",
    );
    return row?.['found'];
  };
  await expect.poll(running, { timeout: 10_000 }).toBe(0);
});
