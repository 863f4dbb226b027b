import { fragmentsOf } from '@storegraph/server';
import { type DocumentNode, type FieldNode, Kind, type SelectionSetNode } from 'graphql';
import type { GraphError } from '../run/answer.ts';
import { exceeded, type OperationLimits } from './limits.ts';

/** The fields of one place by their names. */
type Fields = Map<string, FieldNode[]>;

const addTo = (fields: Fields, field: FieldNode): void => {
  const name = (field.alias ?? field.name).value;
  const same = fields.get(name);
  if (same) same.push(field);
  else fields.set(name, [field]);
};

/** Finds how often the most repeated field of a place stands there. Fragments must not go in circles. */
const createCount = (fragments: ReturnType<typeof fragmentsOf>) => {
  const used = new Set<string>();

  /** Takes each fragment once, as it is merged with nothing of its own. */
  const collect = ({ selections }: SelectionSetNode, fields: Fields, spread: Set<string>): void => {
    for (const node of selections) {
      if (node.kind === Kind.FIELD) addTo(fields, node);
      else if (node.kind === Kind.INLINE_FRAGMENT) collect(node.selectionSet, fields, spread);
      else if (!spread.has(node.name.value)) {
        spread.add(node.name.value);
        used.add(node.name.value);
        const fragment = fragments.get(node.name.value);
        if (fragment) collect(fragment.selectionSet, fields, spread);
      }
    }
  };

  const mostIn = (place: readonly SelectionSetNode[]): number => {
    const fields: Fields = new Map();
    const spread = new Set<string>();
    for (const set of place) collect(set, fields, spread);
    let most = 0;
    for (const same of fields.values()) {
      const inside = same.flatMap(({ selectionSet }) => selectionSet ?? []);
      most = Math.max(most, same.length, inside.length > 0 ? mostIn(inside) : 0);
    }
    return most;
  };
  return { mostIn, isUsed: (name: string) => used.has(name) };
};

/**
 * Whether a field stands too often in one place, where fields of one name are merged; null when none does. A thousand
 * fields of one name are half a million pairs to validation. Asked of what is within all other limits.
 */
export const checkRepeats = (document: DocumentNode, { maxRepeats }: OperationLimits): GraphError | null => {
  const fragments = fragmentsOf(document);
  const { mostIn, isUsed } = createCount(fragments);
  let most = 0;
  for (const node of document.definitions)
    if (node.kind === Kind.OPERATION_DEFINITION) most = Math.max(most, mostIn([node.selectionSet]));
  for (const [name, { selectionSet }] of fragments)
    if (!isUsed(name)) most = Math.max(most, mostIn([selectionSet]));
  return most > maxRepeats ? exceeded('maxRepeats', 'repeats a field too often', most, maxRepeats) : null;
};
