import { type GraphQLLeafType, isEnumType } from 'graphql';

/** Writes a scalar or an enum value; null where it is not one of its type. */
export type LeafWriter = (value: unknown) => string | null;

/** In longer texts JSON's own search is the faster one. */
const shortLength = 40;

/** A quote, a backslash, a control character, or half of a surrogate pair. */
const isEscaped = (code: number): boolean =>
  code < 0x20 || code === 0x22 || code === 0x5c || (code >= 0xd800 && code <= 0xdfff);

/** A text as it stands between its quotes. Most are short, and nothing in them has to be escaped. */
export const unquoted = (value: string): string => {
  if (value.length > shortLength) return JSON.stringify(value).slice(1, -1);
  for (let at = 0; at < value.length; at += 1)
    if (isEscaped(value.charCodeAt(at))) return JSON.stringify(value).slice(1, -1);
  return value;
};

const quoted = (value: string): string =>
  value.length > shortLength ? JSON.stringify(value) : `"${unquoted(value)}"`;

const text: LeafWriter = (value) => (typeof value === 'string' ? quoted(value) : null);

const float: LeafWriter = (value) =>
  typeof value === 'number' && Number.isFinite(value) ? String(value) : null;

const int: LeafWriter = (value) => (Number.isInteger(value) ? String(value) : null);

const boolean: LeafWriter = (value) => (typeof value === 'boolean' ? String(value) : null);

const id: LeafWriter = (value) =>
  typeof value === 'string' ? quoted(value) : Number.isInteger(value) ? `"${value}"` : null;

const any: LeafWriter = (value) => JSON.stringify(value) ?? null;

const builtIn: ReadonlyMap<string, LeafWriter> = new Map([
  ['String', text],
  ['Float', float],
  ['Int', int],
  ['Boolean', boolean],
  ['ID', id],
]);

/** Whether all its values are texts, and stand between quotes. */
export const isText = ({ name }: GraphQLLeafType): boolean => name === 'String' || name === 'ID';

const expressions: ReadonlyMap<string, string> = new Map([
  ['Float', "Number.isFinite(value) ? '' + value : null"],
  ['Int', "Number.isInteger(value) ? '' + value : null"],
  ['Boolean', "value === true ? 'true' : value === false ? 'false' : null"],
]);

/** Writes most values of a type, as an expression of `value`; null for those that its writer has to look at. */
export const leafExpression = ({ name }: GraphQLLeafType): string => expressions.get(name) ?? 'null';

export const leafWriter = (type: GraphQLLeafType): LeafWriter => {
  if (!isEnumType(type)) return builtIn.get(type.name) ?? any;
  // A value that the public schema does not have is hidden from it.
  const texts = new Map(type.getValues().map(({ name }) => [name, JSON.stringify(name)]));
  return (value) => texts.get(value as string) ?? null;
};
