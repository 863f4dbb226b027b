import type { AttributeProblem } from './attribute-domain.ts';
import { maxDepth } from './category-domain.ts';

/** What can be refused, each with its data and a sentence for a person; see schema/product.graphql. */

export const productNotFound = (productId: string) => ({
  __typename: 'ProductNotFound' as const,
  message: `There is no product ${productId}.`,
  productId,
});

export const variantNotFound = (variantId: string) => ({
  __typename: 'VariantNotFound' as const,
  message: `There is no variant ${variantId}.`,
  variantId,
});

export const categoryNotFound = (categoryId: string) => ({
  __typename: 'CategoryNotFound' as const,
  message: `There is no category ${categoryId}.`,
  categoryId,
});

export const productTypeNotFound = (typeCode: string) => ({
  __typename: 'ProductTypeNotFound' as const,
  message: `There is no product type ${typeCode}: save it with productTypeSave first.`,
  typeCode,
});

export const productArchivedAlready = (productId: string) => ({
  __typename: 'ProductArchivedAlready' as const,
  message: 'The product is archived, which is final: create a new one.',
  productId,
});

export const productIncomplete = (missing: readonly string[]) => ({
  __typename: 'ProductIncomplete' as const,
  message: `The product cannot be published yet: it lacks ${missing.join(', ')}.`,
  missing,
});

export const versionConflict = (expected: number, actual: number) => ({
  __typename: 'VersionConflict' as const,
  message: `The product changed since you read it: it is at version ${actual}. Read it again and decide anew.`,
  expected,
  actual,
});

export const slugTaken = (slug: string) => ({
  __typename: 'SlugTaken' as const,
  message: `The slug ${slug} leads to something else: choose another.`,
  slug,
});

export const skuTaken = (sku: string) => ({
  __typename: 'SkuTaken' as const,
  message: `Another variant has the SKU ${sku}; upper and lower case make no difference.`,
  sku,
});

export const attributesInvalid = (problems: readonly AttributeProblem[]) => ({
  __typename: 'AttributesInvalid' as const,
  message: problems.map(({ code, message }) => `${code} ${message}.`).join(' '),
  problems,
});

export const categoryCycle = (categoryId: string, parentId: string) => ({
  __typename: 'CategoryCycle' as const,
  message: 'A category cannot stand below itself.',
  categoryId,
  parentId,
});

export const categoryTooDeep = () => ({
  __typename: 'CategoryTooDeep' as const,
  message: `The tree has at most ${maxDepth} levels.`,
  maxDepth,
});

export const categoryHasChildren = (categoryId: string) => ({
  __typename: 'CategoryHasChildren' as const,
  message: 'The category has categories below it: move or remove them first.',
  categoryId,
});
