import { skuKeyOf } from '@storegraph/sku';
import type { Problem } from './type-domain.ts';

/** One thing that can be put in a cart. Its option values stand in the order of the product's option names. */
export type Variant = {
  readonly id: string;
  readonly productId: string;
  readonly sku: string;
  readonly optionValues: readonly string[];
  readonly barcode: string | null;
  readonly weightGrams: number | null;
  readonly position: number;
};

export type VariantDraft = {
  readonly sku: string;
  readonly options: readonly { readonly name: string; readonly value: string }[];
  readonly barcode: string | null;
  readonly weightGrams: number | null;
};

/** A page shows them all, so there is a largest number of them. */
export const maxVariants = 100;

/** The check digit of GS1: weights 3 and 1 from the right, the sum a multiple of ten. */
export const isGtin = (text: string): boolean => {
  if (!/^(?:\d{8}|\d{12,14})$/.test(text)) return false;
  const digits = [...text].map(Number).reverse();
  const sum = digits.reduce((total, digit, index) => total + digit * (index % 2 === 0 ? 1 : 3), 0);
  return sum % 10 === 0;
};

/** One value for each option name, in the product's order, or what is wrong. */
export const optionValuesOf = (
  optionNames: readonly string[],
  options: VariantDraft['options'],
): { readonly values: readonly string[] } | { readonly message: string } => {
  const chosen = new Map(options.map(({ name, value }) => [name, value]));
  if (chosen.size !== options.length) return { message: 'an option is given twice' };
  const unknown = options.find(({ name }) => !optionNames.includes(name));
  if (unknown) return { message: `${unknown.name} is no option of this product` };
  const missing = optionNames.filter((name) => !chosen.has(name));
  if (missing.length > 0) return { message: `needs a value for ${missing.join(', ')}` };
  return { values: optionNames.map((name) => chosen.get(name) ?? '') };
};

const isSameCombination = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index]);

/** The drafts as variants behind those that are there, or every rule they break. */
export const addVariants = (
  product: { readonly id: string; readonly optionNames: readonly string[] },
  existing: readonly Variant[],
  drafts: readonly (VariantDraft & { readonly id: string })[],
): { readonly variants: readonly Variant[] } | { readonly problems: readonly Problem[] } => {
  const variants: Variant[] = [];
  const problems: Problem[] = [];
  if (existing.length + drafts.length > maxVariants) {
    problems.push({ path: [], message: `a product has at most ${maxVariants} variants` });
  }
  for (const [index, draft] of drafts.entries()) {
    const result = optionValuesOf(product.optionNames, draft.options);
    const message =
      'message' in result ? result.message : clash([...existing, ...variants], draft, result.values);
    if (message !== null) problems.push({ path: [String(index)], message });
    else if ('values' in result) {
      const { id, sku, barcode, weightGrams } = draft;
      const position = existing.length + index;
      variants.push({
        id,
        productId: product.id,
        sku,
        optionValues: result.values,
        barcode,
        weightGrams,
        position,
      });
    }
  }
  return problems.length > 0 ? { problems } : { variants };
};

const clash = (others: readonly Variant[], draft: VariantDraft, values: readonly string[]): string | null => {
  if (others.some(({ sku }) => skuKeyOf(sku) === skuKeyOf(draft.sku))) return `${draft.sku} is given twice`;
  if (!others.some(({ optionValues }) => isSameCombination(optionValues, values))) return null;
  return values.length === 0
    ? 'a product without options has one variant'
    : `another variant has ${values.join(', ')}`;
};

/** The ids in their new order, with one of them moved to a place from 0; places behind the end mean the end. */
export const moveTo = (ids: readonly string[], id: string, position: number): string[] => {
  const others = ids.filter((other) => other !== id);
  return [...others.slice(0, position), id, ...others.slice(position)];
};

/** The options with their values in the order in which the variants show them first. */
export const optionsOf = (
  optionNames: readonly string[],
  variants: readonly Pick<Variant, 'optionValues'>[],
): { readonly name: string; readonly values: readonly string[] }[] =>
  optionNames.map((name, index) => ({
    name,
    values: [...new Set(variants.flatMap(({ optionValues }) => optionValues[index] ?? []))],
  }));

/** What a variant is called: the product's name and, behind it, what was chosen. */
export const variantNameOf = (productName: string, optionValues: readonly string[]): string =>
  optionValues.length === 0 ? productName : `${productName}, ${optionValues.join(', ')}`;
