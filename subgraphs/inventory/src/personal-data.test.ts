import { key } from '@storegraph/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keeper, openInventory, type TestInventory } from './inventory-fixture.ts';

let inventory: TestInventory;
beforeAll(async () => {
  inventory = await openInventory();
});
afterAll(() => inventory.stop());

const read = '{ personalData(ownerId: "somebody") { items content } }';
const erase = `mutation ($input: PersonalDataEraseInput!) {
  personalDataErase(input: $input) { ... on PersonalDataErased { items kept { what } } } }`;
const variables = { input: { idempotencyKey: key(), ownerId: 'somebody' } };

test('stock holds nothing of any person, and says so to services of the shop alone', async () => {
  const account = { kind: 'service', id: 'account', scopes: new Set<string>() } as const;
  expect((await inventory.execute(read, {}, account)).data).toEqual({
    personalData: { items: 0, content: '{}' },
  });
  expect((await inventory.execute(erase, variables, account)).data).toEqual({
    personalDataErase: { items: 0, kept: [] },
  });
  for (const operation of [read, erase]) {
    const { errors } = await inventory.execute(operation, variables, keeper);
    expect(errors?.[0].extensions.code).toBe('FORBIDDEN');
  }
});
