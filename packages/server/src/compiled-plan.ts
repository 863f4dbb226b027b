import {
  type ArgumentNode,
  type FieldNode,
  GraphQLBoolean,
  type GraphQLField,
  type GraphQLFieldResolver,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  type GraphQLObjectType,
  GraphQLString,
  getArgumentValues,
  getNullableType,
  Kind,
  type SelectionSetNode,
  TypeNameMetaFieldDef,
  visit,
} from 'graphql';
import { collectFields, fieldOf, type Selecting } from './collect-fields.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** A field of an operation, with everything about it that does not change from run to run. */
export type FieldPlan = {
  readonly responseName: string;
  readonly parentType: GraphQLObjectType;
  readonly nodes: readonly FieldNode[];
  readonly definition: GraphQLField<unknown, unknown>;
  /** Null where the value is the property of the field's name. */
  readonly resolve: GraphQLFieldResolver<unknown, unknown> | null;
  /** The value where it is known beforehand: the name of a type. */
  readonly constant: string | null;
  /** Takes a value as it is, if it is of the field's built-in scalar already; undefined for any other. */
  readonly plain: ((value: unknown) => unknown) | null;
  /** Throws what is wrong with them. */
  readonly argsOf: (variables: Arguments) => Arguments;
  /** Tells this field from the others of the operation. */
  readonly index: number;
};

/** What an operation selects, and how its fields are told apart. */
export type Reading = Selecting & { readonly nextIndex: () => number };

const holdsVariables = (node: ArgumentNode): boolean => {
  let holds = false;
  visit(node, {
    [Kind.VARIABLE]: () => {
      holds = true;
    },
  });
  return holds;
};

/** The arguments that are a variable each, with its name; null where one stands inside a list or an object. */
const variableArguments = (node: FieldNode): readonly (readonly [string, string])[] | null => {
  const given = (node.arguments ?? []).filter(holdsVariables);
  const names = given.flatMap(({ name, value }): [string, string][] =>
    value.kind === Kind.VARIABLE ? [[name.value, value.name.value]] : [],
  );
  return names.length === given.length ? names : null;
};

/**
 * How a field's arguments are read: those without variables once, by whoever needs them first. A variable that has
 * a value was read by the type it was declared with, and is taken as it is.
 */
const planArguments = (definition: GraphQLField<unknown, unknown>, node: FieldNode): FieldPlan['argsOf'] => {
  const varying = definition.args.length === 0 ? [] : variableArguments(node);
  let read: Arguments | null = null;
  return (variables) => {
    if (read && varying?.length === 0) return read;
    if (!read || !varying?.every(([, variable]) => variables[variable] != null)) {
      const args = getArgumentValues(definition, node, variables);
      // Of those that are left out this time, the next may bring some, and these were never read.
      if (varying?.every(([name]) => name in args)) read ??= args;
      return args;
    }
    const args: Record<string, unknown> = { ...read };
    for (const [name, variable] of varying) args[name] = variables[variable];
    return args;
  };
};

const isText = (value: unknown): unknown => (typeof value === 'string' ? value : undefined);
const isInt = (value: unknown): unknown =>
  typeof value === 'number' && (value | 0) === value ? value : undefined;
const isFloat = (value: unknown): unknown =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;
const isBoolean = (value: unknown): unknown => (typeof value === 'boolean' ? value : undefined);

const plainTypes = new Map<unknown, NonNullable<FieldPlan['plain']>>([
  [GraphQLString, isText],
  [GraphQLID, isText],
  [GraphQLInt, isInt],
  [GraphQLFloat, isFloat],
  [GraphQLBoolean, isBoolean],
]);

/** The fields that are asked of an object of one type. */
export const planFields = (
  reading: Reading,
  type: GraphQLObjectType,
  selectionSets: readonly SelectionSetNode[],
): readonly FieldPlan[] => {
  const fields: FieldPlan[] = [];
  for (const [responseName, nodes] of collectFields(reading, type, selectionSets)) {
    const [node] = nodes;
    const definition = node && fieldOf(reading.schema, type, node.name.value);
    // A field that is not there was not let through by validation; graphql-js leaves it out as well.
    if (!definition) continue;
    fields.push({
      ...{ responseName, parentType: type, nodes, definition },
      resolve: definition.resolve ?? null,
      constant: definition === TypeNameMetaFieldDef ? type.name : null,
      plain: plainTypes.get(getNullableType(definition.type)) ?? null,
      argsOf: planArguments(definition, node),
      index: reading.nextIndex(),
    });
  }
  return fields;
};
