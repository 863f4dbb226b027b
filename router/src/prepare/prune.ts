import { fieldOf } from '@storegraph/server';
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  typeFromAST,
} from 'graphql';

/** One operation with the fragments of its document. */
export type Single = {
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
};

/** Whether a field is to be taken out of its document. */
export type IsRemoved = (parent: GraphQLCompositeType, field: FieldNode) => boolean;

/** What a field is called in the answer. */
export const responseName = ({ alias, name }: FieldNode): string => (alias ?? name).value;

/** Asks what type an object is of. */
export const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

/** A document of one operation, with the fragments it uses and no others. */
export const documentOf = ({ operation, fragments }: Single): DocumentNode => {
  const used = new Map<string, FragmentDefinitionNode>();
  const note = ({ selections }: SelectionSetNode): void => {
    for (const node of selections) {
      if (node.kind !== Kind.FRAGMENT_SPREAD) {
        if (node.selectionSet) note(node.selectionSet);
        continue;
      }
      const fragment = fragments.get(node.name.value);
      if (!fragment || used.has(node.name.value)) continue;
      used.set(node.name.value, fragment);
      note(fragment.selectionSet);
    }
  };
  note(operation.selectionSet);
  return { kind: Kind.DOCUMENT, definitions: [operation, ...used.values()] };
};

/** The operation without some of its fields; null when nothing is left of it. */
export const prune = (schema: GraphQLSchema, single: Single, isRemoved: IsRemoved): Single | null => {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const known = new Map<string, boolean>();

  const field = (node: FieldNode, parent: GraphQLCompositeType): SelectionNode | null => {
    if (isRemoved(parent, node)) return null;
    const type = getNamedType(fieldOf(schema, parent, node.name.value)?.type);
    if (!node.selectionSet || !isCompositeType(type)) return node;
    const selectionSet = selections(node.selectionSet, type);
    // Whether the object is there at all is still to be told.
    return { ...node, selectionSet: selectionSet ?? { ...node.selectionSet, selections: [typename] } };
  };

  /** A fragment is pruned once; whether anything is left of it is remembered. */
  const isKept = (name: string): boolean => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const fragment = single.fragments.get(name);
    const type = fragment && typeFromAST(schema, fragment.typeCondition);
    const selectionSet = isCompositeType(type) && fragment ? selections(fragment.selectionSet, type) : null;
    if (fragment && selectionSet) fragments.set(name, { ...fragment, selectionSet });
    known.set(name, selectionSet !== null);
    return selectionSet !== null;
  };

  const selection = (node: SelectionNode, parent: GraphQLCompositeType): SelectionNode | null => {
    if (node.kind === Kind.FIELD) return field(node, parent);
    if (node.kind === Kind.FRAGMENT_SPREAD) return isKept(node.name.value) ? node : null;
    const type = node.typeCondition ? typeFromAST(schema, node.typeCondition) : parent;
    const selectionSet = isCompositeType(type) ? selections(node.selectionSet, type) : null;
    return selectionSet && { ...node, selectionSet };
  };

  const selections = (node: SelectionSetNode, parent: GraphQLCompositeType): SelectionSetNode | null => {
    const kept = node.selections.flatMap((one) => selection(one, parent) ?? []);
    return kept.length > 0 ? { ...node, selections: kept } : null;
  };

  const { operation } = single;
  const root = schema.getRootType(operation.operation);
  const selectionSet = root ? selections(operation.selectionSet, root) : null;
  return selectionSet && { operation: { ...operation, selectionSet }, fragments };
};
