import { atCommit, connect, transaction } from '@storegraph/postgres';
import { parse } from 'graphql';
import type { Request, Subgraph } from './subgraph.ts';

/** A subgraph that answers from a real database. */
export const createRows = (postgresUrl: string): Subgraph<Request> => {
  const db = connect({ url: postgresUrl, schema: 'public', name: 'rows' });
  const rowOf = (_: unknown, { text }: { text: string }) =>
    transaction(db, async (tx) => {
      await tx.execute('select 1');
      atCommit(tx, () => ({ text: 'select $1::text', parameters: [text] }));
      return { __typename: 'Row', id: '1', text };
    });
  return {
    name: 'rows',
    typeDefs: parse(`
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
      type Query { row(text: String!): Row! broken: String }
      type Row @key(fields: "id") { id: ID! text: String! }
    `),
    resolvers: {
      Query: {
        row: rowOf,
        broken: async () => (await db.execute('select * from nowhere')).length,
      },
    },
    context: (request) => ({ ...request }),
    isReady: async () => undefined,
    start: async () => undefined,
    stop: () => db.close(),
  };
};
