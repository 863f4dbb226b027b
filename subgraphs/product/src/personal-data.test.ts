import { key } from '@storegraph/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Catalogue, merchandiser, openCatalogue } from './product-fixture.ts';

let catalogue: Catalogue;
beforeAll(async () => {
  catalogue = await openCatalogue();
});
afterAll(() => catalogue.stop());

const read = '{ personalData(ownerId: "somebody") { items content } }';
const erase = `mutation ($input: PersonalDataEraseInput!) {
  personalDataErase(input: $input) { ... on PersonalDataErased { items kept { what } } } }`;
const variables = { input: { idempotencyKey: key(), ownerId: 'somebody' } };

test('the catalogue holds nothing of any person, and says so to services of the shop alone', async () => {
  const account = { kind: 'service', id: 'account', scopes: new Set<string>() } as const;
  expect((await catalogue.execute(read, {}, account)).data).toEqual({
    personalData: { items: 0, content: '{}' },
  });
  expect((await catalogue.execute(erase, variables, account)).data).toEqual({
    personalDataErase: { items: 0, kept: [] },
  });
  for (const operation of [read, erase]) {
    const { errors } = await catalogue.execute(operation, variables, merchandiser);
    expect(errors?.[0].extensions.code).toBe('FORBIDDEN');
  }
});
