import { expect, test } from 'vitest';
import { createRecent } from './recent.ts';

test('forgets what was read or written longest ago', () => {
  const recent = createRecent<number>(2);
  recent.write('a', 1);
  recent.write('b', 2);
  recent.read('a');
  recent.write('c', 3);
  expect(['a', 'b', 'c'].map(recent.read)).toEqual([1, undefined, 3]);
});

test('holds so many characters of keys, however few those are', () => {
  const recent = createRecent<number>(100, 10);
  recent.write('aaaa', 1);
  recent.write('aaaa', 2);
  recent.write('bbbb', 3);
  expect([recent.read('aaaa'), recent.read('bbbb')]).toEqual([2, 3]);
  recent.write('cccc', 4);
  expect([recent.read('aaaa'), recent.read('bbbb'), recent.read('cccc')]).toEqual([undefined, 3, 4]);
  recent.write('ddddddddddd', 5);
  expect(recent.read('cccc')).toBeUndefined();
});
