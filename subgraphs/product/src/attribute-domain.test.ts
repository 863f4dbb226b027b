import { describe, expect, test } from 'vitest';
import {
  type AttributeDefinition,
  type AttributeKind,
  type AttributeValue,
  changeAttributes,
  missingAttributes,
  valueProblem,
} from './attribute-domain.ts';
import { changeProblems, definitionProblems, filtersDiffer } from './type-domain.ts';

const define = (kind: AttributeKind, rest: Partial<AttributeDefinition> = {}): AttributeDefinition => ({
  code: 'x',
  name: 'X',
  kind,
  isRequired: false,
  isFilterable: false,
  choices: [],
  min: null,
  max: null,
  ...rest,
});

describe('values', () => {
  const choices = ['red', 'blue'];
  test.each<[AttributeDefinition, AttributeValue]>([
    [define('TEXT'), 'wool 🐑'],
    [define('INTEGER', { min: 1, max: 3 }), 3],
    [define('NUMBER'), -0.5],
    [define('BOOLEAN'), false],
    [define('CHOICE', { choices }), 'red'],
    [define('CHOICES', { choices }), ['blue', 'red']],
    [define('DATE'), '2024-02-29'],
  ])('%j takes %j', (definition, value) => expect(valueProblem(definition, value)).toBeNull());

  test.each<[AttributeDefinition, AttributeValue]>([
    [define('TEXT'), ''],
    [define('TEXT'), 5],
    [define('TEXT'), 'a\u0000b'],
    [define('TEXT'), 'a\ud800'],
    [define('TEXT'), 'x'.repeat(1_001)],
    [define('INTEGER'), 1.5],
    [define('INTEGER'), '1'],
    [define('INTEGER'), 2 ** 53],
    [define('INTEGER', { min: 1 }), 0],
    [define('NUMBER', { max: 1 }), 1.01],
    [define('NUMBER'), Number.POSITIVE_INFINITY],
    [define('BOOLEAN'), 'true'],
    [define('CHOICE', { choices }), 'green'],
    [define('CHOICE', { choices }), ['red']],
    [define('CHOICES', { choices }), []],
    [define('CHOICES', { choices }), ['red', 'red']],
    [define('CHOICES', { choices }), ['red', 'green']],
    [define('CHOICES', { choices }), 'red'],
    [define('DATE'), '2023-02-29'],
    [define('DATE'), '2026-13-01'],
    [define('DATE'), '1.5.2026'],
  ])('%j refuses %j', (definition, value) =>
    expect(valueProblem(definition, value)).toEqual(expect.any(String)),
  );
});

describe('changing attributes', () => {
  const definitions = [
    define('TEXT', { code: 'material', isRequired: true }),
    define('INTEGER', { code: 'height' }),
  ];
  test('sets, takes away and leaves the rest', () => {
    const changes = [
      { code: 'material', value: null },
      { code: 'height', value: 7 },
    ];
    expect(changeAttributes(definitions, { material: 'wool' }, changes)).toEqual({
      attributes: { height: 7 },
    });
  });
  test('names everything that is wrong', () => {
    const changes = [
      { code: 'material', value: 1 },
      { code: 'weight', value: 1 },
      { code: 'height', value: 1 },
      { code: 'height', value: 2 },
    ];
    expect(changeAttributes(definitions, {}, changes)).toEqual({
      problems: [
        { code: 'material', message: 'must be a text' },
        { code: 'weight', message: 'is no attribute of this type' },
        { code: 'height', message: 'is given twice' },
      ],
    });
  });
  test('a code that every object answers to is none', () => {
    const odd = [define('TEXT', { code: 'constructor', isRequired: true })];
    expect(missingAttributes(odd, {})).toEqual(['constructor']);
    expect(changeAttributes(odd, {}, [{ code: 'constructor', value: 'x' }])).toEqual({
      attributes: { constructor: 'x' },
    });
  });
});

describe('types', () => {
  test.each([
    ['a code twice', [define('TEXT'), define('TEXT')], ['attributes', '1', 'code']],
    ['a choice without choices', [define('CHOICE')], ['attributes', '0', 'choices']],
    ['choices of a text', [define('TEXT', { choices: ['a'] })], ['attributes', '0', 'choices']],
    ['the same choice twice', [define('CHOICE', { choices: ['a', 'a'] })], ['attributes', '0', 'choices']],
    ['bounds of a text', [define('TEXT', { max: 3 })], ['attributes', '0', 'min']],
    ['bounds the wrong way round', [define('INTEGER', { min: 2, max: 1 })], ['attributes', '0', 'min']],
  ])('refuse %s', (_case, definitions, path) => {
    expect(definitionProblems(definitions)).toMatchObject([{ path }]);
  });

  const before = {
    id: 't',
    code: 't',
    name: 'T',
    attributes: [define('INTEGER'), define('CHOICES', { code: 'c', choices: ['a', 'b'] })],
  };
  const uses = [
    { code: 'x', min: 1, max: 9, choices: [] },
    { code: 'c', min: null, max: null, choices: ['a'] },
  ];
  const use = define('CHOICES', { code: 'c', choices: ['a'] });

  test.each([
    ['another kind', [define('NUMBER'), use], ['attributes', '0', 'kind']],
    ['no such attribute', [use], ['attributes']],
    ['a higher floor', [define('INTEGER', { min: 2 }), use], ['attributes', '0', 'min']],
    ['a lower ceiling', [define('INTEGER', { max: 8 }), use], ['attributes', '0', 'max']],
    [
      'fewer choices',
      [define('INTEGER'), define('CHOICES', { code: 'c', choices: ['b'] })],
      ['attributes', '1', 'choices'],
    ],
  ])('what products hold forbids %s', (_case, after, path) => {
    expect(changeProblems(before, after, uses)).toMatchObject([{ path }]);
  });
  test('what products do not hold may change', () => {
    expect(
      changeProblems(before, [define('INTEGER', { min: 1, max: 9, isRequired: true }), use], uses),
    ).toEqual([]);
    expect(changeProblems(before, [define('TEXT')], [])).toEqual([]);
  });
  test('shelves change with what is filterable', () => {
    expect(filtersDiffer([define('TEXT')], [define('TEXT', { isFilterable: true })])).toBe(true);
    expect(
      filtersDiffer(
        [define('TEXT', { isFilterable: true })],
        [define('TEXT', { isFilterable: true, name: 'Y' })],
      ),
    ).toBe(false);
  });
});
