import { fieldOf } from '@storegraph/server';
import {
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  getNamedType,
  type InlineFragmentNode,
  isCompositeType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  typeFromAST,
} from 'graphql';
import type { CacheHint, Hints } from '../graph/hints.ts';
import type { Caching } from './prepared.ts';
import type { Single } from './prune.ts';

export type Reading = Pick<Single, 'fragments'> & { readonly schema: GraphQLSchema; readonly hints: Hints };

/** What was found so far: the shortest age, and whether anything is for its viewer alone. */
export type Found = { maxAgeSeconds: number; isPrivate: boolean };

/** As Apollo's clients and servers read the directive: what says nothing and is an object, or stands at the root, is not kept. */
const ageOf = (hint: CacheHint | null, isRootOrObject: boolean): number => {
  if (hint && hint.maxAgeSeconds !== null) return hint.maxAgeSeconds;
  if (hint?.inherits) return Number.POSITIVE_INFINITY;
  return isRootOrObject ? 0 : Number.POSITIVE_INFINITY;
};

const note = (found: Found, age: number, hints: readonly (CacheHint | null)[]): void => {
  found.maxAgeSeconds = Math.min(found.maxAgeSeconds, age);
  found.isPrivate ||= hints.some((hint) => hint?.isPrivate);
};

const readField = (reading: Reading, field: FieldNode, parent: GraphQLCompositeType, found: Found): void => {
  const { schema, hints } = reading;
  const definition = fieldOf(schema, parent, field.name.value);
  if (definition?.name.startsWith('__')) return;
  const type = getNamedType(definition?.type);
  // A field that the public schema does not have says nothing of how long it may be kept.
  if (!definition || !type) {
    note(found, 0, []);
    return;
  }
  const ofField = hints.cacheHintOf(parent.name, definition.name);
  const ofType = hints.cacheHintOf(type.name);
  const own = ofField && (ofField.maxAgeSeconds !== null || ofField.inherits) ? ofField : ofType;
  const isRootOrObject = parent === schema.getQueryType() || isCompositeType(type);
  note(found, ageOf(own, isRootOrObject), [ofField, ofType]);
  if (field.selectionSet && isCompositeType(type)) readSelections(reading, field.selectionSet, type, found);
};

/** An entity that is asked for by its key. */
const readEntity = (reading: Reading, fragment: InlineFragmentNode, found: Found): void => {
  const type = fragment.typeCondition && typeFromAST(reading.schema, fragment.typeCondition);
  if (!isCompositeType(type)) {
    note(found, 0, []);
    return;
  }
  const hint = reading.hints.cacheHintOf(type.name);
  note(found, ageOf(hint, true), [hint]);
  readSelections(reading, fragment.selectionSet, type, found);
};

const readSelections = (
  reading: Reading,
  { selections }: SelectionSetNode,
  parent: GraphQLCompositeType,
  found: Found,
): void => {
  for (const node of selections) {
    if (node.kind === Kind.FIELD) {
      readField(reading, node, parent, found);
      continue;
    }
    const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : reading.fragments.get(node.name.value);
    if (!fragment) continue;
    const type = fragment.typeCondition ? typeFromAST(reading.schema, fragment.typeCondition) : parent;
    if (isCompositeType(type)) readSelections(reading, fragment.selectionSet, type, found);
  }
};

const cachingBy = (read: (found: Found) => void): Caching | null => {
  const found: Found = { maxAgeSeconds: Number.POSITIVE_INFINITY, isPrivate: false };
  read(found);
  const { maxAgeSeconds, isPrivate } = found;
  if (maxAgeSeconds <= 0 || !Number.isFinite(maxAgeSeconds)) return null;
  return { maxAgeSeconds, scope: isPrivate ? 'PRIVATE' : 'PUBLIC' };
};

/** How long the answer to an operation may be kept; null where it may not be kept at all. */
export const cachingOf = (reading: Reading, operation: OperationDefinitionNode): Caching | null => {
  const root = reading.schema.getQueryType();
  if (operation.operation !== 'query' || !root) return null;
  return cachingBy((found) => readSelections(reading, operation.selectionSet, root, found));
};

/** How long what a subgraph answers to a subquery may be kept. */
export const cachingOfSubquery = (reading: Reading, operation: OperationDefinitionNode): Caching | null => {
  const root = reading.schema.getQueryType();
  if (operation.operation !== 'query' || !root) return null;
  const { selections } = operation.selectionSet;
  const entities = selections.filter((node) => node.kind === Kind.FIELD && node.name.value === '_entities');
  const others = selections.filter((node) => !entities.includes(node));
  return cachingBy((found) => {
    readSelections(reading, { ...operation.selectionSet, selections: others }, root, found);
    for (const node of entities) {
      const kinds = node.kind === Kind.FIELD ? (node.selectionSet?.selections ?? []) : [];
      // Planners ask for entities by inline fragments, one for each type.
      for (const kind of kinds) if (kind.kind === Kind.INLINE_FRAGMENT) readEntity(reading, kind, found);
    }
  });
};
