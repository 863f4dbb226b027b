import { newId } from '@storegraph/postgres';
import { replaceProductCategories } from './category-repository.ts';
import {
  holdProduct,
  type Mutations,
  ofProduct,
  refused,
  refusedInput,
  saveChange,
} from './change-service.ts';
import { changeParts, placedIn, writeTexts } from './domain.ts';
import * as inputs from './inputs.ts';
import { missingCategory } from './product-service.ts';
import { categoryNotFound } from './refusal-domain.ts';
import { existingProductIds, replaceRelations } from './repository.ts';

/** What a product says and shows, and where it stands. */
export const createContents = (change: Mutations) => ({
  saveTranslation: change('productTranslationSave', inputs.productTranslationSave, async (tx, command) => {
    const held = await holdProduct(tx, command.productId);
    if ('refusal' in held) return refused(held.refusal);
    const { locale, ...text } = command.texts;
    const result = writeTexts(held.product, locale, text);
    await saveChange(tx, result);
    return ofProduct('ProductUpdated', result);
  }),

  replaceMedia: change('productMediaReplace', inputs.productMediaReplace, async (tx, command) => {
    const held = await holdProduct(tx, command.productId);
    if ('refusal' in held) return refused(held.refusal);
    // What is shown from the same place is the same picture: it keeps its id.
    const known = new Map(held.product.media.map(({ url, id }) => [url, id]));
    const media = command.media.map((each) => ({ ...each, id: takeId(known, each.url) }));
    const result = changeParts(held.product, ['media'], { media });
    await saveChange(tx, result);
    return ofProduct('ProductUpdated', result);
  }),

  replaceRelations: change('productRelationsReplace', inputs.productRelationsReplace, async (tx, command) => {
    const { productId, kind, targets } = command;
    const held = await holdProduct(tx, productId);
    if ('refusal' in held) return refused(held.refusal);
    const existing = await existingProductIds(
      tx,
      targets.map((target) => target.productId),
    );
    const problems = targets.flatMap((target, index) => {
      const path = ['targets', String(index), 'productId'];
      if (target.productId === productId) return [{ path, message: 'a product does not point to itself' }];
      return existing.has(target.productId)
        ? []
        : [{ path, message: `there is no product ${target.productId}` }];
    });
    if (problems.length > 0) return refusedInput(problems);

    await replaceRelations(tx, { productId, kind, targets });
    const result = changeParts(held.product, [`relations.${kind}`]);
    await saveChange(tx, result);
    return ofProduct('ProductUpdated', result);
  }),

  replaceCategories: change(
    'productCategoriesReplace',
    inputs.productCategoriesReplace,
    async (tx, command) => {
      // Categories are held before products everywhere, so that a move of the branch and this cannot block each other.
      const missing = await missingCategory(tx, command.categoryIds);
      const held = await holdProduct(tx, command.productId);
      if ('refusal' in held) return refused(held.refusal);
      if (missing !== null) return refused(categoryNotFound(missing));

      await replaceProductCategories(tx, command.productId, command.categoryIds);
      const result = placedIn(changeParts(held.product, ['categories']), command.categoryIds);
      await saveChange(tx, result);
      return ofProduct('ProductUpdated', result);
    },
  ),
});

/** Each id is given away once, even where a picture is shown twice. */
const takeId = (known: Map<string, string>, url: string): string => {
  const id = known.get(url) ?? newId();
  known.delete(url);
  return id;
};
