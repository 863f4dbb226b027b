import { describe, expect, test } from 'vitest';
import {
  freeSlug,
  isSlug,
  localeChain,
  localesOf,
  nameKeyOf,
  nearest,
  nearestIn,
  seoIn,
  slugOf,
  type Texts,
} from './text-domain.ts';

const text = (name: string, rest: Partial<Texts['en']> = {}) => ({
  name,
  description: null,
  seoTitle: null,
  seoDescription: null,
  ...rest,
});

describe('languages fall back', () => {
  const texts: Texts = {
    en: text('Boot', { description: 'Warm.', seoTitle: 'Boots', seoDescription: 'Buy boots' }),
    de: text('Stiefel'),
    'de-AT': text('Stiefi', { description: 'Woam.' }),
  };
  test.each([
    ['de-AT', ['de-AT', 'de', 'en']],
    ['de-Latn-AT', ['de-Latn-AT', 'de-Latn', 'de', 'en']],
    ['en-GB', ['en-GB', 'en']],
    ['en', ['en']],
  ])('%s', (locale, chain) => expect(localeChain(locale)).toEqual(chain));

  test('to the nearest name', () => {
    expect(nearestIn(texts, 'de-AT').name).toBe('Stiefi');
    expect(nearestIn(texts, 'de-CH').name).toBe('Stiefel');
    expect(nearestIn(texts, 'fr').name).toBe('Boot');
  });
  test('to the nearest description, past a text that has none', () => {
    expect(nearest(texts, 'de', ({ description }) => description)).toBe('Warm.');
    expect(nearest(texts, 'de-AT', ({ description }) => description)).toBe('Woam.');
  });
  test('a title for search engines is the name of the same language first', () => {
    expect(seoIn(texts, 'de')).toEqual({ title: 'Stiefel', description: 'Buy boots' });
    expect(seoIn(texts, 'en')).toEqual({ title: 'Boots', description: 'Buy boots' });
  });
  test('a name of an object is no language', () => {
    expect(nearestIn(texts, 'constructor').name).toBe('Boot');
  });
  test('English comes first', () => expect(localesOf(texts)).toEqual(['en', 'de', 'de-AT']));
});

describe('slugs', () => {
  test.each([
    ['Hiking Boot', 'hiking-boot'],
    ['  Crème  Brûlée — Größe 42! ', 'creme-brulee-grosse-42'],
    ['Smørrebrød & Łódź', 'smorrebrod-lodz'],
    ['🥾', 'product'],
    ['登山靴', 'product'],
    ['x'.repeat(200), 'x'.repeat(90)],
  ])('%s', (name, slug) => expect(slugOf(name, 'product')).toBe(slug));

  test.each(['boot', 'a-1', '42'])('%s is one', (slug) => expect(isSlug(slug)).toBe(true));
  test.each(['', '-a', 'a-', 'a--b', 'Boot', 'größe', 'a b', 'a\u0000', 'a'.repeat(101)])(
    '%j is none',
    (slug) => expect(isSlug(slug)).toBe(false),
  );
  test('taken ones get the first free number', () => {
    expect(freeSlug('boot', new Set())).toBe('boot');
    expect(freeSlug('boot', new Set(['boot', 'boot-2', 'boot-4']))).toBe('boot-3');
  });
});

test('names sort without regard to case and accents', () => {
  expect(nameKeyOf({ en: text('Äpfel ßO') })).toBe('apfel sso');
});
