import { fieldOf, fragmentsOf } from '@storegraph/server';
import {
  type GraphQLCompositeType,
  getNamedType,
  getOperationAST,
  isCompositeType,
  Kind,
  parse,
  type SelectionSetNode,
  typeFromAST,
} from 'graphql';
import type { Supergraph } from '../graph/supergraph.ts';
import { cachingOfSubquery, type Reading } from '../prepare/caching.ts';
import type { Keeping } from '../reach/transport.ts';

type Looking = Reading & Pick<Supergraph, 'isEntity'>;

/** Whether any field of a selection gives an entity, which can change apart from what holds it. */
const holdsEntities = (
  looking: Looking,
  { selections }: SelectionSetNode,
  parent: GraphQLCompositeType,
): boolean =>
  selections.some((node) => {
    if (node.kind === Kind.FIELD) {
      const type = getNamedType(fieldOf(looking.schema, parent, node.name.value)?.type);
      if (!node.selectionSet || !isCompositeType(type)) return false;
      return looking.isEntity(type.name) || holdsEntities(looking, node.selectionSet, type);
    }
    const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : looking.fragments.get(node.name.value);
    const type = fragment?.typeCondition ? typeFromAST(looking.schema, fragment.typeCondition) : parent;
    return (
      fragment !== undefined && isCompositeType(type) && holdsEntities(looking, fragment.selectionSet, type)
    );
  });

/** How the answer to a question of a plan may be kept. */
export const keepingOf = (
  { schema, supergraph }: { readonly schema: Reading['schema']; readonly supergraph: Supergraph },
  text: string,
): Keeping => {
  const document = parse(text, { noLocation: true });
  const operation = getOperationAST(document);
  const root = schema.getQueryType();
  if (!operation || !root) return { caching: null, isOwn: false };
  const { hints, isEntity } = supergraph;
  const looking: Looking = { schema, hints, isEntity, fragments: fragmentsOf(document) };
  const [only, ...others] = operation.selectionSet.selections;
  const isEntities = only?.kind === Kind.FIELD && only.name.value === '_entities' && others.length === 0;
  return {
    caching: cachingOfSubquery(looking, operation),
    isOwn: isEntities && only.selectionSet !== undefined && !holdsEntities(looking, only.selectionSet, root),
  };
};
