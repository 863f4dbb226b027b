import { type Graph, part } from './graph-case.ts';

/** Names that every JavaScript object answers to. */
const fields = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', 'isPrototypeOf'] as const;

const declared = fields.map((name) => `${name}: String!`).join(' ');

const first = part(
  'first',
  `
  type Query { thing: Thing things: [Thing!]! constructor: Int! }
  type Thing @key(fields: "id") { id: ID! title: String! ${declared} }
  `,
  {
    Query: {
      thing: () => ({ id: '1' }),
      things: () => [{ id: '1' }, { id: '2' }],
      constructor: () => 7,
    },
    Thing: {
      title: ({ id }: { id: string }) => `Thing ${id}`,
      ...Object.fromEntries(fields.map((name) => [name, ({ id }: { id: string }) => `${name} of ${id}`])),
    },
  },
);

const second = part('second', 'type Thing @key(fields: "id") { id: ID! color: String! self: Thing! }', {
  Thing: { color: ({ id }: { id: string }) => `color of ${id}`, self: ({ id }: { id: string }) => ({ id }) },
});

/** Built from text, because in a literal `__proto__` sets the prototype. */
const read = (text: string): unknown => JSON.parse(text);

/** Names that mean something to JavaScript, or to a planner. */
export const names: Graph = {
  name: 'names',
  parts: [first, second],
  cases: [
    {
      name: 'fields called as what every object has',
      operation: `{ constructor thing { ${fields.join(' ')} color } }`,
      data: {
        constructor: 7,
        thing: { ...Object.fromEntries(fields.map((name) => [name, `${name} of 1`])), color: 'color of 1' },
      },
    },
    {
      name: 'aliases called as what every object has',
      operation: '{ toString: thing { __proto__: title constructor: color hasOwnProperty: id } }',
      data: read('{"toString":{"__proto__":"Thing 1","constructor":"color of 1","hasOwnProperty":"1"}}'),
    },
    {
      name: 'objects under such names, with more of them from elsewhere',
      operation: '{ __proto__: thing { id __proto__: self { color constructor: self { title } } } }',
      data: read(
        '{"__proto__":{"id":"1","__proto__":{"color":"color of 1","constructor":{"title":"Thing 1"}}}}',
      ),
    },
    {
      name: 'lists under such names',
      operation: '{ valueOf: things { __proto__: color } __defineGetter__: things { title } }',
      data: read(
        '{"valueOf":[{"__proto__":"color of 1"},{"__proto__":"color of 2"}],"__defineGetter__":[{"title":"Thing 1"},{"title":"Thing 2"}]}',
      ),
    },
    {
      name: 'a name that one is given by, beside the one it is given',
      operation: '{ thing { safe_constructor: title constructor safe_toString: color toString: id } }',
      data: {
        thing: {
          safe_constructor: 'Thing 1',
          constructor: 'constructor of 1',
          safe_toString: 'color of 1',
          toString: '1',
        },
      },
    },
    {
      name: 'a key given to another field, and another to the key',
      operation: '{ thing { id: title title: id color } }',
      data: { thing: { id: 'Thing 1', title: '1', color: 'color of 1' } },
      gatewayErrs: 'It takes what the client calls so for the key.',
    },
    {
      name: 'a type name given to another field',
      operation: '{ thing { __typename: title color kind: __typename } }',
      data: { thing: { __typename: 'Thing 1', color: 'color of 1', kind: 'Thing' } },
      gatewayErrs: 'It takes what the client calls so for the type.',
    },
    {
      name: 'names of the protocol between routers and subgraphs',
      operation: '{ _entities: things { _service: color _0: title } _e0: thing { representations: color } }',
      data: {
        _entities: [
          { _service: 'color of 1', _0: 'Thing 1' },
          { _service: 'color of 2', _0: 'Thing 2' },
        ],
        _e0: { representations: 'color of 1' },
      },
    },
  ],
};
