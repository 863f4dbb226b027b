import { expect, test } from 'vitest';
import { defaultOperationLimits } from './limits.ts';
import { checkText } from './text-limits.ts';

const check = (text: string) =>
  checkText(text, {
    ...defaultOperationLimits,
    maxLength: 1_000,
    maxTokens: 40,
    maxNesting: 5,
    maxDefinitions: 3,
  });
const inside = (open: string, close: string, levels: number) =>
  `${open.repeat(levels)}a${close.repeat(levels)}`;

test.each([
  ['a usual text', 'query ($a: [Int!] = [1]) { a(b: { c: [$a] }) { d } } fragment F on T { e }'],
  ['as many brackets as may be', inside('{a', '}', 5)],
  [
    'brackets in strings and comments',
    `{ a(b: "${'{'.repeat(50)}", c: """${'['.repeat(50)}""") } # ${'('.repeat(50)}`,
  ],
  ['brackets one after the other', `{ ${'a(b: [1]) '.repeat(4)} }`],
  ['as many definitions as may be', '{ a } fragment F on T { b } fragment G on T { c }'],
  ['what is no GraphQL, which the parser refuses with its place', '{ a & % ? }'],
  ['brackets that were never opened', `${'}'.repeat(20)}${'{'.repeat(3)}`],
])('lets pass %s', (_what, text) => {
  expect(check(text)).toBeNull();
});

test.each([
  ['length', 'a long text', `# ${'x'.repeat(999)}`, 1_001, 1_000],
  ['tokens', 'many words', 'a '.repeat(500), 41, 40],
  ['nesting', 'fields', inside('{a', '}', 6), 6, 5],
  ['nesting', 'inline fragments, which are no levels of fields', inside('{...', '}', 6), 6, 5],
  ['nesting', 'lists', `{ a(b: ${inside('[', ']', 4)}) }`, 6, 5],
  ['nesting', 'what never ends', '['.repeat(30), 6, 5],
  [
    'definitions',
    'operations and fragments',
    'query A { a } query B { a } fragment F on T { b } { c }',
    4,
    3,
  ],
] as const)('%s: %s are refused with what is allowed', (limit, _what, text, asked, allowed) => {
  expect(check(text)?.extensions).toEqual({ code: 'LIMIT_EXCEEDED', limit, asked, allowed });
});
