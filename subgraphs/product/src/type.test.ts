import { anonymous } from '@storegraph/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  type Catalogue,
  invariantsBroken,
  makeProduct,
  makePublished,
  openCatalogue,
  word,
} from './product-fixture.ts';

let catalogue: Catalogue;
beforeAll(async () => {
  catalogue = await openCatalogue();
});
afterAll(() => catalogue.stop());

const save = (code: string, attributes: object[], rest: object = {}): Promise<Answer> =>
  catalogue.change('productTypeSave', { code, name: 'A type', attributes, ...rest });
const newCode = () => word('type').replace('-', '');
const colour = {
  code: 'colour',
  name: 'Colour',
  kind: 'CHOICE',
  choices: ['red', 'blue'],
  isFilterable: true,
};
const height = { code: 'height', name: 'Height', kind: 'INTEGER', min: 0, max: 10 };

describe('productTypeSave', () => {
  test('defines a type with its attributes in order, and the same code changes the same type', async () => {
    const code = newCode();
    let first: Answer;
    const facts = await catalogue.factsOf(async () => {
      first = await save(code, [height, colour]);
    });
    expect(facts).toEqual([
      { type: 'product.type_saved', aggregateId: first.productType.id, data: { typeCode: code } },
    ]);
    const second = await save(code, [colour], { name: 'Another' });
    expect(second.productType.id).toBe(first.productType.id);
    const { productTypes } = await catalogue.ask(
      '{ productTypes { code name attributes { code name kind isRequired isFilterable choices min max } } }',
      {},
      anonymous,
    );
    expect(productTypes.find((type: Answer) => type.code === code)).toEqual({
      code,
      name: 'Another',
      attributes: [{ ...colour, isRequired: false, min: null, max: null }],
    });
  });
  test.each([
    ['a code with a space', [{ ...height, code: 'a b' }]],
    ['a code twice', [height, { ...height, name: 'Again' }]],
    ['a choice without choices', [{ ...colour, choices: [] }]],
    ['bounds the wrong way round', [{ ...height, min: 3, max: 2 }]],
    ['NUL in a name', [{ ...height, name: 'a\u0000' }]],
    ['101 attributes', Array.from({ length: 101 }, (_each, index) => ({ ...height, code: `a${index}` }))],
  ])('refuses %s', async (_case, attributes) => {
    expect(await save(newCode(), attributes)).toMatchObject({ __typename: 'InvalidInput' });
  });
  test('what products hold stays right', async () => {
    const typeCode = newCode();
    await save(typeCode, [colour, height]);
    await makeProduct(catalogue, {
      typeCode,
      attributes: [
        { code: 'colour', value: 'red' },
        { code: 'height', value: 7 },
      ],
    });
    const facts = await catalogue.factsOf(async () => {
      expect(await save(typeCode, [colour, { ...height, kind: 'NUMBER' }])).toMatchObject({
        problems: [{ path: ['attributes', '1', 'kind'] }],
      });
      expect(await save(typeCode, [colour])).toMatchObject({ problems: [{ path: ['attributes'] }] });
      expect(await save(typeCode, [{ ...colour, choices: ['blue'] }, height])).toMatchObject({
        problems: [{ path: ['attributes', '0', 'choices'] }],
      });
      expect(await save(typeCode, [colour, { ...height, max: 6 }])).toMatchObject({
        problems: [{ path: ['attributes', '1', 'max'] }],
      });
    });
    expect(facts).toEqual([]);
    expect(
      await save(typeCode, [
        { ...colour, choices: ['red', 'green'] },
        { ...height, min: 7, max: 7 },
      ]),
    ).toMatchObject({ __typename: 'ProductTypeSaved' });
  });
  test('an attribute nobody uses may change altogether', async () => {
    const typeCode = newCode();
    await save(typeCode, [height]);
    await makeProduct(catalogue, { typeCode });
    expect(await save(typeCode, [{ code: 'height', name: 'Height', kind: 'TEXT' }])).toMatchObject({
      __typename: 'ProductTypeSaved',
    });
  });
  test('a change of the type and of a product at once never leave a value that is wrong', async () => {
    for (let round = 0; round < 5; round += 1) {
      const typeCode = newCode();
      await save(typeCode, [colour]);
      const { id } = await makeProduct(catalogue, { typeCode });
      const [updated, saved] = await Promise.all([
        catalogue.change('productUpdate', { productId: id, attributes: [{ code: 'colour', value: 'red' }] }),
        save(typeCode, [{ ...colour, choices: ['blue'] }]),
      ]);
      const outcomes = [updated.__typename, saved.__typename];
      expect([
        ['ProductUpdated', 'InvalidInput'],
        ['AttributesInvalid', 'ProductTypeSaved'],
      ]).toContainEqual(outcomes);
    }
  });
  test('an attribute that becomes filterable is filterable at once', async () => {
    const typeCode = newCode();
    await save(typeCode, [{ ...colour, isFilterable: false }]);
    const { id } = await makePublished(catalogue, {
      typeCode,
      attributes: [{ code: 'colour', value: 'red' }],
    });
    const query = 'query ($f: ProductFilter) { products(filter: $f) { nodes { id } } }';
    const variables = { f: { typeCode, attributes: [{ code: 'colour', equals: 'red' }] } };
    expect((await catalogue.execute(query, variables)).errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    await save(typeCode, [colour]);
    expect((await catalogue.ask(query, variables, anonymous)).products.nodes).toEqual([{ id }]);
    await save(typeCode, [{ ...colour, isFilterable: false }]);
    expect(await invariantsBroken(catalogue)).toEqual([]);
  });
  test('one code saved many times at once is one type', async () => {
    const code = newCode();
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => save(code, [height])));
    expect(new Set(outcomes.map(({ productType }) => productType.id)).size).toBe(1);
  });
});
