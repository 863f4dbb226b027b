import type { Fact } from '@storegraph/events';
import type { Names } from './text-domain.ts';

/** A node of the category tree with its path from the root, itself included. */
export type Category = {
  readonly id: string;
  readonly parentId: string | null;
  readonly slug: string;
  readonly names: Names;
  readonly path: readonly string[];
  readonly position: number;
};

/** Shoppers lose their way in deeper trees, and every product is listed once for each level above it. */
export const maxDepth = 4;
/** A menu of more is none; it also bounds `children`. */
export const maxChildren = 500;

export const depthOf = ({ path }: Pick<Category, 'path'>): number => path.length;

/** The path of a category that is to stand under a parent. */
export const pathUnder = (parent: Category | null, id: string): readonly string[] => [
  ...(parent?.path ?? []),
  id,
];

/** What forbids a category, with everything below it, to stand under a parent; null when nothing does. */
export const placeProblem = (
  parent: Category | null,
  moved: { readonly category: Category; readonly deepest: number } | null,
): 'cycle' | 'tooDeep' | null => {
  if (moved && parent?.path.includes(moved.category.id)) return 'cycle';
  const levels = moved ? moved.deepest - depthOf(moved.category) + 1 : 1;
  return (parent ? depthOf(parent) : 0) + levels > maxDepth ? 'tooDeep' : null;
};

/** What is told of a category that stands where it did not stand before. */
export const plantedFact = <Type extends 'product.category_created' | 'product.category_moved'>(
  type: Type,
  categoryId: string,
  parentId: string | null,
) => ({ type, aggregateId: categoryId, data: { categoryId, parentId } }) satisfies Fact;

/** The tree's order: each category before what is below it, siblings by position. */
export const inTreeOrder = (categories: readonly Category[]): Category[] => {
  const byParent = new Map<string | null, Category[]>();
  const ids = new Set(categories.map(({ id }) => id));
  for (const category of categories) {
    const parent = category.parentId !== null && ids.has(category.parentId) ? category.parentId : null;
    const siblings = byParent.get(parent) ?? [];
    siblings.push(category);
    byParent.set(parent, siblings);
  }
  const below = (parent: string | null): Category[] =>
    (byParent.get(parent) ?? [])
      .sort((a, b) => a.position - b.position)
      .flatMap((category) => [category, ...below(category.id)]);
  return below(null);
};
