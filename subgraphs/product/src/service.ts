import type { Database } from '@storegraph/postgres';
import { createCategories } from './category-service.ts';
import { createChange } from './change-service.ts';
import { createContents } from './content-service.ts';
import { createProducts } from './product-service.ts';
import { createTypes } from './type-service.ts';
import { createVariants } from './variant-service.ts';

/** Everything that changes the catalogue. */
export const createCatalogue = ({ db }: { readonly db: Database }) => {
  const change = createChange(db);
  return {
    products: createProducts(change),
    contents: createContents(change),
    variants: createVariants(change),
    categories: createCategories(change),
    types: createTypes(change),
  };
};

export type Catalogue = ReturnType<typeof createCatalogue>;
