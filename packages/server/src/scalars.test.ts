import { describe, expect, test } from 'vitest';
import { mountSubgraph } from './mount.ts';
import { createNotes } from './notes-for-tests.ts';
import { scalarResolvers } from './scalars.ts';

const { subgraph } = createNotes();
const mounted = mountSubgraph(subgraph, { production: true });

const types = {
  at: 'DateTime',
  value: 'AttributeValue',
  bytes: 'Base64',
  locale: 'Locale',
  region: 'Region',
  currency: 'Currency',
  units: 'MinorUnits',
} as const;
type Name = keyof typeof types;

/** What comes back of a value that goes in: once as a variable and once written in the document. */
const through = async (name: Name, value: unknown) => {
  const query = `query ($value: ${types[name]}) { echo(${name}: $value) { ${name} } }`;
  const asVariable = await mounted.execute({ query, variables: { value } });
  const asLiteral = await mounted.execute({
    query: `{ echo(${name}: ${JSON.stringify(value)}) { ${name} } }`,
  });
  const comesOut = ({ data, errors }: typeof asVariable) =>
    errors ? (errors[0]?.message ?? '') : JSON.parse(JSON.stringify(data)).echo[name];
  return [comesOut(asVariable), comesOut(asLiteral)];
};

const comesBack = async (name: Name, value: unknown, as: unknown = value) =>
  expect(await through(name, value)).toEqual([as, as]);

const isRefused = async (name: Name, value: unknown, why: string) =>
  expect(await through(name, value)).toEqual([expect.stringContaining(why), expect.stringContaining(why)]);

describe('DateTime', () => {
  test.each([
    ['2026-05-01T12:00:00Z', '2026-05-01T12:00:00.000Z'],
    ['2026-05-01T12:00:00.5+02:00', '2026-05-01T10:00:00.500Z'],
    ['2024-02-29T00:00:00.123456789Z', '2024-02-29T00:00:00.123Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
  ])('takes %s', (text, iso) => comesBack('at', text, iso));

  test.each([
    '2026-05-01',
    '2026-05-01T12:00:00',
    '2026-05-01 12:00:00Z',
    '1 May 2026',
    '',
    '2026-05-01T25:00:00Z',
    '2026-05-01T12:00:60Z',
  ])('refuses %j as a form', (text) => isRefused('at', text, 'RFC 3339'));

  test.each(['2026-02-29T00:00:00Z', '2026-04-31T00:00:00Z', '2026-13-01T00:00:00Z', '2026-00-10T00:00:00Z'])(
    'refuses %s, which no calendar has',
    (text) => isRefused('at', text, 'not a day of the calendar'),
  );

  test.each(['0000-12-31T23:00:00Z', '9999-12-31T23:59:59-01:00', '0001-01-01T00:00:00+01:00'])(
    'refuses %s, which is out of range',
    (text) => isRefused('at', text, 'outside the years'),
  );

  test('refuses what is no text', () => isRefused('at', 1_700_000_000, 'must be text'));

  test('writes text from a stored outcome as it writes a Date, and nothing else', () => {
    const { DateTime } = scalarResolvers;
    expect(DateTime?.serialize('2026-05-01T12:00:00.000Z')).toBe('2026-05-01T12:00:00.000Z');
    expect(() => DateTime?.serialize('yesterday')).toThrow('not a Date');
    expect(() => DateTime?.serialize(new Date('nonsense'))).toThrow();
  });
});

describe('AttributeValue', () => {
  test.each([['text'], [''], [12], [-0.5], [true], [['a', 'b']], [[]]])('takes %j', (value) =>
    comesBack('value', value),
  );

  test.each([[{ a: 1 }], [[1]], [['a', null]], [2 ** 53]])('refuses %j', async (value) => {
    const query = 'query ($value: AttributeValue) { echo(value: $value) { value } }';
    const { errors } = await mounted.execute({ query, variables: { value } });
    expect(errors?.[0]?.message).toContain('AttributeValue must be text, a number');
  });
});

describe('Base64', () => {
  test.each(['', 'YQ==', 'YWI=', 'YWJj', '+/+/'])('takes %j', (text) => comesBack('bytes', text));
  test.each(['YQ', 'YQ=', 'Y Q=', '-_-_', 'YWJj\n', '===='])('refuses %j', (text) =>
    isRefused('bytes', text, 'RFC 4648'),
  );
});

describe('Locale', () => {
  test.each([
    ['en', 'en'],
    ['DE-at', 'de-AT'],
    ['zh-hant-tw', 'zh-Hant-TW'],
    ['es-419', 'es-419'],
    ['iw', 'he'],
  ])('takes %s as %s', (text, canonical) => comesBack('locale', text, canonical));

  test.each([
    '',
    'de_AT',
    'nonsense',
    'xx',
    'de-QQ',
    'de-Abcd',
    'und',
    'en-u-nu-latn',
    'x'.repeat(200),
    '../../etc',
  ])('refuses %.20j', (text) => isRefused('locale', text, 'BCP 47'));
});

describe('Region', () => {
  test.each(['DE', 'US', 'TW', 'US-CA', 'CA-QC'])('takes %s', (code) => comesBack('region', code));
  test.each(['de', 'UK', 'EU', 'XX', 'DEU', '', 'US-', 'US-XX', 'us-ca', 'DE-BY', 'CA-CA'])(
    'refuses %j',
    (code) => isRefused('region', code, 'ISO 3166-1'),
  );
});

describe('Currency', () => {
  test.each(['EUR', 'USD', 'JPY'])('takes %s', (code) => comesBack('currency', code));
  test.each(['eur', '€', 'XAU', 'DEM', 'EURO', ''])('refuses %j', (code) =>
    isRefused('currency', code, 'ISO 4217'),
  );
});

describe('MinorUnits', () => {
  test.each([0, -1, 2 ** 31, Number.MAX_SAFE_INTEGER])('takes %s', (units) => comesBack('units', units));
  test.each([0.5, 2 ** 53, 1e300, '5', true])('refuses %j', (units) =>
    isRefused('units', units, 'MinorUnits must be a whole number'),
  );
});
