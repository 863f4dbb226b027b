import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { cardNumberFields, hasExpired, looksLikeCardNumber } from './payment-method-domain.ts';

/** The numbers that providers publish for tests. */
const numbers = [
  '4242424242424242',
  '4000056655665556',
  '5555555555554444',
  '2223003122003222',
  '378282246310005',
  '30569309025904',
  '6011111111111117',
  '3566002020360505',
  '6200000000000005',
  '6759649826438453',
  '4222222222222',
  '6304000000000000000',
];

describe('a card number', () => {
  it.each(numbers)('%s is told', (number) => {
    expect(looksLikeCardNumber(number)).toBe(true);
  });

  const groups = (number: string, separator: string) => number.replace(/(\d{4})(?=\d)/g, `$1${separator}`);
  it.each([
    ' ',
    '-',
    '.',
    '/',
    '_',
    '\u00a0',
    '\u2009',
    '\u2013',
    ' - ',
    '\u200b',
    '\u00ad',
    '\u2060',
    '\t',
    '\n',
  ])('is told with %j between its groups', (separator) => {
    for (const number of numbers) expect(looksLikeCardNumber(groups(number, separator))).toBe(true);
  });

  it.each([
    'my card 4242 4242 4242 4242',
    'tok_4242424242424242',
    '4242424242424242 12/29',
    '12/29 4242424242424242 123',
    '4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2',
    'PAN4242424242424242x',
    '４２４２４２４２４２４２４２４２',
    '٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢',
    '४२४२४२४२४२४२४२४२',
    '𝟒𝟐𝟒𝟐𝟒𝟐𝟒𝟐𝟒𝟐𝟒𝟐𝟒𝟐𝟒𝟐',
  ])('is told in %j', (text) => {
    expect(looksLikeCardNumber(text)).toBe(true);
  });

  it.each([
    '',
    'pm_1MqLiJLkdIwHu7ixUEgbFdYF',
    'visa ending in 4242',
    '4242424242424241',
    '42424242424',
    '42424242424242424242',
    '018f0c4e-7b1a-7c3d-9e2f-5a6b7c8d9e0f',
    'Konto 12, Filiale 7, seit 2019',
    '😀 ключ 钥匙',
  ])('is not seen in %j', (text) => {
    expect(looksLikeCardNumber(text)).toBe(false);
  });

  test('is told wherever it stands between words', () => {
    const words = fc.stringMatching(/^[a-z ]{0,20}$/);
    fc.assert(
      fc.property(words, fc.constantFrom(...numbers), words, (before, number, after) =>
        looksLikeCardNumber(`${before}${number}${after}`),
      ),
    );
  });

  test('is looked for in every text of an input, and in a key as a whole', () => {
    const number = '4242-4242-4242-4242';
    expect(
      cardNumberFields({ token: number, label: `mine ${number}`, brand: 'visa', expiryYear: 2030 }),
    ).toEqual(['token', 'label']);
    expect(cardNumberFields({ idempotencyKey: number })).toEqual(['idempotencyKey']);
    expect(cardNumberFields({ idempotencyKey: `a${number}` })).toEqual([]);
  });

  test('is no UUID that a provider gave as its token, unless it is of digits alone', () => {
    const token = 'a4242426-4242-4242-8042-00000000000b';
    expect(looksLikeCardNumber(token)).toBe(true);
    expect(cardNumberFields({ token })).toEqual([]);
    expect(cardNumberFields({ label: token })).toEqual(['label']);
    expect(cardNumberFields({ token: '42424242-4242-4242-8000-000000000000' })).toEqual(['token']);
    expect(cardNumberFields({ token: `${token} 4242 4242 4242 4242` })).toEqual(['token']);
  });
});

test('a card is good until its month is over everywhere on earth', () => {
  const card = { expiryMonth: 2, expiryYear: 2028 };
  expect(hasExpired(card, new Date('2028-02-29T23:59:59Z'))).toBe(false);
  expect(hasExpired(card, new Date('2028-03-01T11:59:59Z'))).toBe(false);
  expect(hasExpired(card, new Date('2028-03-01T12:00:00Z'))).toBe(true);
  expect(hasExpired({ expiryMonth: 12, expiryYear: 2027 }, new Date('2027-12-31T00:00:00Z'))).toBe(false);
  expect(hasExpired({ expiryMonth: null, expiryYear: null }, new Date())).toBe(false);
});
