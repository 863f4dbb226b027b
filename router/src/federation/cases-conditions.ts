import { type Case, type Graph, part } from './graph-case.ts';

const outer = part(
  'outer',
  `
  type Query { user: User users: [User!]! any: Any }
  type User @key(fields: "id") { id: ID! name: String! friend: User }
  type Robot { serial: Int! }
  union Any = User | Robot
  `,
  {
    Query: {
      user: () => ({ id: '1' }),
      users: () => [{ id: '1' }, { id: '2' }],
      any: () => ({ __typename: 'User', id: '1' }),
    },
    User: {
      name: ({ id }: { id: string }) => `User ${id}`,
      friend: ({ id }: { id: string }) => (id === '1' ? { id: '2' } : null),
    },
  },
);

const inner = part(
  'inner',
  'type User @key(fields: "id") { id: ID! age: Int! pet: Pet } type Pet { kind: String! age: Int! }',
  {
    User: { age: ({ id }: { id: string }) => Number(id) * 10, pet: () => ({ kind: 'cat', age: 3 }) },
  },
);

const other = part('other', 'type Query { time: Int! }', { Query: { time: () => 12 } });

/** One operation under every choice of its two conditions. */
const eachWay = (name: string, text: string, data: (yes: boolean, also: boolean) => unknown): Case[] =>
  [false, true].flatMap((yes) =>
    [false, true].map((also) => ({
      name: `${name} (${yes}, ${also})`,
      operation: `query ($yes: Boolean!, $also: Boolean!) ${text}`,
      variables: { yes, also },
      data: data(yes, also),
    })),
  );

/** What is selected only when a variable says so. */
export const conditions: Graph = {
  name: 'conditions',
  parts: [outer, inner, other],
  cases: [
    ...eachWay(
      'on root fields',
      '{ user @include(if: $yes) { name } time @skip(if: $also) }',
      (yes, also) => ({
        ...(yes && { user: { name: 'User 1' } }),
        ...(!also && { time: 12 }),
      }),
    ),
    ...eachWay(
      'on entity fields',
      '{ user { name @skip(if: $yes) age @include(if: $also) } }',
      (yes, also) => ({
        user: { ...(!yes && { name: 'User 1' }), ...(also && { age: 10 }) },
      }),
    ),
    ...eachWay(
      'both on one field',
      '{ user { age @skip(if: $yes) @include(if: $also) name } }',
      (yes, also) => ({
        user: { ...(!yes && also && { age: 10 }), name: 'User 1' },
      }),
    ),
    ...eachWay(
      'one field twice under two conditions',
      '{ user { age @include(if: $yes) age @include(if: $also) pet @include(if: $yes) { kind } pet @include(if: $also) { age } } }',
      (yes, also) => ({
        user: {
          ...((yes || also) && { age: 10, pet: { ...(yes && { kind: 'cat' }), ...(also && { age: 3 }) } }),
        },
      }),
    ),
    ...eachWay(
      'on inline fragments, one inside the other',
      '{ user { ... @include(if: $yes) { age ... on User @skip(if: $also) { friend { age } } } id } }',
      (yes, also) => ({
        user: { ...(yes && { age: 10, ...(!also && { friend: { age: 20 } }) }), id: '1' },
      }),
    ),
    ...eachWay(
      'on fragment spreads',
      `{ users { ...whole @include(if: $yes) ...part @skip(if: $also) } }
        fragment whole on User { name pet { kind } } fragment part on User { pet { age } }`,
      (yes, also) => ({
        users: ['1', '2'].map((id) => ({
          ...(yes && { name: `User ${id}` }),
          ...((yes || !also) && { pet: { ...(yes && { kind: 'cat' }), ...(!also && { age: 3 }) } }),
        })),
      }),
    ),
    ...eachWay(
      'on types within a union',
      '{ any { ... on User @include(if: $yes) { age name @skip(if: $also) } ... on Robot { serial } } }',
      (yes, also) => ({ any: yes ? { age: 10, ...(!also && { name: 'User 1' }) } : {} }),
    ),
    ...eachWay(
      'on an object and on what is in it',
      '{ user { friend @include(if: $yes) { pet @skip(if: $also) { kind } name } } }',
      (yes, also) => ({
        user: { ...(yes && { friend: { ...(!also && { pet: { kind: 'cat' } }), name: 'User 2' } }) },
      }),
    ),
    ...eachWay(
      'on type names and keys',
      '{ __typename @include(if: $yes) user { __typename @skip(if: $also) id @include(if: $yes) age } }',
      (yes, also) => ({
        ...(yes && { __typename: 'Query' }),
        user: { ...(!also && { __typename: 'User' }), ...(yes && { id: '1' }), age: 10 },
      }),
    ),
    {
      name: 'written out',
      operation:
        '{ user @skip(if: false) { name @include(if: false) age @include(if: true) id @skip(if: true) } }',
      data: { user: { age: 10 } },
    },
    {
      name: 'that leave nothing',
      operation: 'query ($no: Boolean = false) { user @include(if: $no) { age } }',
      data: {},
    },
    {
      name: 'by default, and against it',
      operation:
        'query ($yes: Boolean! = true, $no: Boolean! = true) { user { age @include(if: $yes) name @include(if: $no) } }',
      variables: { no: false },
      data: { user: { age: 10 } },
    },
  ],
};
