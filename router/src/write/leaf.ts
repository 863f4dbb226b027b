import { type GraphQLLeafType, isEnumType } from 'graphql';

/** Writes a scalar or an enum value; null where it is not one of its type. */
export type LeafWriter = (value: unknown) => string | null;

const text: LeafWriter = (value) => (typeof value === 'string' ? JSON.stringify(value) : null);

const float: LeafWriter = (value) =>
  typeof value === 'number' && Number.isFinite(value) ? String(value) : null;

const int: LeafWriter = (value) => (Number.isInteger(value) ? String(value) : null);

const boolean: LeafWriter = (value) => (typeof value === 'boolean' ? String(value) : null);

const id: LeafWriter = (value) =>
  typeof value === 'string' ? JSON.stringify(value) : Number.isInteger(value) ? `"${value}"` : null;

const any: LeafWriter = (value) => JSON.stringify(value) ?? null;

const builtIn: ReadonlyMap<string, LeafWriter> = new Map([
  ['String', text],
  ['Float', float],
  ['Int', int],
  ['Boolean', boolean],
  ['ID', id],
]);

export const leafWriter = (type: GraphQLLeafType): LeafWriter => {
  if (!isEnumType(type)) return builtIn.get(type.name) ?? any;
  // A value that the public schema does not have is hidden from it.
  const texts = new Map(type.getValues().map(({ name }) => [name, JSON.stringify(name)]));
  return (value) => texts.get(value as string) ?? null;
};
