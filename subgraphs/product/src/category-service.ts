import type { Fact } from '@storegraph/events';
import { newId, type Transaction } from '@storegraph/postgres';
import type { z } from 'zod';
import { type Category, maxChildren, pathUnder, placeProblem, plantedFact } from './category-domain.ts';
import * as repository from './category-repository.ts';
import { type Mutations, refused, refusedInput } from './change-service.ts';
import * as inputs from './inputs.ts';
import { relist } from './listing-repository.ts';
import {
  categoryCycle,
  categoryHasChildren,
  categoryNotFound,
  categoryTooDeep,
  slugTaken,
} from './refusal-domain.ts';
import { freeSlug, type Names, slugOf } from './text-domain.ts';
import { moveTo } from './variant-domain.ts';

export type CategoryOutcome = { readonly categoryId: string };

/** The category tree. One change of it at a time; its readers never wait. */
export const createCategories = (change: Mutations) => ({
  create: change('categoryCreate', inputs.categoryCreate, createCategory),
  update: change('categoryUpdate', inputs.categoryUpdate, updateCategory),
  move: change('categoryMove', inputs.categoryMove, moveCategory),
  remove: change('categoryRemove', inputs.categoryRemove, removeCategory),
});

type CategoryFact = Extract<Fact, { type: `product.category_${string}` }>;

const ending = <Name extends string>(__typename: Name, fact: CategoryFact) => ({
  outcome: { __typename, categoryId: fact.data.categoryId },
  facts: [fact],
});

const tooMany = refusedInput([
  { path: ['parentId'], message: `a category has at most ${maxChildren} categories right below it` },
]);

const createCategory = async (tx: Transaction, command: z.output<typeof inputs.categoryCreate>) => {
  await repository.lockTree(tx);
  const { parentId, names } = command;
  const parent = parentId === null ? null : await repository.categoryById(tx, parentId);
  if (parentId !== null && !parent) return refused(categoryNotFound(parentId));
  if (placeProblem(parent, null) !== null) return refused(categoryTooDeep());
  const siblings = await repository.siblingsUnder(tx, parentId);
  if (siblings.length >= maxChildren) return tooMany;
  if (command.slug !== null && (await repository.isCategorySlugTaken(tx, command.slug, null))) {
    return refused(slugTaken(command.slug));
  }
  const slug = command.slug ?? (await newSlug(tx, names));

  const id = newId();
  const path = pathUnder(parent, id);
  await repository.insertCategories(tx, [{ id, parentId, slug, names, path, position: siblings.length }]);
  return ending('CategoryCreated', plantedFact('product.category_created', id, parentId));
};

const newSlug = async (tx: Transaction, names: Names): Promise<string> => {
  const base = slugOf(names.en, 'category');
  return freeSlug(base, await repository.categorySlugsLike(tx, base));
};

const updateCategory = async (tx: Transaction, command: z.output<typeof inputs.categoryUpdate>) => {
  await repository.lockTree(tx);
  const category = await repository.categoryById(tx, command.categoryId);
  if (!category) return refused(categoryNotFound(command.categoryId));
  const slug = command.slug ?? category.slug;
  if (await repository.isCategorySlugTaken(tx, slug, category.id)) return refused(slugTaken(slug));

  await repository.saveCategory(tx, { ...category, slug, names: { ...category.names, ...command.names } });
  if (command.position !== null) {
    const siblings = await repository.siblingsUnder(tx, category.parentId);
    const ids = siblings.map(({ id }) => id);
    await repository.reorderCategories(tx, moveTo(ids, category.id, command.position));
  }
  const { id } = category;
  const data = { categoryId: id };
  return ending('CategoryUpdated', { type: 'product.category_updated', aggregateId: id, data });
};

const moveCategory = async (tx: Transaction, command: z.output<typeof inputs.categoryMove>) => {
  await repository.lockTree(tx);
  const { categoryId, parentId } = command;
  const category = await repository.categoryById(tx, categoryId);
  if (!category) return refused(categoryNotFound(categoryId));
  const parent = parentId === null ? null : await repository.categoryById(tx, parentId);
  if (parentId !== null && !parent) return refused(categoryNotFound(parentId));
  if (category.parentId === parentId) return refused({ __typename: 'CategoryMoved' as const, categoryId });

  const branch = await repository.lockBranch(tx, categoryId);
  const deepest = Math.max(...branch.map(({ path }) => path.length));
  const problem = placeProblem(parent, { category, deepest });
  if (problem === 'cycle') return refused(categoryCycle(categoryId, parentId ?? categoryId));
  if (problem === 'tooDeep') return refused(categoryTooDeep());
  const siblings = await repository.siblingsUnder(tx, parentId);
  if (siblings.length >= maxChildren) return tooMany;

  const path = pathUnder(parent, categoryId);
  await repository.moveBranch(tx, category, { parentId, path, position: siblings.length });
  await closeGap(tx, category.parentId);
  await relist(tx, await repository.lockProductsIn(tx, idsOf(branch)));
  return ending('CategoryMoved', plantedFact('product.category_moved', categoryId, parentId));
};

const idsOf = (categories: readonly Category[]) => categories.map(({ id }) => id);

/** Siblings are numbered without gaps, so that a place means the same whatever was there before. */
const closeGap = async (tx: Transaction, parentId: string | null): Promise<void> => {
  await repository.reorderCategories(tx, idsOf(await repository.siblingsUnder(tx, parentId)));
};

const removeCategory = async (tx: Transaction, { categoryId }: z.output<typeof inputs.categoryRemove>) => {
  await repository.lockTree(tx);
  const category = await repository.categoryById(tx, categoryId);
  if (!category) return refused(categoryNotFound(categoryId));
  const branch = await repository.lockBranch(tx, categoryId);
  if (branch.length > 1) return refused(categoryHasChildren(categoryId));

  const productIds = await repository.lockProductsIn(tx, [categoryId]);
  await repository.deleteCategory(tx, categoryId);
  await closeGap(tx, category.parentId);
  await relist(tx, productIds);
  const fact = { type: 'product.category_removed' as const, aggregateId: categoryId, data: { categoryId } };
  return ending('CategoryRemoved', fact);
};
