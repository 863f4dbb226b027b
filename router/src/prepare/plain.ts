import { type Conditions, isIncluded } from '@storegraph/server';
import {
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { type Single, typename } from './prune.ts';

/** Selections without `__typename`, and whether it was among them. */
type Untyped = { readonly selections: readonly SelectionNode[]; readonly isTypeAsked: boolean };

const nothing: Untyped = { selections: [], isTypeAsked: false };
const typeAsked: Untyped = { selections: [], isTypeAsked: true };
const alone = (node: FieldNode): Untyped => ({ selections: [node], isTypeAsked: false });

const isTypename = ({ name }: FieldNode): boolean => name.value === typename.name.value;

const withSelections = (
  selectionSet: SelectionSetNode,
  selections: readonly SelectionNode[],
): SelectionSetNode => ({
  ...selectionSet,
  selections,
});

const isCondition = (name: string): boolean => name === 'skip' || name === 'include';

const unconditional = <T extends SelectionNode>(node: T): T =>
  node.directives?.length
    ? { ...node, directives: node.directives.filter(({ name }) => !isCondition(name.value)) }
    : node;

/** Of an object the name of its type where that was asked for, and where nothing else says that it is there. */
const ofObject = ({ selections, isTypeAsked }: Untyped): readonly SelectionNode[] =>
  !isTypeAsked && selections.some(({ kind }) => kind === Kind.FIELD) ? selections : [...selections, typename];

/**
 * An operation as planners understand it best; null when its conditions leave nothing of it. What `@skip` and
 * `@include` say is settled, and the type of an object is asked for once and by no other name: on conditions around
 * conditions, and on fragments of nothing but type names, one planner fails and the other forgets fields.
 */
export const plainOf = ({ operation, fragments }: Single, conditions: Conditions): Single | null => {
  const kept = new Map<string, FragmentDefinitionNode>();
  const known = new Map<string, Untyped>();

  const ofFragment = (name: string): Untyped => {
    const before = known.get(name);
    if (before) return before;
    const fragment = fragments.get(name);
    const inner = fragment ? untyped(fragment.selectionSet) : nothing;
    known.set(name, inner);
    if (fragment && inner.selections.length > 0)
      kept.set(name, { ...fragment, selectionSet: withSelections(fragment.selectionSet, inner.selections) });
    return inner;
  };

  const ofField = (node: FieldNode): FieldNode => {
    const { selectionSet } = node;
    if (!selectionSet) return unconditional(node);
    return {
      ...unconditional(node),
      selectionSet: withSelections(selectionSet, ofObject(untyped(selectionSet))),
    };
  };

  const ofSelection = (node: SelectionNode): Untyped => {
    if (node.kind === Kind.FIELD) return isTypename(node) ? typeAsked : alone(ofField(node));
    const isSpread = node.kind === Kind.FRAGMENT_SPREAD;
    const inner = isSpread ? ofFragment(node.name.value) : untyped(node.selectionSet);
    if (inner.selections.length === 0) return inner;
    const plain = unconditional(node);
    if (plain.kind === Kind.FRAGMENT_SPREAD) return { ...inner, selections: [plain] };
    const selectionSet = withSelections(plain.selectionSet, inner.selections);
    return { ...inner, selections: [{ ...plain, selectionSet }] };
  };

  const untyped = (selectionSet: SelectionSetNode): Untyped => {
    const parts = selectionSet.selections.filter((node) => isIncluded(node, conditions)).map(ofSelection);
    return {
      selections: parts.flatMap(({ selections }) => selections),
      isTypeAsked: parts.some(({ isTypeAsked }) => isTypeAsked),
    };
  };

  const { selections } = untyped(operation.selectionSet);
  if (selections.length === 0) return null;
  return {
    operation: { ...operation, selectionSet: withSelections(operation.selectionSet, selections) },
    fragments: kept,
  };
};
