import {
  type GraphQLError,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLSchema,
  getVariableValues,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  type TypeNode,
  typeFromAST,
  type VariableDefinitionNode,
} from 'graphql';

/** The variables of an operation by their names. */
export type Variables = Readonly<Record<string, unknown>>;

type Read = { readonly values: Variables } | { readonly errors: readonly GraphQLError[] };

/** Whether a value is of its type as it is, so that reading it would give the same again. */
type Check = (value: unknown) => boolean;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Of other scalars nobody knows but they themselves. Entities are asked for by a scalar that takes anything. */
const scalars: Readonly<Record<string, Check>> = {
  String: (value) => typeof value === 'string',
  ID: (value) => typeof value === 'string',
  Boolean: (value) => typeof value === 'boolean',
  Int: (value) => typeof value === 'number' && (value | 0) === value,
  _Any: isObject,
};

/** Makes the checks of types, each once: an input may hold others of its own type. */
const createChecks = () => {
  const known = new Map<string, Check>();

  const ofObject = (type: GraphQLInputObjectType): Check => {
    const before = known.get(type.name);
    if (before) return before;
    const fields = new Map<string, Check>();
    const needed: string[] = [];
    const check: Check = (value) =>
      isObject(value) &&
      !Array.isArray(value) &&
      needed.every((name) => Object.hasOwn(value, name)) &&
      Object.entries(value).every(([name, inner]) => fields.get(name)?.(inner) === true);
    known.set(type.name, check);
    for (const field of Object.values(type.getFields())) {
      fields.set(field.name, checkOf(field.type));
      // What has a default would be there after reading.
      if (isNonNullType(field.type) || field.defaultValue !== undefined) needed.push(field.name);
    }
    return check;
  };

  const ofPresent = (type: GraphQLInputType): Check => {
    if (isListType(type)) {
      const check = checkOf(type.ofType);
      return (value) => Array.isArray(value) && value.every(check);
    }
    // What may have one field alone is checked as a whole.
    if (isInputObjectType(type)) return type.isOneOf ? () => false : ofObject(type);
    return (!isNonNullType(type) && scalars[type.name]) || (() => false);
  };

  const checkOf = (type: GraphQLInputType): Check => {
    if (isNonNullType(type)) return ofPresent(type.ofType);
    const check = ofPresent(type);
    return (value) => value === null || check(value);
  };
  return checkOf;
};

/** Makes the function that reads what an operation is sent with, to the letter of GraphQL. */
export const variablesReader = (
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[],
  options: { readonly maxErrors: number } = { maxErrors: 50 },
) => {
  const checkOf = createChecks();
  const checkOfNode = (node: TypeNode): Check => {
    const type = typeFromAST(schema, node as Parameters<typeof typeFromAST>[1]);
    return isInputType(type) ? checkOf(type) : () => false;
  };
  const checks = definitions.map(({ variable, type }) => [variable.name.value, checkOfNode(type)] as const);
  return (given: Variables): Read => {
    // None beside them: what nobody declared is left out, and tells no two callers apart.
    const isWhole = Object.keys(given).length === checks.length;
    if (isWhole && checks.every(([name, check]) => check(given[name]))) return { values: given };
    const { errors, coerced } = getVariableValues(schema, definitions, given, options);
    return errors ? { errors } : { values: coerced };
  };
};
