import {
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

/** The fields that are asked of an object of one type. */
export type ObjectPlan = { readonly fields: readonly FieldPlan[]; readonly isPlain: boolean };

/** What an operation selects, and how its fields are told apart. */
export type Reading = Selecting & { readonly nextIndex: () => number };

const holdsVariables = (node: FieldNode): boolean => {
  let holds = false;
  for (const argument of node.arguments ?? []) {
    visit(argument, {
      [Kind.VARIABLE]: () => {
        holds = true;
      },
    });
  }
  return holds;
};

/** How a field's arguments are read: those without variables once, by whoever needs them first. */
const planArguments = (definition: GraphQLField<unknown, unknown>, node: FieldNode): FieldPlan['argsOf'] => {
  const isFixed = definition.args.length === 0 || !holdsVariables(node);
  let fixed: Arguments | null = null;
  return (variables) => {
    if (fixed) return fixed;
    const args = getArgumentValues(definition, node, variables);
    if (isFixed) fixed = args;
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

/** What every plain object has already is no name for a field of one. */
const isPlainName = (name: string): boolean => !(name in {});

export const planObject = (
  reading: Reading,
  type: GraphQLObjectType,
  selectionSets: readonly SelectionSetNode[],
): ObjectPlan => {
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
  return { fields, isPlain: fields.every(({ responseName }) => isPlainName(responseName)) };
};
