import { describe, expect, test } from 'vitest';
import type { AttributeDefinition } from './attribute-domain.ts';
import {
  archive,
  createdFacts,
  edit,
  editRefusal,
  isAvailableIn,
  missingToPublish,
  type Product,
  publish,
  unpublish,
  versionRefusal,
  writeTexts,
} from './domain.ts';
import { addVariants, isGtin, moveTo, optionsOf, type Variant, variantNameOf } from './variant-domain.ts';

const now = new Date('2026-05-01T12:00:00Z');
const earlier = new Date('2026-04-01T12:00:00Z');
const later = new Date('2026-06-01T12:00:00Z');

const colour: AttributeDefinition = {
  code: 'colour',
  name: 'Colour',
  kind: 'CHOICE',
  isRequired: true,
  isFilterable: true,
  choices: ['red', 'blue'],
  min: null,
  max: null,
};

const draft: Product = {
  id: '018f0000-0000-7000-8000-000000000001',
  typeId: '018f0000-0000-7000-8000-000000000002',
  slug: 'boot',
  status: 'DRAFT',
  publishedAt: null,
  texts: { en: { name: 'Boot', description: null, seoTitle: null, seoDescription: null } },
  nameKey: 'boot',
  attributes: { colour: 'red' },
  optionNames: ['size'],
  media: [],
  regions: null,
  version: 3,
};
const onSale: Product = { ...draft, status: 'PUBLISHED', publishedAt: earlier };
const archived: Product = { ...onSale, status: 'ARCHIVED' };
const edits = { slug: null, attributes: [], regions: null };

const typesOf = (facts: readonly { type: string }[]) => facts.map(({ type }) => type);

describe('publishing', () => {
  test('a draft goes on sale now, by the time handed in', () => {
    const result = publish(draft, { publishAt: null, now, missing: [] });
    expect(result).toMatchObject({ product: { status: 'PUBLISHED', publishedAt: now, version: 4 } });
    expect(result).toMatchObject({
      facts: [{ type: 'product.published', data: { version: 4, publishedAt: now.toISOString() } }],
    });
  });
  test('a date to come is kept', () => {
    expect(publish(draft, { publishAt: later, now, missing: [] })).toMatchObject({
      product: { publishedAt: later },
    });
  });
  test('a product on sale stays on sale since when it was, and nothing is told', () => {
    expect(publish(onSale, { publishAt: null, now, missing: [] })).toEqual({ product: onSale, facts: [] });
  });
  test('a product that waits for its date goes on sale at once when asked without one', () => {
    const waiting = { ...onSale, publishedAt: later };
    expect(publish(waiting, { publishAt: null, now, missing: [] })).toMatchObject({
      product: { publishedAt: now },
    });
  });
  test('what is missing is named', () => {
    const missing = missingToPublish({ ...draft, attributes: {} }, { variants: 0, definitions: [colour] });
    expect(missing).toEqual(['variants', 'attributes.colour']);
    expect(publish(draft, { publishAt: null, now, missing })).toMatchObject({
      __typename: 'ProductIncomplete',
      missing,
    });
  });
});

describe('draft, published, archived', () => {
  test('back to draft takes the date away, and a draft stays as it is', () => {
    expect(unpublish(onSale)).toMatchObject({ product: { status: 'DRAFT', publishedAt: null, version: 4 } });
    expect(unpublish(draft)).toEqual({ product: draft, facts: [] });
  });
  test('archiving keeps everything, once', () => {
    expect(archive(onSale)).toMatchObject({ product: { ...onSale, status: 'ARCHIVED', version: 4 } });
    expect(archive(archived)).toEqual({ product: archived, facts: [] });
  });
  test('what is archived is not changed, and an expected version must be there', () => {
    expect(editRefusal(archived)).toMatchObject({ __typename: 'ProductArchivedAlready' });
    expect(versionRefusal(draft, 2)).toMatchObject({ __typename: 'VersionConflict', expected: 2, actual: 3 });
    expect(versionRefusal(draft, 3)).toBeNull();
    expect(versionRefusal(draft, null)).toBeNull();
  });
});

describe('editing', () => {
  test('an edit that changes nothing tells nothing', () => {
    const same = {
      slug: 'boot',
      attributes: [{ code: 'colour', value: 'red' }],
      regions: 'everywhere' as const,
    };
    expect(edit(draft, [colour], same)).toEqual({ product: draft, facts: [] });
  });
  test('says which parts changed, in one version', () => {
    const wanted = {
      slug: 'boots',
      attributes: [{ code: 'colour', value: 'blue' }],
      regions: ['DE', 'AT', 'DE'],
    };
    expect(edit(draft, [colour], wanted)).toMatchObject({
      product: { slug: 'boots', attributes: { colour: 'blue' }, regions: ['AT', 'DE'], version: 4 },
      facts: [{ type: 'product.updated', data: { version: 4, changed: ['slug', 'attributes', 'regions'] } }],
    });
  });
  test('a required attribute leaves a draft but not a product on sale', () => {
    const wanted = { ...edits, attributes: [{ code: 'colour', value: null }] };
    expect(edit(draft, [colour], wanted)).toMatchObject({ product: { attributes: {} } });
    expect(edit(onSale, [colour], wanted)).toMatchObject({
      __typename: 'AttributesInvalid',
      problems: [{ code: 'colour' }],
    });
  });
  test('an English name brings its sort key along', () => {
    const text = { name: 'Élan', description: null, seoTitle: null, seoDescription: null };
    expect(writeTexts(draft, 'en', text).product).toMatchObject({ nameKey: 'elan' });
    expect(writeTexts(draft, 'de', text).product).toMatchObject({
      nameKey: 'boot',
      texts: { de: { name: 'Élan' } },
    });
  });
  test('regions say where; none means everywhere', () => {
    expect(isAvailableIn({ regions: null }, 'DE')).toBe(true);
    expect(isAvailableIn({ regions: ['AT'] }, 'DE')).toBe(false);
    const inCalifornia = (...regions: string[]) => isAvailableIn({ regions }, 'US-CA');
    expect([inCalifornia('US'), inCalifornia('US-CA'), inCalifornia('US-NY', 'CA')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(isAvailableIn({ regions: ['US-CA'] }, 'US')).toBe(false);
  });
});

const variant = (sku: string, ...optionValues: string[]): Variant => ({
  id: sku,
  productId: draft.id,
  sku,
  optionValues,
  barcode: null,
  weightGrams: null,
  position: 0,
});
const newVariant = (sku: string, size?: string) => ({
  id: sku,
  sku,
  options: size === undefined ? [] : [{ name: 'size', value: size }],
  barcode: null,
  weightGrams: null,
});

describe('variants', () => {
  test('each gives one value for each option, behind those that are there', () => {
    expect(
      addVariants(draft, [variant('a', '40')], [newVariant('b', '41'), newVariant('c', '42')]),
    ).toMatchObject({
      variants: [
        { optionValues: ['41'], position: 1 },
        { optionValues: ['42'], position: 2 },
      ],
    });
  });
  test.each([
    ['no value', [newVariant('b')], 'needs a value for size'],
    [
      'another option',
      [{ ...newVariant('b', '41'), options: [{ name: 'width', value: 'w' }] }],
      'width is no option of this product',
    ],
    [
      'an option twice',
      [
        {
          ...newVariant('b'),
          options: [
            { name: 'size', value: '1' },
            { name: 'size', value: '2' },
          ],
        },
      ],
      'an option is given twice',
    ],
    ['a combination that is there', [newVariant('b', '40')], 'another variant has 40'],
    ['a combination twice', [newVariant('b', '41'), newVariant('c', '41')], 'another variant has 41'],
    ['a SKU twice but for case', [newVariant('b', '41'), newVariant('B', '42')], 'B is given twice'],
  ])('refuses %s', (_case, drafts, message) => {
    expect(addVariants(draft, [variant('a', '40')], drafts)).toMatchObject({ problems: [{ message }] });
  });
  test('a product without options has one variant', () => {
    const plain = { ...draft, optionNames: [] };
    expect(addVariants(plain, [], [newVariant('a')])).toMatchObject({ variants: [{ optionValues: [] }] });
    expect(addVariants(plain, [], [newVariant('a'), newVariant('b')])).toMatchObject({
      problems: [{ path: ['1'] }],
    });
  });
  test('there are a hundred at most', () => {
    const drafts = Array.from({ length: 101 }, (_each, index) => newVariant(`s${index}`, String(index)));
    expect(addVariants(draft, [], drafts)).toMatchObject({ problems: [{ path: [] }] });
  });
  test.each(['96385074', '036000291452', '4006381333931', '10012345000017'])('%s is a GTIN', (text) => {
    expect(isGtin(text)).toBe(true);
  });
  test.each([
    '96385075',
    '4006381333932',
    '400638133393',
    '',
    '4006381333931 ',
    '４００６３８１３３３９３１',
  ])('%s is none', (text) => {
    expect(isGtin(text)).toBe(false);
  });
  test('moves to a place, and behind the end means the end', () => {
    expect(moveTo(['a', 'b', 'c'], 'c', 0)).toEqual(['c', 'a', 'b']);
    expect(moveTo(['a', 'b', 'c'], 'a', 99)).toEqual(['b', 'c', 'a']);
  });
  test('options list their values in the order of the variants', () => {
    const shown = optionsOf(
      ['colour', 'size'],
      [variant('a', 'red', '42'), variant('b', 'blue', '41'), variant('c', 'red', '41')],
    );
    expect(shown).toEqual([
      { name: 'colour', values: ['red', 'blue'] },
      { name: 'size', values: ['42', '41'] },
    ]);
  });
  test('are named after the product and what was chosen', () => {
    expect(variantNameOf('Boot', ['red', '42'])).toBe('Boot, red, 42');
    expect(variantNameOf('Voucher', [])).toBe('Voucher');
  });
  test('a new product is told before its variants', () => {
    expect(
      typesOf(createdFacts({ product: draft, variants: [variant('a', '40')], categoryIds: [] })),
    ).toEqual(['product.created', 'product.variant_created']);
  });
});
