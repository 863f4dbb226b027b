import { fieldOf } from '@storegraph/server';
import {
  type ArgumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isListType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  typeFromAST,
  type ValueNode,
} from 'graphql';
import type { Hints, ListSize } from '../graph/hints.ts';
import type { Values } from '../prepare/prepared.ts';

/** What an operation costs with these variables: roughly, how many objects it asks for. */
export type Cost = (values: Values) => number;

/** A list whose length nothing tells. */
const assumedLength = 10;

const nothing: Cost = () => 0;

const sum = (costs: readonly Cost[]): Cost => {
  const counted = costs.filter((cost) => cost !== nothing);
  if (counted.length === 0) return nothing;
  return (values) => counted.reduce((total, cost) => total + cost(values), 0);
};

const isList = (type: GraphQLOutputType): boolean => isListType(isNonNullType(type) ? type.ofType : type);

/** A number given in the document or by a variable; null where it is neither. */
const numberOf = (value: ValueNode | undefined): ((values: Values) => number | null) => {
  if (value?.kind === Kind.INT) return () => Number(value.value);
  if (value?.kind !== Kind.VARIABLE) return () => null;
  const name = value.name.value;
  return (values) => (typeof values[name] === 'number' ? values[name] : null);
};

/** How long the list of a field will be at most. */
const lengthOf = (
  { slicingArguments, assumedSize }: ListSize,
  field: FieldNode,
  defaults: ReadonlyMap<string, unknown>,
): Times => {
  const given = slicingArguments.map((name) => {
    const read = numberOf(field.arguments?.find((argument) => argument.name.value === name)?.value);
    const preset = defaults.get(name);
    return (values: Values) => read(values) ?? (typeof preset === 'number' ? preset : null);
  });
  return (values) => {
    const lengths = given.flatMap((read) => read(values) ?? []);
    // A negative length is refused by whoever is asked for it; here it must not make anything cheaper.
    return lengths.length > 0 ? Math.max(0, ...lengths) : (assumedSize ?? assumedLength);
  };
};

/** How many keys are given, where a field is asked for a list of them. */
const keysIn = ({ value }: ArgumentNode): Times | null => {
  if (value.kind === Kind.LIST) return () => value.values.length;
  if (value.kind !== Kind.VARIABLE) return null;
  const name = value.name.value;
  return (values) => (Array.isArray(values[name]) ? values[name].length : 0);
};

/** How often something comes, which its variables may decide. */
type Times = (values: Values) => number;

/** The list below a connection, as long as the connection's arguments say. */
type Sized = { readonly fields: readonly string[]; readonly length: Times } | null;

type Costing = {
  readonly schema: GraphQLSchema;
  readonly hints: Hints;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
};

const once: Times = () => 1;

/** How often the value of a field comes, and which list below it its arguments are about. */
const repeatsOf = (
  { hints }: Costing,
  field: FieldNode,
  {
    parent,
    definition,
    sized,
  }: { parent: GraphQLCompositeType; definition: GraphQLField<unknown, unknown>; sized: Sized },
): { readonly times: Times; readonly below: Sized } => {
  const hint = hints.listSizeOf(parent.name, definition.name);
  const defaults = new Map(definition.args.map(({ name, defaultValue }) => [name, defaultValue]));
  const usual = hint ? lengthOf(hint, field, defaults) : () => assumedLength;
  const keys = (field.arguments ?? []).flatMap((argument) => keysIn(argument) ?? []);
  // Whoever names ten thousand ids asks for as many objects, whatever is usual.
  const length: Times = (values) => Math.max(usual(values), ...keys.map((count) => count(values)));
  const below = hint && hint.sizedFields.length > 0 ? { fields: hint.sizedFields, length } : null;
  if (!isList(definition.type)) return { times: once, below };
  return { times: sized?.fields.includes(definition.name) ? sized.length : length, below };
};

const ofField = (costing: Costing, field: FieldNode, parent: GraphQLCompositeType, sized: Sized): Cost => {
  const definition = fieldOf(costing.schema, parent, field.name.value);
  if (!definition || definition.name.startsWith('__')) return nothing;
  const type = getNamedType(definition.type);
  const weight = costing.hints.weightOf(parent.name, definition.name) ?? (isCompositeType(type) ? 1 : 0);
  const { times, below } = repeatsOf(costing, field, { parent, definition, sized });
  const inside =
    field.selectionSet && isCompositeType(type)
      ? ofSelections(costing, field.selectionSet, type, below)
      : nothing;
  return weight === 0 && inside === nothing ? nothing : (values) => times(values) * (weight + inside(values));
};

const ofSelection = (
  costing: Costing,
  node: SelectionNode,
  parent: GraphQLCompositeType,
  sized: Sized,
): Cost => {
  if (node.kind === Kind.FIELD) return ofField(costing, node, parent, sized);
  const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : costing.fragments.get(node.name.value);
  if (!fragment) return nothing;
  const type = fragment.typeCondition ? typeFromAST(costing.schema, fragment.typeCondition) : parent;
  return isCompositeType(type) ? ofSelections(costing, fragment.selectionSet, type, sized) : nothing;
};

const ofSelections = (
  costing: Costing,
  { selections }: SelectionSetNode,
  parent: GraphQLCompositeType,
  sized: Sized,
): Cost => sum(selections.map((node) => ofSelection(costing, node, parent, sized)));

/** Makes the function that says what an operation costs. Every object counts as one, scalars as nothing. */
export const costOf = (costing: Costing, operation: OperationDefinitionNode): Cost => {
  const root = costing.schema.getRootType(operation.operation);
  return root ? ofSelections(costing, operation.selectionSet, root, null) : nothing;
};
