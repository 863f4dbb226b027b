import {
  type GraphQLError,
  type GraphQLSchema,
  getVariableValues,
  print,
  type VariableDefinitionNode,
} from 'graphql';

/** The variables of an operation by their names. */
export type Variables = Readonly<Record<string, unknown>>;

type Read = { readonly values: Variables } | { readonly errors: readonly GraphQLError[] };

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/**
 * Values that are of their type as they are, by how the type is written. Entities are asked for by lists of a scalar
 * that takes anything: reading 500 of them one by one would change nothing.
 */
const isRead: Readonly<Record<string, (value: unknown) => boolean>> = {
  'String!': (value) => typeof value === 'string',
  'ID!': (value) => typeof value === 'string',
  'Boolean!': (value) => typeof value === 'boolean',
  'Int!': (value) => typeof value === 'number' && (value | 0) === value,
  '[_Any!]!': (value) => Array.isArray(value) && value.every(isObject),
};

/** Makes the function that reads what an operation is sent with, to the letter of GraphQL. */
export const variablesReader = (
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[],
  options: { readonly maxErrors: number } = { maxErrors: 50 },
) => {
  const checks = definitions.map(
    ({ variable, type }) => [variable.name.value, isRead[print(type)] ?? (() => false)] as const,
  );
  return (given: Variables): Read => {
    // None beside them: what nobody declared is left out, and tells no two callers apart.
    const isWhole = Object.keys(given).length === checks.length;
    if (isWhole && checks.every(([name, check]) => check(given[name]))) return { values: given };
    const { errors, coerced } = getVariableValues(schema, definitions, given, options);
    return errors ? { errors } : { values: coerced };
  };
};
