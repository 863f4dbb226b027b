import { currencyCodes } from '@storegraph/money';
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode, valueFromASTUntyped } from 'graphql';
import { isRegion, regionCodes } from './regions.ts';

type AttributeValue = string | number | boolean | string[];

const refuse = (message: string, node?: ValueNode): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' }, ...(node ? { nodes: node } : {}) });

/** A long value would hide the sentence it stands in. */
const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
};

/** Builds a scalar that is written as text in the client's document and in its variables alike. */
const textScalar = <T>(
  name: string,
  parse: (text: string) => T,
  serialize: (value: unknown) => string,
): GraphQLScalarType =>
  new GraphQLScalarType<T, string>({
    name,
    serialize,
    parseValue: (value) => {
      if (typeof value !== 'string') throw refuse(`${name} must be text, not ${shown(value)}.`);
      return parse(value);
    },
    parseLiteral: (node) => {
      if (node.kind !== Kind.STRING) throw refuse(`${name} must be text.`, node);
      return parse(node.value);
    },
  });

const rfc3339 =
  /^(\d{4})-(\d{2})-(\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

const daysInMonth = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();

/** The years that four digits can say; Postgres keeps all of them. */
const firstInstant = Date.parse('0001-01-01T00:00:00Z');
const lastInstant = Date.parse('9999-12-31T23:59:59.999Z');

const parseDateTime = (text: string): Date => {
  const parts = rfc3339.exec(text);
  const [year, month, day] = (parts ?? []).slice(1).map(Number);
  if (year === undefined || month === undefined || day === undefined) {
    throw refuse(`DateTime must be RFC 3339 text such as "2026-05-01T12:00:00.000Z", not ${shown(text)}.`);
  }
  // Date would take the 30th of February for the 2nd of March.
  const exists = month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
  if (!exists) throw refuse(`DateTime ${shown(text)} is not a day of the calendar.`);
  const instant = Date.parse(text);
  if (instant < firstInstant || instant > lastInstant) {
    throw refuse(`DateTime ${shown(text)} is outside the years 0001 to 9999.`);
  }
  return new Date(instant);
};

/** Text comes from stored outcomes, which are JSON. */
const serializeDateTime = (value: unknown): string => {
  if (typeof value === 'string' && rfc3339.test(value)) return new Date(value).toISOString();
  if (!(value instanceof Date)) throw new TypeError(`${shown(value)} is not a Date.`);
  return value.toISOString();
};

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const parseBase64 = (text: string): Buffer => {
  if (!base64.test(text)) {
    throw refuse('Base64 must be RFC 4648 text: A-Z a-z 0-9 + / with = padding and no line breaks.');
  }
  return Buffer.from(text, 'base64');
};

const serializeBase64 = (value: unknown): string => {
  if (!(value instanceof Uint8Array)) throw new TypeError(`${shown(value)} is not bytes.`);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
};

const languageNames = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });
const scriptNames = new Intl.DisplayNames(['en'], { type: 'script', fallback: 'none' });

/** Null for what is no language tag, in form or in meaning; without this any five letters would pass. */
const canonicalLocale = (text: string): string | null => {
  try {
    const locale = new Intl.Locale(text);
    const isKnown =
      locale.language !== 'und' &&
      languageNames.of(locale.language) !== undefined &&
      (locale.region === undefined || regionCodes.has(locale.region) || /^\d{3}$/.test(locale.region)) &&
      (locale.script === undefined || scriptNames.of(locale.script) !== undefined);
    // Extensions (`-u-nu-latn`) say how to format, not which language a text is in.
    return isKnown && locale.baseName === locale.toString() ? locale.baseName : null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
};

const parseLocale = (text: string): string => {
  const locale = text.length <= 35 ? canonicalLocale(text) : null;
  if (locale === null)
    throw refuse(`Locale must be a BCP 47 tag such as "en" or "de-AT", not ${shown(text)}.`);
  return locale;
};

const parseRegion = (text: string): string => {
  if (!isRegion(text)) {
    throw refuse(
      `Region must be an ISO 3166-1 alpha-2 code such as "DE", or a state such as "US-CA", not ${shown(text)}.`,
    );
  }
  return text;
};

const parseCurrency = (text: string): string => {
  if (!currencyCodes.has(text)) {
    throw refuse(`Currency must be an ISO 4217 code such as "EUR", not ${shown(text)}.`);
  }
  return text;
};

/** JSON numbers, not text: whole numbers are exact up to 2^53, which is 90 trillion euros. */
const parseMinorUnits = (value: unknown): number => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw refuse(`MinorUnits must be a whole number within ±(2^53 − 1), not ${shown(value)}.`);
  }
  return value;
};

const parseMinorUnitsLiteral = (node: ValueNode): number => {
  if (node.kind !== Kind.INT) throw refuse('MinorUnits must be a whole number.', node);
  return parseMinorUnits(Number(node.value));
};

const serializeMinorUnits = (value: unknown): number => {
  if (!Number.isSafeInteger(value)) throw new TypeError(`${shown(value)} is not a number of minor units.`);
  return Number(value);
};

const serializeText = (value: unknown): string => {
  if (typeof value !== 'string') throw new TypeError(`${shown(value)} is not text.`);
  return value;
};

const isAttributeValue = (value: unknown): value is AttributeValue => {
  if (typeof value === 'string' || typeof value === 'boolean') return true;
  // A whole number past 2^53 would be stored as another number.
  if (typeof value === 'number')
    return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
};

const parseAttributeValue = (value: unknown): AttributeValue => {
  if (isAttributeValue(value)) return value;
  throw refuse(
    `AttributeValue must be text, a number, true or false, or a list of texts, not ${shown(value)}.`,
  );
};

const serializeAttributeValue = (value: unknown): AttributeValue => {
  if (!isAttributeValue(value)) throw new TypeError(`${shown(value)} is not an attribute's value.`);
  return value;
};

/** The scalars of schema/shared.graphql. mountSubgraph adds those that a subgraph's SDL declares. */
export const scalarResolvers: Readonly<Record<string, GraphQLScalarType>> = {
  DateTime: textScalar('DateTime', parseDateTime, serializeDateTime),
  Base64: textScalar('Base64', parseBase64, serializeBase64),
  Locale: textScalar('Locale', parseLocale, serializeText),
  Region: textScalar('Region', parseRegion, serializeText),
  Currency: textScalar('Currency', parseCurrency, serializeText),
  MinorUnits: new GraphQLScalarType({
    name: 'MinorUnits',
    serialize: serializeMinorUnits,
    parseValue: parseMinorUnits,
    parseLiteral: parseMinorUnitsLiteral,
  }),
  AttributeValue: new GraphQLScalarType({
    name: 'AttributeValue',
    serialize: serializeAttributeValue,
    parseValue: parseAttributeValue,
    parseLiteral: (node) => parseAttributeValue(valueFromASTUntyped(node)),
  }),
};
