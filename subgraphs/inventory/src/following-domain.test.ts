import { describe, expect, test } from 'vitest';
import { followingOf } from './following-domain.ts';
import { cursorOfMovement, movementAt } from './ledger-domain.ts';

const id = '01a1fd61-a60e-74c1-b493-d79bf80804a4';
const wish = { variantIds: [id], region: null, after: null, maxPerSecond: 4 };

describe('what a client follows', () => {
  test('names each variant once, in one spelling', () => {
    expect(followingOf({ ...wish, variantIds: [id, id.toUpperCase()] })).toEqual({
      variantIds: [id],
      region: null,
      after: 0,
      maxPerSecond: 4,
    });
  });
  test.each(['0', '1', '900719925474099'])('may begin after %s', (after) => {
    expect(followingOf({ ...wish, after })).toMatchObject({ after: Number(after) });
  });
  test('may begin after an event that told more than its cursor covers', () => {
    expect(followingOf({ ...wish, after: '998+' })).toMatchObject({ after: 998 });
  });
  test.each(['', '+', '1++', '-1', '01', '1.5', '1e3', ' 1', '9'.repeat(16)])(
    'may not begin after "%s"',
    (after) => {
      expect(followingOf({ ...wish, after })).toHaveProperty('problem');
    },
  );
});

describe('a cursor of the ledger', () => {
  test.each([1, 42, 900_719_925_474_099])('finds its place again: %s', (movement) => {
    expect(movementAt(cursorOfMovement(movement))).toBe(movement);
  });
  test.each(['', 'movement 0', 'movement -1', 'movement 1 ', 'shelf 1', `movement ${'9'.repeat(200)}`])(
    'is not made of "%s"',
    (text) => {
      expect(movementAt(Buffer.from(text).toString('base64url'))).toBeNull();
    },
  );
});
