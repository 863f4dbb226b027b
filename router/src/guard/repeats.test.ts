import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { defaultOperationLimits } from './limits.ts';
import { checkRepeats } from './repeats.ts';

const check = (text: string) => checkRepeats(parse(text), { ...defaultOperationLimits, maxRepeats: 3 });

test.each([
  ['a field as often as may be', '{ a a a b b b }'],
  ['a field in several places', '{ a { id } b { id } c { id } d { id } }'],
  ['a field by other names', '{ a b: a c: a d: a }'],
  [
    'one fragment over and over, which is merged with nothing',
    '{ ...F ...F ...F ...F } fragment F on T { a }',
  ],
])('%s is let pass', (_what, text) => {
  expect(check(text)).toBeNull();
});

test.each([
  ['a field', '{ a a a a }'],
  ['a field inside of fields that are merged', '{ a { b b } a { b b } }'],
  ['an alias', '{ a x: b { id } ... { x: b { id } } x: b x: b }'],
  ['by fragments', '{ a ...F ...G ...H } fragment F on T { a } fragment G on T { a } fragment H on T { a }'],
  ['by fragments of fragments', '{ ...F } fragment F on T { a { b } ...G } fragment G on T { a { b b b } }'],
  ['in a fragment that nobody uses', '{ a } fragment F on T { a a a a }'],
  ['in the last operation', 'query A { a } query B { a a a a }'],
])('%s repeated once more is refused: %s', (_what, text) => {
  const extensions = { code: 'LIMIT_EXCEEDED', limit: 'repeats', allowed: 3, asked: 4 };
  expect(check(text)?.extensions).toEqual(extensions);
});
