import { type DocumentNode, getOperationAST, Kind, type SelectionSetNode } from 'graphql';
import { responseName } from '../prepare/prune.ts';

const namesIn = ({ selections }: SelectionSetNode): string[] =>
  selections.flatMap((node) => {
    if (node.kind === Kind.INLINE_FRAGMENT) return namesIn(node.selectionSet);
    return node.kind === Kind.FIELD ? [responseName(node)] : [];
  });

/** The root fields that a subquery asks for: where an error belongs that is about all of it. */
export const rootFieldsOf = (document: DocumentNode): readonly string[] => {
  const operation = getOperationAST(document);
  return operation ? [...new Set(namesIn(operation.selectionSet))] : [];
};
