import { markReplay } from '@storegraph/idempotency';
import type { Request, Subgraph } from '@storegraph/server';
import { parse } from 'graphql';

const link = (names: string) =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [${names}])`;

const nothing = async () => undefined;

const common = {
  context: (request: Request) => ({ ...request }),
  isReady: nothing,
  start: nothing,
  stop: nothing,
};

/** A promise that the test settles. */
export const createGate = () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
};

const item = (id: string) => ({ __typename: 'Item', id, name: `Item ${id}` });

/** Items and their names. */
export const createCatalogue = () => {
  const slow = { entered: createGate(), answer: createGate() };
  const subgraph: Subgraph<Request> = {
    ...common,
    name: 'catalogue',
    typeDefs: parse(`
      ${link('"@key", "@requiresScopes", "@listSize"')}
      type Query {
        item(id: ID!): Item
        items(first: Int! = 2): [Item!]! @listSize(slicingArguments: ["first"], requireOneSlicingArgument: false)
        itemsOf(ids: [ID!]!): [Item!]!
        slow: String
        fails: String
        who: String!
      }
      type Mutation {
        itemSave(name: String!): ItemSaved! @requiresScopes(scopes: [["catalogue:write"]])
        itemRepeat: ItemSaved!
      }
      type ItemSaved { item: Item! }
      type Item @key(fields: "id") { id: ID! name: String! }
    `),
    resolvers: {
      Query: {
        item: (_: unknown, { id }: { id: string }) => item(id),
        items: (_: unknown, { first }: { first: number }) =>
          Array.from({ length: first }, (_one, index) => item(String(index + 1))),
        itemsOf: (_: unknown, { ids }: { ids: string[] }) => ids.map(item),
        slow: async () => {
          slow.entered.open();
          await slow.answer.opened;
          return 'at last';
        },
        fails: () => {
          throw new Error('select * from secrets failed');
        },
        who: (_: unknown, __: unknown, { viewer }: Request) =>
          viewer.kind === 'anonymous' ? 'anonymous' : `${viewer.kind}:${viewer.id}`,
      },
      Mutation: {
        itemSave: (_: unknown, { name }: { name: string }) => ({ item: { ...item('9'), name } }),
        itemRepeat: () => markReplay({ item: item('9') }),
      },
      Item: { __resolveReference: ({ id }: { id: string }) => (id === 'gone' ? null : item(id)) },
    },
  };
  return { subgraph, slow };
};

/** How many there are of each item, and a stream of the changes. */
export const createStock = () => {
  const batches: number[] = [];
  let changes: readonly { cursor: number; itemId: string }[] = [{ cursor: 1, itemId: '1' }];
  let woken = createGate();

  async function* follow(after: number, signal: AbortSignal) {
    for (let at = after; !signal.aborted; ) {
      for (const change of changes.filter(({ cursor }) => cursor > at)) {
        at = change.cursor;
        yield change;
      }
      await woken.opened;
    }
  }

  const subgraph: Subgraph<Request> = {
    ...common,
    name: 'stock',
    typeDefs: parse(`
      ${link('"@key", "@requiresScopes"')}
      type Query { total: Int! }
      type Mutation { stockSet(itemId: ID!): Item! @requiresScopes(scopes: [["stock:write"]]) }
      type Subscription {
        stockChanged(after: Int! = 0): StockChange!
        sealedChanged: StockChange @requiresScopes(scopes: [["stock:read"]])
      }
      type StockChange { cursor: Int! item: Item! }
      type Item @key(fields: "id") {
        id: ID!
        available: Int!
        sold: Int @requiresScopes(scopes: [["stock:read"]])
      }
    `),
    resolvers: {
      Query: { total: () => 42 },
      Mutation: { stockSet: (_: unknown, { itemId }: { itemId: string }) => ({ id: itemId }) },
      Subscription: {
        stockChanged: {
          subscribe: (_: unknown, { after }: { after: number }, { signal }: Request) =>
            follow(after, signal()),
          resolve: ({ cursor, itemId }: { cursor: number; itemId: string }) => ({
            cursor,
            item: { id: itemId },
          }),
        },
        sealedChanged: { subscribe: (_: unknown, __: unknown, { signal }: Request) => follow(0, signal()) },
      },
      Item: { available: ({ id }: { id: string }) => Number(id) * 10, sold: () => 3 },
    },
    context: (request) => {
      batches.push(Date.now());
      return { ...request };
    },
  };
  const change = (itemId: string) => {
    changes = [...changes, { cursor: changes.length + 1, itemId }];
    woken.open();
    woken = createGate();
  };
  return { subgraph, change, operations: () => batches.length };
};
