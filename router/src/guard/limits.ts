import { fragmentsOf } from '@storegraph/server';
import {
  type DocumentNode,
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
  /** Selected fields and fragments in all. 1,000: the largest page of the shop has a tenth of them. */
  readonly maxHeight: number;
  /** One field in one place, because validation compares each with each. 50: fragments that all ask for the `id`. */
  readonly maxRepeats: number;
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
  maxRepeats: 50,
  maxAliases: 100,
  maxRootFields: 50,
  maxDirectives: 100,
  maxDefinitions: 100,
  maxLength: 100_000,
  maxTokens: 5_000,
  maxNesting: 100,
};

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

/** `breadth` is how many fields stand side by side, `height` how many selections there are in all. */
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
  const known = new Map<string, Size | 'being measured'>();
  let isSound = true;

  const ofFragment = (name: string): Size => {
    const before = known.get(name);
    const fragment = fragments.get(name);
    if (!fragment || before === 'being measured') {
      isSound = false;
      return nothing;
    }
    if (before) return before;
    known.set(name, 'being measured');
    const size = ofSelections(fragment.selectionSet);
    known.set(name, size);
    return size;
  };

  const insideOf = (node: SelectionNode): Size => {
    if (node.kind === Kind.FRAGMENT_SPREAD) return ofFragment(node.name.value);
    return node.selectionSet ? ofSelections(node.selectionSet) : nothing;
  };

  /** Adds a selection to those it stands beside. */
  const add = (sum: Writable<Size>, node: SelectionNode): void => {
    const inside = insideOf(node);
    const isField = node.kind === Kind.FIELD;
    sum.depth = Math.max(sum.depth, inside.depth + (isField ? 1 : 0));
    sum.breadth += isField ? 1 : inside.breadth;
    sum.height += inside.height + 1;
    sum.aliases += inside.aliases + (isField && node.alias ? 1 : 0);
    sum.directives += inside.directives + (node.directives?.length ?? 0);
  };

  const ofSelections = ({ selections }: SelectionSetNode): Size => {
    const sum = { ...nothing };
    for (const node of selections) add(sum, node);
    return sum;
  };

  return {
    ...{ ofSelections, ofFragment },
    isMeasured: (name: string) => known.has(name),
    isSound: () => isSound,
  };
};

/** What each limit is about, in the order they are looked at. */
const measures = [
  ['depth', 'maxDepth', 'has too many levels'],
  ['height', 'maxHeight', 'selects too much'],
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

/** What was found out about a document by measuring it. */
export type Measured = {
  /** Null when nothing is. */
  readonly tooLarge: GraphError | null;
  /** Whether all fragments that are used are there, and none is in itself. */
  readonly isSound: boolean;
};

/** Measures a document. Done before validation, which can be made to take seconds. */
export const checkLimits = (document: DocumentNode, limits: OperationLimits): Measured => {
  const { size, isSound } = sizeOf(document);
  for (const [measure, limit, sentence] of measures) {
    if (size[measure] > limits[limit])
      return { tooLarge: exceeded(limit, sentence, size[measure], limits[limit]), isSound };
  }
  return { tooLarge: null, isSound };
};

/** All operations together, for all are validated, and fragments that none of them uses as well. */
const sizeOf = (document: DocumentNode): { readonly size: Size; readonly isSound: boolean } => {
  const fragments = fragmentsOf(document);
  const measure = createMeasure(fragments);
  let size = nothing;
  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    const one = measure.ofSelections(node.selectionSet);
    const directives = one.directives + (node.directives?.length ?? 0);
    // Only one of them is run.
    const breadth = Math.max(size.breadth, one.breadth);
    size = { ...beside(size, { ...one, directives }), breadth };
  }
  for (const name of fragments.keys()) {
    if (measure.isMeasured(name)) continue;
    size = { ...beside(size, measure.ofFragment(name)), breadth: size.breadth };
  }
  return { size, isSound: measure.isSound() };
};
