import {
  type ConstDirectiveNode,
  type DefinitionNode,
  isTypeDefinitionNode,
  Kind,
  valueFromASTUntyped,
} from 'graphql';

/** How long a field's list is: by its arguments, and which fields below it hold the list. */
export type ListSize = {
  readonly assumedSize: number | null;
  readonly slicingArguments: readonly string[];
  readonly sizedFields: readonly string[];
};

/** How long a value may be kept, as far as one directive says. */
export type CacheHint = {
  readonly maxAgeSeconds: number | null;
  readonly isPrivate: boolean;
  readonly inherits: boolean;
};

/** What the schema says of its fields beside their types. */
export type Hints = {
  readonly weightOf: (type: string, field: string) => number | null;
  readonly listSizeOf: (type: string, field: string) => ListSize | null;
  /** The hint of a field, or of a type where the field is left out. */
  readonly cacheHintOf: (type: string, field?: string) => CacheHint | null;
};

const argumentsOf = (
  nodes: readonly ConstDirectiveNode[] | undefined,
  name: string,
): Record<string, unknown> | null => {
  // A feature that is linked without being imported goes by its prefixed name.
  const directive = nodes?.find((node) => node.name.value.split('__').at(-1) === name);
  if (!directive) return null;
  const given = directive.arguments ?? [];
  return Object.fromEntries(
    given.map(({ name: { value: key }, value }) => [key, valueFromASTUntyped(value)]),
  );
};

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const number = (value: unknown): number | null =>
  value === undefined || value === null || Number.isNaN(Number(value)) ? null : Number(value);

const listSizeOf = (nodes: readonly ConstDirectiveNode[] | undefined): ListSize | null => {
  const given = argumentsOf(nodes, 'listSize');
  return (
    given && {
      assumedSize: number(given['assumedSize']),
      slicingArguments: texts(given['slicingArguments']),
      sizedFields: texts(given['sizedFields']),
    }
  );
};

const cacheHintOf = (nodes: readonly ConstDirectiveNode[] | undefined): CacheHint | null => {
  const given = argumentsOf(nodes, 'cacheControl');
  return (
    given && {
      maxAgeSeconds: number(given['maxAge']),
      isPrivate: given['scope'] === 'PRIVATE',
      inherits: given['inheritMaxAge'] === true,
    }
  );
};

/** Reads `@cost`, `@listSize` and `@cacheControl` of a supergraph. */
export const readHints = (definitions: readonly DefinitionNode[]): Hints => {
  const weights = new Map<string, number>();
  const sizes = new Map<string, ListSize>();
  const cacheHints = new Map<string, CacheHint>();
  const note = (name: string, directives: readonly ConstDirectiveNode[] | undefined): void => {
    const weight = number(argumentsOf(directives, 'cost')?.['weight']);
    const size = listSizeOf(directives);
    const cacheHint = cacheHintOf(directives);
    if (weight !== null) weights.set(name, weight);
    if (size) sizes.set(name, size);
    if (cacheHint) cacheHints.set(name, cacheHint);
  };
  for (const type of definitions.filter(isTypeDefinitionNode)) {
    note(type.name.value, type.directives);
    if (type.kind !== Kind.OBJECT_TYPE_DEFINITION && type.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue;
    for (const field of type.fields ?? []) note(`${type.name.value}.${field.name.value}`, field.directives);
  }
  return {
    weightOf: (type, field) => weights.get(`${type}.${field}`) ?? null,
    listSizeOf: (type, field) => sizes.get(`${type}.${field}`) ?? null,
    cacheHintOf: (type, field) => cacheHints.get(field === undefined ? type : `${type}.${field}`) ?? null,
  };
};
