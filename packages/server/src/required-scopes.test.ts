import { buildSchema } from 'graphql';
import { expect, test } from 'vitest';
import { requireScopes, whyDenied } from './required-scopes.ts';
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

test('guests have not signed in: they are told to, as strangers are', () => {
  const guest = { kind: 'guest', id: 'g', scopes: new Set(['a']) } as const;
  for (const viewer of [anonymous, guest])
    expect(whyDenied(viewer, [['a']])?.extensions.code).toBe('UNAUTHENTICATED');
  expect(whyDenied(guest, [])?.extensions.code).toBe('UNAUTHENTICATED');
});

test('a rule that nobody could fulfil stops the start', () => {
  expect(guard('type Query { a: Int @requiresScopes(scopes: []) }')).toThrow();
  expect(guard('type Query { a: Int @requiresScopes(scopes: [[]]) }')).toThrow();
});
