import type { Database, Transaction } from '@storegraph/postgres';
import type { z } from 'zod';
import { saveCategoryTax } from './category-repository.ts';
import { createChange, type Ending, ended } from './promotion-change-service.ts';
import { type CategoryNotFound, categoryNotFound } from './refusal-domain.ts';
import * as inputs from './tax-inputs.ts';

type CategoryTaxSet = {
  readonly __typename: 'CategoryTaxSet';
  readonly categoryId: string;
  readonly taxCategory: string | null;
};

/** What prices know of the catalogue's categories beside where they stand. */
export const createCategories = ({ db }: { readonly db: Database }) => ({
  setTax: createChange(db)('categoryTaxSet', inputs.categoryTaxSet, setTax),
});

const setTax = async (
  tx: Transaction,
  { categoryId, taxCategory }: z.output<typeof inputs.categoryTaxSet>,
): Promise<Ending<CategoryTaxSet | CategoryNotFound>> => {
  const isThere = await saveCategoryTax(tx, { categoryId, taxCategory });
  return ended(
    isThere ? { __typename: 'CategoryTaxSet', categoryId, taxCategory } : categoryNotFound(categoryId),
  );
};
