import { buildSchema } from 'graphql';
import { expect, test } from 'vitest';
import { requireScopes } from './required-scopes.ts';
import { anonymous } from './viewer.ts';

const directives = `
  directive @requiresScopes(scopes: [[String!]!]!) on OBJECT | FIELD_DEFINITION | INTERFACE | ENUM | SCALAR
  directive @authenticated on FIELD_DEFINITION
`;
const guard = (sdl: string) => () => requireScopes(buildSchema(directives + sdl), () => anonymous);

test('a rule where it is not enforced stops the start instead of looking like protection', () => {
  const rule = '@requiresScopes(scopes: [["a"]])';
  expect(guard(`type Query { a: Int ${rule} }`)).not.toThrow();
  expect(guard(`type Query { a: A } type A ${rule} { b: Int }`)).not.toThrow();
  expect(guard(`type Query { a: A } enum A ${rule} { B }`)).toThrow('A carries @requiresScopes');
  expect(guard(`type Query { a: A } interface A { b: Int ${rule} } type B implements A { b: Int }`)).toThrow(
    'A carries @requiresScopes',
  );
  expect(guard('type Query { a: Int @authenticated }')).toThrow('Query.a carries @authenticated');
});

test('a rule that nobody could fulfil stops the start', () => {
  expect(guard('type Query { a: Int @requiresScopes(scopes: []) }')).toThrow();
  expect(guard('type Query { a: Int @requiresScopes(scopes: [[]]) }')).toThrow();
});
