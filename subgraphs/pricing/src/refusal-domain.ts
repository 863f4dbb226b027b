/** Something named by the caller is not there. */
export type NotFound<Name extends string> = {
  readonly __typename: Name;
  readonly message: string;
  readonly code: string;
};

export const listNotFound = (code: string): NotFound<'PriceListNotFound'> => ({
  __typename: 'PriceListNotFound',
  message: `There is no price list ${code}: save it first.`,
  code,
});

export const groupNotFound = (code: string): NotFound<'CustomerGroupNotFound'> => ({
  __typename: 'CustomerGroupNotFound',
  message: `There is no customer group ${code}: save it first.`,
  code,
});

export type VariantNotFound = {
  readonly __typename: 'VariantNotFound';
  readonly message: string;
  readonly variantId: string;
};

export const variantNotFound = (variantId: string): VariantNotFound => ({
  __typename: 'VariantNotFound',
  message: 'There is no such variant, or it was removed.',
  variantId,
});

export type CategoryNotFound = {
  readonly __typename: 'CategoryNotFound';
  readonly message: string;
  readonly categoryId: string;
};

export const categoryNotFound = (categoryId: string): CategoryNotFound => ({
  __typename: 'CategoryNotFound',
  message: 'There is no such category, or it was removed.',
  categoryId,
});

type LineRefusal = { readonly index: number; readonly sku: string; readonly message: string };

export type SkusNotFound = {
  readonly __typename: 'SkusNotFound';
  readonly message: string;
  readonly lines: readonly LineRefusal[];
};

/** More would help nobody. */
const maxShown = 100;

/** The lines whose SKU is of no variant. */
export const skusNotFound = (
  lines: readonly { readonly index: number; readonly sku: string }[],
): SkusNotFound => ({
  __typename: 'SkusNotFound',
  message: `${lines.length} lines name SKUs that are not in the catalogue. Nothing was written.`,
  lines: lines
    .slice(0, maxShown)
    .map((line) => ({ ...line, message: `No variant has the SKU ${line.sku}.` })),
});
