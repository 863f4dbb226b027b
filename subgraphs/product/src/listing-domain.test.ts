import { describe, expect, test } from 'vitest';
import type { AttributeDefinition } from './attribute-domain.ts';
import { cursorOf, positionOf, shelfOfFilter, shelvesOf } from './listing-domain.ts';

const id = '018f0000-0000-7000-8000-000000000001';
const define = (
  code: string,
  kind: AttributeDefinition['kind'],
  isFilterable = true,
): AttributeDefinition => ({
  code,
  name: code,
  kind,
  isRequired: false,
  isFilterable,
  choices: ['red', 'blue'],
  min: 0,
  max: 10,
});
const type = {
  id,
  code: 'shoe',
  name: 'Shoe',
  attributes: [
    define('colour', 'CHOICE'),
    define('uses', 'CHOICES'),
    define('height', 'INTEGER'),
    define('note', 'TEXT', false),
  ],
};

describe('cursors', () => {
  test('lead back to their place', () => {
    const place = { key: '1767225600000001', id };
    expect(positionOf('NEWEST', cursorOf('NEWEST', place))).toEqual(place);
    expect(positionOf('NAME', cursorOf('NAME', { key: 'élan "x" 🥾', id }))).toEqual({
      key: 'élan "x" 🥾',
      id,
    });
  });
  test('mean nothing in another order', () => {
    expect(positionOf('NAME', cursorOf('NEWEST', { key: '1', id }))).toBeNull();
    expect(positionOf('OLDEST', cursorOf('NEWEST', { key: '1', id }))).toBeNull();
  });
  const forged = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  test.each([
    '',
    'nonsense',
    forged(null),
    forged({}),
    forged(['NEWEST', '1']),
    forged(['NEWEST', 1, id]),
    forged(['NEWEST', '1', 'x']),
    forged(['NEWEST', "1'; drop table", id]),
    forged(['NEWEST', '9'.repeat(17), id]),
    'A'.repeat(100_000),
  ])('%.40s is none', (cursor) => {
    expect(positionOf('NEWEST', cursor)).toBeNull();
  });
  test('hold nothing that Postgres refuses', () => {
    expect(positionOf('NAME', forged(['NAME', 'a\u0000', id]))).toBeNull();
  });
});

describe('filters', () => {
  test('a value, some values and a range are shelves', () => {
    expect(shelfOfFilter(type, { code: 'colour', equals: 'red' })).toMatchObject({
      kind: 'values',
      values: ['red'],
    });
    expect(shelfOfFilter(type, { code: 'uses', anyOf: ['red', 'blue', 'red'] })).toMatchObject({
      values: ['red', 'blue'],
    });
    expect(shelfOfFilter(type, { code: 'height', between: { min: -5 } })).toMatchObject({
      kind: 'numbers',
      within: { min: -5, max: null },
    });
    expect(shelfOfFilter(type, { code: 'height', equals: 99 })).toMatchObject({ within: { anyOf: [99] } });
  });
  test.each([
    ['an unknown attribute', { code: 'weight', equals: 1 }],
    ['one that is not filterable', { code: 'note', equals: 'x' }],
    ['none of the three', { code: 'colour' }],
    ['two of the three', { code: 'height', equals: 1, between: { min: 1 } }],
    ['a value of another kind', { code: 'height', equals: 'red' }],
    ['a choice there is not', { code: 'colour', equals: 'green' }],
    ['a list at once', { code: 'uses', equals: ['red'] }],
    ['no values', { code: 'colour', anyOf: [] }],
    ['a range of words', { code: 'colour', between: { min: 1 } }],
    ['a range without bounds', { code: 'height', between: {} }],
    ['a range the wrong way round', { code: 'height', between: { min: 2, max: 1 } }],
  ])('refuse %s', (_case, filter) =>
    expect(shelfOfFilter(type, filter)).toEqual({ problem: expect.any(String) }),
  );

  test('the narrowest shelf is walked, and what it implies is not asked again', () => {
    const values = { kind: 'values', typeId: id, code: 'colour', values: ['red'] } as const;
    const category = { kind: 'category', id } as const;
    const ofType = { kind: 'type', id } as const;
    expect(shelvesOf([category, values, ofType])).toEqual([values, category]);
    expect(shelvesOf([ofType])).toEqual([ofType]);
    expect(shelvesOf([])).toEqual([{ kind: 'shop' }]);
  });
});
