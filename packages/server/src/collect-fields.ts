import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type FragmentSpreadNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type InlineFragmentNode,
  isAbstractType,
  isUnionType,
  Kind,
  SchemaMetaFieldDef,
  type SelectionNode,
  type SelectionSetNode,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  typeFromAST,
  visit,
} from 'graphql';

/** The variables that `@skip` and `@include` name, and what they are this time. */
export type Conditions = ReadonlyMap<string, boolean>;

/** What decides which fields of a document are selected. */
export type Selecting = {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly conditions: Conditions;
};

/** Whether a selection is not left out by its conditions. */
export const isIncluded = (node: SelectionNode, conditions: Conditions): boolean => {
  for (const { name, arguments: given = [] } of node.directives ?? []) {
    if (name.value !== 'skip' && name.value !== 'include') continue;
    const value = given[0]?.value;
    const isSet =
      value?.kind === 'Variable'
        ? conditions.get(value.name.value) === true
        : value?.kind === 'BooleanValue' && value.value;
    if (isSet === (name.value === 'skip')) return false;
  }
  return true;
};

/** The variables that decide what is selected: those of `@skip` and `@include`. */
export const conditionsOf = (document: DocumentNode): string[] => {
  const names = new Set<string>();
  visit(document, {
    [Kind.DIRECTIVE]: ({ name, arguments: given = [] }) => {
      const value = given[0]?.value;
      if ((name.value === 'skip' || name.value === 'include') && value?.kind === Kind.VARIABLE)
        names.add(value.name.value);
    },
  });
  return [...names];
};

/** The fragments of a document by name. */
export const fragmentsOf = ({ definitions }: DocumentNode): Map<string, FragmentDefinitionNode> =>
  new Map(
    definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );

/** The field of a type by its name, those that every schema has included. */
export const fieldOf = (
  schema: GraphQLSchema,
  type: GraphQLCompositeType,
  name: string,
): GraphQLField<unknown, unknown> | undefined => {
  if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef;
  if (type === schema.getQueryType()) {
    if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
    if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
  }
  return isUnionType(type) ? undefined : type.getFields()[name];
};

/** The fields that are selected of an object of one type, or of an interface where no more is known, by response name, in the order of the document. */
export const collectFields = (
  { schema, fragments, conditions }: Selecting,
  type: GraphQLObjectType | GraphQLInterfaceType,
  selectionSets: readonly SelectionSetNode[],
): ReadonlyMap<string, readonly FieldNode[]> => {
  const fields = new Map<string, FieldNode[]>();
  const seen = new Set<string>();

  /** Null for a fragment that was collected before or is about other types. */
  const selectionOf = (node: FragmentSpreadNode | InlineFragmentNode): SelectionSetNode | null => {
    if (node.kind === Kind.FRAGMENT_SPREAD && seen.has(node.name.value)) return null;
    if (node.kind === Kind.FRAGMENT_SPREAD) seen.add(node.name.value);
    const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value);
    if (!fragment?.typeCondition) return fragment?.selectionSet ?? null;
    const wanted = typeFromAST(schema, fragment.typeCondition);
    const applies = wanted === type || (isAbstractType(wanted) && schema.isSubType(wanted, type));
    return applies ? fragment.selectionSet : null;
  };

  const collect = ({ selections }: SelectionSetNode): void => {
    for (const node of selections.filter((one) => isIncluded(one, conditions))) {
      if (node.kind === Kind.FIELD) {
        const name = (node.alias ?? node.name).value;
        fields.set(name, [...(fields.get(name) ?? []), node]);
        continue;
      }
      const selectionSet = selectionOf(node);
      if (selectionSet) collect(selectionSet);
    }
  };
  for (const selectionSet of selectionSets) collect(selectionSet);
  return fields;
};
