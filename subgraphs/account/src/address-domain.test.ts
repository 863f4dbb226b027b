import { describe, expect, it, test } from 'vitest';
import { addressFormatOf, postalCodeIn } from './address-country-domain.ts';
import {
  type AddressFields,
  checkAddress,
  defaultsAfterAdding,
  defaultsAfterRemoving,
} from './address-domain.ts';

const berlin: AddressFields = {
  ...{ label: null, recipient: 'Ada Lovelace', company: null, lines: ['Unter den Linden 1'], city: 'Berlin' },
  ...{ subdivision: null, postalCode: '10117', country: 'DE', phone: null },
};

describe('a postal code', () => {
  it.each([
    ['DE', '10117', '10117'],
    ['DE', ' 10 117 ', '10117'],
    ['GB', 'sw1a1aa', 'SW1A 1AA'],
    ['GB', 'M1 1AE', 'M1 1AE'],
    ['CA', 'k1a0b1', 'K1A 0B1'],
    ['NL', '1012js', '1012 JS'],
    ['US', '94105', '94105'],
    ['US', '941051234', '94105-1234'],
    ['BR', '01310100', '01310-100'],
    ['PL', '00 950', '00-950'],
    ['LV', '1010', 'LV-1010'],
    ['LV', 'lv-1010', 'LV-1010'],
    ['IE', 'd02af30', 'D02 AF30'],
    ['JP', '1000001', '100-0001'],
    ['JP', '１００－０００１', '100-0001'],
    ['GG', 'GY11AA', 'GY1 1AA'],
    ['HK', 'any 1', 'ANY 1'],
  ])('of %s may come as %j and is kept as %j', (country, given, kept) => {
    expect(postalCodeIn(country, given)).toBe(kept);
  });

  it.each([
    ['DE', '1011'],
    ['DE', '101177'],
    ['DE', '1011O'],
    ['GB', '12345'],
    ['CA', 'KKK 111'],
    ['US', '9410'],
    ['US', ''],
    ['HK', "'; drop"],
    ['DE', '١٠١١٧'],
  ])('of %s is never %j', (country, given) => {
    expect(postalCodeIn(country, given)).toBeNull();
  });
});

describe('a country', () => {
  test('tells what its addresses need', () => {
    expect(addressFormatOf('DE')).toEqual({
      ...{ country: 'DE', postalCodeForms: ['#####'], isPostalCodeRequired: true, subdivisions: [] },
    });
    expect(addressFormatOf('US')).toMatchObject({ isPostalCodeRequired: true });
    expect(addressFormatOf('US').subdivisions).toContain('CA');
    expect(addressFormatOf('HK')).toMatchObject({ postalCodeForms: [], isPostalCodeRequired: false });
    expect(addressFormatOf('IE')).toMatchObject({ isPostalCodeRequired: false });
  });

  test.each([
    ['AE', 7],
    ['AU', 8],
    ['BR', 27],
    ['CA', 13],
    ['CN', 34],
    ['IN', 36],
    ['IT', 107],
    ['JP', 47],
    ['MX', 32],
    ['US', 60],
  ])('%s has so many subdivisions, each once', (country, count) => {
    const { subdivisions } = addressFormatOf(country);
    expect(new Set(subdivisions).size).toBe(subdivisions.length);
    expect(subdivisions).toHaveLength(count);
  });
});

describe('an address', () => {
  const problemsOf = (fields: Partial<AddressFields>) => {
    const checked = checkAddress({ ...berlin, ...fields });
    return 'problems' in checked ? checked.problems.map(({ path }) => path.join('.')) : [];
  };

  test('is kept as its country writes it', () => {
    const given = { ...berlin, country: 'US', postalCode: '94105 1234', subdivision: 'us-ca' };
    expect(checkAddress(given)).toEqual({
      address: { ...given, postalCode: '94105-1234', subdivision: 'CA' },
    });
  });
  test('needs a postal code where letters need one', () => {
    expect(problemsOf({ postalCode: null })).toEqual(['postalCode']);
    expect(problemsOf({ country: 'HK', postalCode: null })).toEqual([]);
    expect(problemsOf({ country: 'IE', postalCode: null })).toEqual([]);
  });
  test('needs a subdivision that there is where the country has them', () => {
    const american = { country: 'US', postalCode: '94105' };
    expect(problemsOf(american)).toEqual(['subdivision']);
    expect(problemsOf({ ...american, subdivision: 'California' })).toEqual(['subdivision']);
    expect(problemsOf({ ...american, subdivision: 'CA' })).toEqual([]);
    expect(problemsOf({ subdivision: 'Land Berlin' })).toEqual([]);
  });
  test('tells all that is wrong at once', () => {
    expect(problemsOf({ country: 'CA', postalCode: '10117', subdivision: 'XX' })).toEqual([
      'postalCode',
      'subdivision',
    ]);
  });
});

describe('defaults', () => {
  const none = { SHIPPING: null, BILLING: null };
  test('fall to the first address, and then to what is asked for', () => {
    const first = defaultsAfterAdding(none, { id: 'a', uses: [] });
    expect(first).toEqual({ SHIPPING: 'a', BILLING: 'a' });
    expect(defaultsAfterAdding(first, { id: 'b', uses: [] })).toEqual(first);
    expect(defaultsAfterAdding(first, { id: 'b', uses: ['BILLING'] })).toEqual({
      SHIPPING: 'a',
      BILLING: 'b',
    });
  });
  test('of a removed address pass to the oldest that stays', () => {
    const defaults = { SHIPPING: 'b', BILLING: 'c' };
    const staying = ['a', 'c'];
    expect(defaultsAfterRemoving(defaults, { id: 'b', staying })).toEqual({ SHIPPING: 'a', BILLING: 'c' });
    expect(defaultsAfterRemoving({ SHIPPING: 'b', BILLING: 'b' }, { id: 'b', staying: [] })).toEqual(none);
  });
});
