import fc from 'fast-check';
import { buildSchema, getVariableValues, Kind, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { variablesReader } from './variables.ts';

const schema = buildSchema(`
  scalar Region
  enum Way { FAST SLOW }
  input Line { id: ID!, quantity: Int! = 1, note: String, inner: Line, tags: [String!] }
  input Plain { id: ID!, quantity: Int!, note: String, inner: Plain, tags: [String!], many: [Plain!] }
  input Exactly @oneOf { id: ID, quantity: Int }
  type Query { a(line: Line, plain: Plain, exactly: Exactly, way: Way, region: Region, ids: [ID!], is: Boolean): Int }
`);
const definitionsOf = (types: readonly string[]) => {
  const declared = types.map((type, place) => `$v${place}: ${type}`).join(', ');
  const [operation] = parse(`query (${declared}) { __typename }`).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('This is no operation.');
  return operation.variableDefinitions ?? [];
};
const types = [
  'Line!',
  'Plain!',
  'Plain',
  '[Plain!]!',
  'Exactly',
  'Way',
  'Region',
  '[ID!]',
  'Boolean',
  'Int!',
];

const leaf = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 2 ** 31, '', 'FAST', 'x', {}, []),
  fc.integer(),
);
const names = fc.constantFrom('id', 'quantity', 'note', 'inner', 'tags', 'many', 'other', '__proto__');
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    // As JSON has it: `__proto__` is a name like any other.
    fc.array(fc.tuple(names, tie('value')), { maxLength: 5 }).map((fields) => {
      const texts = fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
      return JSON.parse(`{${texts.join(',')}}`) as unknown;
    }),
    fc.record(
      { id: fc.string(), quantity: fc.integer({ min: -5, max: 5 }), inner: tie('value') },
      { requiredKeys: ['id'] },
    ),
  ),
}));

describe('variables', () => {
  it('are read as graphql-js reads them, whatever comes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.record({ v0: values.value }), (type, given) => {
        const definitions = definitionsOf([type]);
        const expected = getVariableValues(schema, definitions, given);
        const read = variablesReader(schema, definitions)(given);
        if (expected.errors)
          expect(read).toMatchObject({ errors: expected.errors.map(({ message }) => ({ message })) });
        else expect(read).toEqual({ values: expected.coerced });
      }),
      { numRuns: 3_000 },
    );
  });

  it('that are of their types are taken as they are', () => {
    const read = variablesReader(schema, definitionsOf(['Plain!', '[ID!]']));
    const plain = { id: 'a', quantity: 2, note: null, inner: { id: 'b', quantity: 1 }, tags: ['x'] };
    const given = { v0: plain, v1: ['c'] };
    const values = read(given);
    expect(values).toEqual({ values: given });
    expect('values' in values && values.values['v0']).toBe(plain);
  });

  it('get their defaults where they leave something out, and lose what nobody declared', () => {
    const read = variablesReader(schema, definitionsOf(['Line!']));
    expect(read({ v0: { id: 'a' } })).toEqual({ values: { v0: { id: 'a', quantity: 1 } } });
    expect(read({ v0: { id: 'a' }, other: 1 })).toEqual({ values: { v0: { id: 'a', quantity: 1 } } });
    expect(read({ v0: { id: 'a', quantity: undefined } })).toEqual({
      values: { v0: { id: 'a', quantity: 1 } },
    });
  });
});
