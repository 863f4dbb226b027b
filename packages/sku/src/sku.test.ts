import fc from 'fast-check';
import { expect, test } from 'vitest';
import { skuKeyOf } from './index.ts';

test.each([
  ['AB-1', 'ab-1'],
  ['AB-é', 'ab-É'],
  ['ＡＢ－１', 'ab-1'],
])('%s means %s', (one, other) => {
  expect(skuKeyOf(one)).toBe(skuKeyOf(other));
});

test.each([
  ['AB-1', 'AB-2'],
  ['AB-1', 'AB1'],
  ['AB-e', 'AB-é'],
])('%s does not mean %s', (one, other) => {
  expect(skuKeyOf(one)).not.toBe(skuKeyOf(other));
});

test('an SKU has the same key in every way its letters can be composed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (sku) => {
      for (const form of ['NFC', 'NFD', 'NFKC'] as const)
        expect(skuKeyOf(sku.normalize(form))).toBe(skuKeyOf(sku));
    }),
  );
});
