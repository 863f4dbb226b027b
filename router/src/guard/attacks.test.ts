import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Attacked, many, startAttacked } from './attack-fixture.ts';
import { defaultOperationLimits } from './limits.ts';

let it: Attacked;

beforeAll(async () => {
  it = await startAttacked();
});

afterEach(() => it.expectUnharmed());

afterAll(() => it.stop());

const nested = (field: string, levels: number): string => `${field} { `.repeat(levels);
const deep = (field: string, levels: number, leaf: string): string =>
  `{ ${nested(field, levels)}${leaf}${' }'.repeat(levels + 1)}`;

const fragments = (count: number, of: (index: number) => string): string =>
  many(count, (index) => `fragment F${index} on Query { ${of(index)} }`);

/** Limits of the operation: what they are called in errors, what is sent, and how much that is. */
const overLimits: readonly (readonly [string, string, string, number])[] = [
  ['aliases', 'an alias bomb', `{ ${many(101, (index) => `a${index}: total`)} }`, 101],
  [
    'height',
    'a bomb of fragments',
    `{ ...F0 } ${fragments(60, (index) => `...F${index + 1} ...F${index + 1}`)} fragment F60 on Query { who }`,
    3 * 2 ** 60,
  ],
  [
    'height',
    'a bomb of fragments that are in no operation',
    `{ who } ${fragments(60, (index) => `...F${index + 1} ...F${index + 1}`)} fragment F60 on Query { who }`,
    3 * 2 ** 60,
  ],
  [
    'height',
    'a field in many operations',
    many(99, (index) => `query Q${index} { ${'who '.repeat(12)} }`),
    1_188,
  ],
  ['depth', 'deep nesting', deep('item', 30, 'id'), 31],
  ['depth', 'deep introspection', deep('__schema', 1, `${nested('types', 30)}name${' }'.repeat(30)}`), 32],
  ['height', 'wide introspection', `{ __schema { types { ${'name '.repeat(1_500)} } } }`, 1_502],
  ['tokens', 'a field ten thousand times', `{ ${'total '.repeat(10_000)} }`, 5_001],
  ['rootfields', 'a field as often as may be selected', `{ ${'total '.repeat(999)} }`, 999],
  ['repeats', 'a field too often in one place', `{ items { ${'id '.repeat(51)} } }`, 51],
  ['repeats', 'fields that are merged into one place', `{ ${'items { id id id id id } '.repeat(12)} }`, 60],
  ['directives', 'a directive overload', `{ total ${'@skip(if: false) '.repeat(101)} }`, 101],
  ['directives', 'directives that are not there', `{ total ${'@x '.repeat(101)} }`, 101],
  ['rootfields', 'root fields by aliases', `{ ${many(60, (index) => `a${index}: total`)} }`, 60],
  [
    'tokens',
    'thousands of root fields by aliases',
    `{ ${many(5_000, (index) => `a${index}: total`)} }`,
    5_001,
  ],
  ['definitions', 'many definitions', fragments(101, () => 'who'), 101],
  ['nesting', 'brackets without end', '{ items(first: '.repeat(2_000), 101],
  ['nesting', 'a list in a list', `{ item(id: ${'['.repeat(101)}${']'.repeat(101)}) { id } }`, 101],
  ['length', 'a megabyte of a comment', `{ total } # ${'x'.repeat(1_000_000)}`, 1_000_012],
  ['cost', 'a list as long as may be', '{ items(first: 2147483647) { id } }', 2_147_483_647],
];

const allowedOf: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    Object.entries(defaultOperationLimits).map(([name, allowed]) => [
      name.replace('max', '').toLowerCase(),
      allowed,
    ]),
  ),
  cost: 20_000,
};

describe('an operation over a limit is refused with the limit and what was asked', () => {
  test.each(overLimits)('%s: %s', async (limit, _what, query, asked) => {
    const allowed = allowedOf[limit];
    const { status, message, extensions } = await it.toldBy(await it.send({ query }));
    expect({ status, ...extensions }).toEqual({ status: 400, code: 'LIMIT_EXCEEDED', limit, allowed, asked });
    expect(message).toContain(String(allowed));
  });

  test.each([
    [
      'a length',
      'query ($n: Int!) { items(first: $n) { id available } }',
      { n: 2_147_483_647 },
      2_147_483_647,
    ],
    [
      'a megabyte of ids',
      'query ($ids: [ID!]!) { itemsOf(ids: $ids) { id } }',
      { ids: Array(350_000).fill('1') },
      350_000,
    ],
    [
      'a length in many places',
      `query ($n: Int!) { ${many(50, (index) => `a${index}: items(first: $n) { id }`)} }`,
      { n: 401 },
      20_050,
    ],
  ])('cost: %s by a variable', async (_what, query, variables, asked) => {
    const { extensions } = await it.toldBy(await it.send({ query, variables }));
    expect(extensions).toEqual({ code: 'LIMIT_EXCEEDED', limit: 'cost', allowed: 20_000, asked });
  });
});

const failed = 'GRAPHQL_VALIDATION_FAILED';
const item = 'query ($id: ID!) { item(id: $id) { name } }';
const text = (value: string): string => `{ item(id: "${value}") { name } }`;

describe('an operation that makes no sense is refused with its mistake', () => {
  test.each([
    [
      failed,
      'fragments in a circle',
      { query: `{ ...F0 } ${fragments(99, (at) => `...F${(at + 1) % 99}`)}` },
    ],
    [failed, 'a fragment in itself', { query: '{ ...F } fragment F on Query { item(id: 1) { id } ...F }' }],
    [failed, 'fragments that are not there', { query: `{ ${many(900, (index) => `...F${index}`)} }` }],
    [failed, 'the schema', { query: '{ __schema { types { name fields { name } } } }' }],
    [failed, 'a type by its name', { query: '{ __type(name: "Item") { fields { name } } }' }],
    [failed, 'fields that are nearly there', { query: '{ itemz totl whoo }' }],
    [failed, 'an argument that is nearly there', { query: '{ items(fist: 1) { id } }' }],
    [failed, 'a type that is nearly there', { query: 'query ($a: Itm) { items(first: $a) { id } }' }],
    [failed, 'a thousand variables', { query: `query (${many(900, (at) => `$a${at}: ID`)}) { total }` }],
    [failed, 'an argument a thousand times', { query: `{ item(${'id: 1 '.repeat(1_000)}) { id } }` }],
    [failed, 'a value as long as may be', { query: `{ items(first: "${'x'.repeat(90_000)}") { id } }` }],
    [failed, 'what only routers ask', { query: '{ _service { sdl } }' }],
    ['GRAPHQL_PARSE_FAILED', 'a lone surrogate', { query: text('\\uD800') }],
    ['GRAPHQL_PARSE_FAILED', 'a lone surrogate as it is', { query: text('\uDC00') }],
    ['GRAPHQL_PARSE_FAILED', 'a zero byte in a string', { query: text('\u0000\u0001\n') }],
    ['GRAPHQL_PARSE_FAILED', 'a name of another script', { query: '{ t\u043etal }' }],
    ['GRAPHQL_PARSE_FAILED', 'a name with what is not seen', { query: '{ to\u200btal\u202e }' }],
    ['GRAPHQL_PARSE_FAILED', 'a string without an end', { query: `{ item(id: "${'x'.repeat(90_000)}` }],
    [
      'OPERATION_RESOLUTION_FAILURE',
      'an unknown operation',
      { query: 'query A { who }', operationName: 'B' },
    ],
    [
      'OPERATION_RESOLUTION_FAILURE',
      'an inherited name',
      { query: 'query A { who }', operationName: 'toString' },
    ],
    [
      'OPERATION_RESOLUTION_FAILURE',
      'an operation with an endless name',
      { query: 'query A { who }', operationName: '\u0000\n'.repeat(100_000) },
    ],
    [
      'BAD_USER_INPUT',
      'a variable that is too long a list',
      { query: item, variables: { id: Array(200_000).fill(1) } },
    ],
    [
      'BAD_USER_INPUT',
      'a variable that is an object',
      { query: item, variables: { id: { toString: 1, constructor: {} } } },
    ],
    [
      'BAD_USER_INPUT',
      'a length beyond integers',
      { query: 'query ($n: Int!) { items(first: $n) { id } }', variables: { n: 1e300 } },
    ],
    [
      'BAD_USER_INPUT',
      'many values that are wrong',
      {
        query: 'query ($ids: [ID!]!) { itemsOf(ids: $ids) { id } }',
        variables: { ids: Array(100_000).fill({}) },
      },
    ],
  ])('%s: %s', async (code, _what, body) => {
    const { status, extensions } = await it.toldBy(await it.send(body));
    expect({ status, ...extensions }).toEqual({ status: 400, code });
  });

  test('the names of prototypes are names of variables like others', async () => {
    for (const variables of ['{"__proto__":{"id":"7"}}', '{"constructor":{"prototype":{"id":"7"}}}']) {
      const answer = await it.send(`{"query":${JSON.stringify(item)},"variables":${variables}}`);
      expect((await it.toldBy(answer)).extensions).toEqual({ code: 'BAD_USER_INPUT' });
    }
    expect(Object.hasOwn(Object.prototype, 'id')).toBe(false);
  });
});

describe('a request that is too large is refused before it is read', () => {
  const ten = 10 * 1024 * 1024;
  const query = 'query ($id: ID!) { item(id: $id) { id } }';
  const bodyBytes = { code: 'LIMIT_EXCEEDED', limit: 'bodyBytes', allowed: 1_572_864 };

  test.each([
    ['a query of 10 MB', { query: `{ total } # ${'x'.repeat(ten)}` }],
    ['variables of 10 MB', { query, variables: { id: 'x'.repeat(ten) } }],
    ['an operation name of 10 MB', { query, operationName: 'x'.repeat(ten) }],
  ])('%s', async (_what, body) => {
    const { status, extensions } = await it.toldBy(await it.send(body));
    expect({ status, ...extensions }).toEqual({
      status: 413,
      ...bodyBytes,
      asked: JSON.stringify(body).length,
    });
  });

  test('variables a thousand levels deep', async () => {
    const levels = `${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`;
    const answer = await it.send(`{"query":${JSON.stringify(query)},"variables":{"id":${levels}}}`);
    const { extensions } = await it.toldBy(answer);
    expect(extensions).toEqual({ code: 'LIMIT_EXCEEDED', limit: 'jsonDepth', allowed: 32 });
  });

  test('a batch of a thousand', async () => {
    const { status, extensions, message } = await it.toldBy(await it.send(Array(1_000).fill({ query })));
    const limit = { status: 400, code: 'LIMIT_EXCEEDED', limit: 'batch', allowed: 0, asked: 1_000 };
    expect({ status, ...extensions }).toEqual(limit);
    expect(message).toBe('The body is a list of 1000 operations: send one without a list.');
  });
});
