import { fragmentsOf } from '@storegraph/server';
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { GraphError } from '../run/answer.ts';

/** How large an operation may be, fragments counted as often as they are used. */
export type OperationLimits = {
  /** Fields inside fields. 20: the deepest operation of the shop has nine, the usual introspection thirteen. */
  readonly maxDepth: number;
  /** Selected fields in all. 1,000: the largest page of the shop has a tenth of them. */
  readonly maxHeight: number;
  /** Aliases in all, because each can ask the same again. */
  readonly maxAliases: number;
  /** Fields of Query, Mutation or Subscription. */
  readonly maxRootFields: number;
  /** Directives in all, because each is looked at by a dozen rules. */
  readonly maxDirectives: number;
  /** Operations and fragments of a document: validation compares each with each. */
  readonly maxDefinitions: number;
  /** Characters of the text, before any is read. */
  readonly maxLength: number;
  /** Words and signs of the text. 5,000: five for each field there may be; parsing as many takes a millisecond. */
  readonly maxTokens: number;
  /** Brackets inside brackets, of whatever kind: fields, inline fragments, lists and objects in arguments. */
  readonly maxNesting: number;
};

export const defaultOperationLimits: OperationLimits = {
  maxDepth: 20,
  maxHeight: 1_000,
  maxAliases: 100,
  maxRootFields: 50,
  maxDirectives: 100,
  maxDefinitions: 100,
  maxLength: 100_000,
  maxTokens: 5_000,
  maxNesting: 100,
};

/** `breadth` is how many fields stand side by side, `height` how many there are in all. */
type Size = Readonly<Record<'depth' | 'breadth' | 'height' | 'aliases' | 'directives', number>>;

const nothing: Size = { depth: 0, breadth: 0, height: 0, aliases: 0, directives: 0 };

const beside = (a: Size, b: Size): Size => ({
  depth: Math.max(a.depth, b.depth),
  breadth: a.breadth + b.breadth,
  height: a.height + b.height,
  aliases: a.aliases + b.aliases,
  directives: a.directives + b.directives,
});

/** Measures selections. Each fragment is measured once, so that fragments of fragments cost no time. */
const createMeasure = (fragments: ReadonlyMap<string, FragmentDefinitionNode>) => {
  const known = new Map<string, Size>();

  const ofFragment = (name: string): Size => {
    const before = known.get(name);
    if (before) return before;
    // What it holds of itself is nothing: validation is what refuses circles.
    known.set(name, nothing);
    const fragment = fragments.get(name);
    const size = fragment ? ofSelections(fragment.selectionSet) : nothing;
    known.set(name, size);
    return size;
  };

  const ofField = ({ alias, selectionSet }: FieldNode): Size => {
    const inside = selectionSet ? ofSelections(selectionSet) : nothing;
    return {
      ...inside,
      depth: inside.depth + 1,
      breadth: 1,
      height: inside.height + 1,
      aliases: inside.aliases + (alias ? 1 : 0),
    };
  };

  const ofSelection = (node: SelectionNode): Size => {
    const directives = node.directives?.length ?? 0;
    const size =
      node.kind === Kind.FIELD
        ? ofField(node)
        : node.kind === Kind.INLINE_FRAGMENT
          ? ofSelections(node.selectionSet)
          : ofFragment(node.name.value);
    return directives === 0 ? size : { ...size, directives: size.directives + directives };
  };

  const ofSelections = ({ selections }: SelectionSetNode): Size =>
    selections.reduce((size, node) => beside(size, ofSelection(node)), nothing);

  return ofSelections;
};

/** What each limit is about, in the order they are looked at. */
const measures = [
  ['depth', 'maxDepth', 'has too many levels'],
  ['height', 'maxHeight', 'selects too many fields'],
  ['aliases', 'maxAliases', 'has too many aliases'],
  ['directives', 'maxDirectives', 'has too many directives'],
  ['breadth', 'maxRootFields', 'has too many root fields'],
] as const;

/** Why an operation is refused that is over a limit. */
export const exceeded = (
  limit: keyof OperationLimits,
  sentence: string,
  counted: number,
  allowed: number,
): GraphError => {
  // A bomb of fragments counts up to infinity, which JSON has no word for.
  const asked = Math.min(counted, Number.MAX_VALUE);
  return {
    message: `The operation ${sentence}: ${asked}, and ${allowed} are allowed.`,
    extensions: { code: 'LIMIT_EXCEEDED', limit: limit.replace('max', '').toLowerCase(), allowed, asked },
  };
};

const checkOperation = (size: Size, limits: OperationLimits): GraphError | null => {
  for (const [measure, limit, sentence] of measures) {
    if (size[measure] > limits[limit]) return exceeded(limit, sentence, size[measure], limits[limit]);
  }
  return null;
};

/** What is too large about a document; null when nothing is. Asked before validation, which can be made to take seconds. */
export const checkLimits = (document: DocumentNode, limits: OperationLimits): GraphError | null => {
  const measure = createMeasure(fragmentsOf(document));
  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    const size = measure(node.selectionSet);
    const directives = size.directives + (node.directives?.length ?? 0);
    const error = checkOperation({ ...size, directives }, limits);
    if (error) return error;
  }
  return null;
};
