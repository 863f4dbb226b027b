import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { checkLimits, defaultOperationLimits, type OperationLimits } from './limits.ts';

const check = (text: string, limits: Partial<OperationLimits> = {}) =>
  checkLimits(parse(text), { ...defaultOperationLimits, ...limits }).tooLarge;
const nested = (levels: number): string => `${'{ a '.repeat(levels)}${'}'.repeat(levels)}`;

test('an operation within all limits passes', () => {
  expect(check('{ a { b ...F } } fragment F on T { c @include(if: true) d: e }')).toBeNull();
  expect(check(nested(20))).toBeNull();
});

test.each([
  ['depth', 'levels nested too deep', nested(21), 20, 21],
  [
    'depth',
    'the same by fragments',
    '{ ...A } fragment A on T { a { ...B } } fragment B on T { b { c } }',
    2,
    3,
  ],
  ['height', 'one field over and over', `{ ${'a '.repeat(1_001)} }`, 1_000, 1_001],
  [
    'aliases',
    'an alias bomb',
    `{ ${Array.from({ length: 101 }, (_, n) => `a${n}: a`).join(' ')} }`,
    100,
    101,
  ],
  [
    'rootfields',
    'root fields, those of fragments too',
    '{ a b ...F ... { d } } fragment F on Query { c }',
    3,
    4,
  ],
  ['directives', 'a directive overload', `{ a ${'@x '.repeat(101)} }`, 100, 101],
] as const)(
  '%s: %s is refused with what was asked and what is allowed',
  (limit, _what, text, allowed, asked) => {
    const limits = {
      maxDepth: limit === 'depth' ? allowed : 20,
      maxRootFields: limit === 'rootfields' ? allowed : 2_000,
    };
    const error = check(text, limits);
    expect(error?.extensions).toEqual({ code: 'LIMIT_EXCEEDED', limit, allowed, asked });
    expect(error?.message).toContain(`${asked}, and ${allowed} are allowed`);
  },
);

test('a bomb of fragments is counted without being unfolded', () => {
  const levels = Array.from({ length: 60 }, (_, n) => `fragment F${n} on T { ...F${n + 1} ...F${n + 1} }`);
  const bomb = `{ ...F0 } ${levels.join(' ')} fragment F60 on T { a }`;
  // Unfolded it has 2^60 fields by twice as many spreads, so that this test would not end.
  expect(check(bomb)?.extensions).toMatchObject({ limit: 'height', asked: 3 * 2 ** 60 });
  expect(check(bomb.replace('{ a }', '{ ...F0 }'))?.extensions).toMatchObject({ limit: 'height' });
  expect(check(bomb.replace('...F0', 'a'))?.extensions).toMatchObject({ limit: 'height' });
});

test('fragments in a circle end, and like those that are not there are left to the rules of GraphQL', () => {
  const measured = (text: string) => checkLimits(parse(text), defaultOperationLimits);
  const lost = { tooLarge: null, isSound: false };
  expect(measured('{ ...A } fragment A on T { a ...B } fragment B on T { ...A }')).toEqual(lost);
  expect(measured('{ a } fragment A on T { a { ...A } }')).toEqual(lost);
  expect(measured('{ ...A }')).toEqual(lost);
  expect(measured('{ ...A ...A } fragment A on T { a }')).toEqual({ tooLarge: null, isSound: true });
});

test('all operations of a document are looked at together, for all are validated', () => {
  const many = Array.from({ length: 60 }, (_, n) => `query Q${n} { a ...F }`).join(' ');
  expect(check(`${many} fragment F on T { ${'b '.repeat(16)} }`)?.extensions).toMatchObject({
    ...{ limit: 'height', asked: 60 * 18 },
  });
  expect(check(many)).toBeNull();
  expect(check(`query A { a } query B ${nested(21)}`)?.extensions).toMatchObject({ limit: 'depth' });
});
