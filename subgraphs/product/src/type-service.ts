import { newId, type Transaction } from '@storegraph/postgres';
import type { z } from 'zod';
import { type Mutations, refusedInput } from './change-service.ts';
import * as inputs from './inputs.ts';
import { relist } from './listing-repository.ts';
import { changeProblems, definitionProblems, filtersDiffer, type ProductType } from './type-domain.ts';
import { attributeUses, insertTypes, lockProductsOfType, lockType, saveType } from './type-repository.ts';

export type TypeOutcome = { readonly typeId: string };

/** Product types and what their attributes may hold. */
export const createTypes = (change: Mutations) => ({
  save: change('productTypeSave', inputs.productTypeSave, saveProductType),
});

const saveProductType = async (tx: Transaction, command: z.output<typeof inputs.productTypeSave>) => {
  const { code, name, attributes } = command;
  const problems = definitionProblems(attributes);
  if (problems.length > 0) return refusedInput(problems);
  const before = await lockType(tx, code);
  const type: ProductType = { id: before?.id ?? newId(), code, name, attributes };
  if (!before) {
    await insertTypes(tx, [type]);
    return saved(type);
  }
  const broken = changeProblems(before, attributes, await attributeUses(tx, before.id));
  if (broken.length > 0) return refusedInput(broken);
  await saveType(tx, type);
  if (filtersDiffer(before.attributes, attributes)) await relist(tx, await lockProductsOfType(tx, type.id));
  return saved(type);
};

const saved = (type: ProductType) => ({
  outcome: { __typename: 'ProductTypeSaved' as const, typeId: type.id },
  facts: [{ type: 'product.type_saved' as const, aggregateId: type.id, data: { typeCode: type.code } }],
});
