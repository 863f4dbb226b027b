import { noPersonalData } from '@storegraph/server';
import { GraphQLError } from 'graphql';
import type { Attributes } from './attribute-domain.ts';
import { depthOf, inTreeOrder } from './category-domain.ts';
import { isAvailableIn } from './domain.ts';
import { importResolvers } from './import-resolvers.ts';
import { cursorOf } from './listing-domain.ts';
import { type Connection, openPage, type PageWish } from './listing-service.ts';
import type { Loaders, Reference } from './loaders.ts';
import type { Resolvers } from './schema.generated.ts';
import { localesOf, nearest, nearestIn, seoIn } from './text-domain.ts';
import { optionsOf, variantNameOf } from './variant-domain.ts';

type Maybe<T> = T | null | undefined;

/** Each variant is one row, and 500 are as many as an entity batch of the router. */
const maxVariantsAsked = 500;

const query: Resolvers['Query'] = {
  product: (_parent, { id, slug }, { loaders }) => loaders.product.load(referenceTo({ id, slug })),
  products: (_parent, args, { loaders }) => pageOrError(loaders, args),
  category: (_parent, { id, slug }, { loaders }) => loaders.category.load(referenceTo({ id, slug })),
  categories: (_parent, _args, { loaders }) => loaders.rootCategories(),
  variants: (_parent, { ids, skus }, { loaders }) =>
    Promise.all(variantReferences(ids, skus).map((reference) => loaders.variant.load(reference))),
  productTypes: (_parent, _args, { loaders }) => loaders.allTypes(),
  ...noPersonalData.Query,
};

const mutation: Resolvers['Mutation'] = {
  productTypeSave: (_parent, { input }, { catalogue, viewer }) => catalogue.types.save(viewer, input),
  productCreate: (_parent, { input }, { catalogue, viewer }) => catalogue.products.create(viewer, input),
  productUpdate: (_parent, { input }, { catalogue, viewer }) => catalogue.products.update(viewer, input),
  productPublish: (_parent, { input }, { catalogue, viewer }) => catalogue.products.publish(viewer, input),
  productUnpublish: (_parent, { input }, { catalogue, viewer }) =>
    catalogue.products.unpublish(viewer, input),
  productArchive: (_parent, { input }, { catalogue, viewer }) => catalogue.products.archive(viewer, input),
  productTranslationSave: (_parent, { input }, { catalogue, viewer }) =>
    catalogue.contents.saveTranslation(viewer, input),
  productMediaReplace: (_parent, { input }, { catalogue, viewer }) =>
    catalogue.contents.replaceMedia(viewer, input),
  productRelationsReplace: (_parent, { input }, { catalogue, viewer }) =>
    catalogue.contents.replaceRelations(viewer, input),
  productCategoriesReplace: (_parent, { input }, { catalogue, viewer }) =>
    catalogue.contents.replaceCategories(viewer, input),
  variantCreate: (_parent, { input }, { catalogue, viewer }) => catalogue.variants.create(viewer, input),
  variantUpdate: (_parent, { input }, { catalogue, viewer }) => catalogue.variants.update(viewer, input),
  variantRemove: (_parent, { input }, { catalogue, viewer }) => catalogue.variants.remove(viewer, input),
  categoryCreate: (_parent, { input }, { catalogue, viewer }) => catalogue.categories.create(viewer, input),
  categoryUpdate: (_parent, { input }, { catalogue, viewer }) => catalogue.categories.update(viewer, input),
  categoryMove: (_parent, { input }, { catalogue, viewer }) => catalogue.categories.move(viewer, input),
  categoryRemove: (_parent, { input }, { catalogue, viewer }) => catalogue.categories.remove(viewer, input),
  ...noPersonalData.Mutation,
};

const product: Resolvers['Product'] = {
  __resolveReference: (reference, { loaders }) => loaders.product.load(referenceTo(reference)),
  type: async ({ typeId }, _args, { loaders }) => found(await loaders.typeById.load(typeId)),
  name: ({ texts }, { locale }) => nearestIn(texts, locale).name,
  description: ({ texts }, { locale }) => nearest(texts, locale, (text) => text.description),
  seo: ({ texts }, { locale }) => seoIn(texts, locale),
  locales: ({ texts }) => localesOf(texts),
  attributes: async ({ typeId, attributes }, _args, { loaders }) => {
    const type = found(await loaders.typeById.load(typeId));
    return type.attributes.flatMap(({ code, name, kind }) => {
      const value = heldValue(attributes, code);
      return value === undefined ? [] : [{ code, name, kind, value }];
    });
  },
  options: async ({ id, optionNames }, _args, { loaders }) =>
    optionsOf(optionNames, await loaders.variantsOf.load(id)),
  variants: ({ id }, _args, { loaders }) => loaders.variantsOf.load(id),
  categories: async ({ id }, _args, { loaders }) =>
    (await loaders.categoriesOf.load(id)).map(({ category }) => category),
  relations: async ({ id }, { kind }, { loaders }) =>
    (await loaders.relationsOf.load(id)).filter((relation) => !kind || relation.kind === kind),
  isAvailableIn: ({ regions }, { region }) => isAvailableIn({ regions }, region),
};

const category: Resolvers['Category'] = {
  __resolveReference: (reference, { loaders }) => loaders.category.load(referenceTo(reference)),
  name: ({ names }, { locale }) => nearestIn(names, locale),
  depth: depthOf,
  parent: ({ parentId }, _args, { loaders }) =>
    parentId === null ? null : loaders.category.load({ id: parentId }),
  path: async ({ path }, _args, { loaders }) =>
    (await Promise.all(path.map((id) => loaders.category.load({ id })))).map(found),
  children: ({ id }, _args, { loaders }) => loaders.childrenOf.load(id),
  descendants: async ({ id }, _args, { loaders }) => inTreeOrder(await loaders.descendantsOf.load(id)),
  products: ({ id }, args, { loaders }) => pageOrError(loaders, { ...args, filter: { categoryId: id } }),
};

const changedProduct = {
  product: async ({ productId }: { productId: string }, _args: unknown, { loaders }: { loaders: Loaders }) =>
    found(await loaders.product.load({ id: productId })),
};
const changedVariant = {
  variant: async ({ variantId }: { variantId: string }, _args: unknown, { loaders }: { loaders: Loaders }) =>
    found(await loaders.variant.load({ id: variantId })),
};
const changedCategory = {
  category: async (
    { categoryId }: { categoryId: string },
    _args: unknown,
    { loaders }: { loaders: Loaders },
  ) => found(await loaders.category.load({ id: categoryId })),
};

/** GraphQL in, one call, GraphQL out. */
export const resolvers: Resolvers = {
  ...importResolvers,
  Query: { ...query, ...importResolvers.Query },
  Mutation: { ...mutation, ...importResolvers.Mutation },
  Product: product,
  ProductVariant: {
    __resolveReference: (reference, { loaders }) =>
      loaders.variant.load('id' in reference ? { id: reference.id } : { name: reference.sku }),
    product: async ({ productId }, _args, { loaders }) =>
      found(await loaders.product.load({ id: productId })),
    options: ({ optionNames, optionValues }) =>
      optionNames.map((name, index) => ({ name, value: optionValues[index] ?? '' })),
    name: async ({ productId, optionValues }, { locale }, { loaders }) => {
      const { texts } = found(await loaders.product.load({ id: productId }));
      return variantNameOf(nearestIn(texts, locale).name, optionValues);
    },
  },
  Category: category,
  Media: { alt: ({ alt }, { locale }) => nearestIn(alt, locale) },
  ProductConnection: {
    edges: ({ sort, listed }) =>
      listed.map(({ product: node, position }) => ({ node, cursor: cursorOf(sort, position) })),
    nodes: ({ listed }) => listed.map(({ product: node }) => node),
    pageInfo: (connection) => pageInfoOf(connection),
    totalCount: ({ selection }, _args, { loaders }) => loaders.count.load(selection),
  },
  ProductCreated: changedProduct,
  ProductUpdated: changedProduct,
  ProductPublished: changedProduct,
  ProductUnpublished: changedProduct,
  ProductArchived: changedProduct,
  ProductTypeSaved: {
    productType: async ({ typeId }, _args, { loaders }) => found(await loaders.typeById.load(typeId)),
  },
  VariantCreated: changedVariant,
  VariantUpdated: changedVariant,
  VariantRemoved: changedProduct,
  CategoryCreated: changedCategory,
  CategoryUpdated: changedCategory,
  CategoryMoved: changedCategory,
};

const badInput = (message: string) => new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });

const referenceTo = ({ id, slug }: { id?: Maybe<string>; slug?: Maybe<string> }): Reference => {
  if (typeof id === 'string' && typeof slug !== 'string') return { id };
  if (typeof slug === 'string' && typeof id !== 'string') return { name: slug };
  throw badInput('Give either id or slug.');
};

const variantReferences = (ids: Maybe<readonly string[]>, skus: Maybe<readonly string[]>): Reference[] => {
  if ((ids ? 1 : 0) + (skus ? 1 : 0) !== 1) throw badInput('Give either ids or skus.');
  const references = ids ? ids.map((id) => ({ id })) : (skus ?? []).map((name) => ({ name }));
  if (references.length > maxVariantsAsked) throw badInput(`At most ${maxVariantsAsked} variants at a time.`);
  return references;
};

const pageOrError = async (loaders: Loaders, wish: PageWish): Promise<Connection> => {
  const page = await openPage(loaders, wish);
  if ('problem' in page) throw badInput(page.problem);
  return page;
};

const pageInfoOf = ({ sort, listed, hasNextPage, hasPreviousPage }: Connection) => {
  const [start, end] = [listed.at(0), listed.at(-1)];
  return {
    hasNextPage,
    hasPreviousPage,
    startCursor: start ? cursorOf(sort, start.position) : null,
    endCursor: end ? cursorOf(sort, end.position) : null,
  };
};

const heldValue = (attributes: Attributes, code: string) =>
  Object.hasOwn(attributes, code) ? attributes[code] : undefined;

/** Rows point to rows that the database keeps for them. */
const found = <T>(row: T | null): T => {
  if (row === null) throw new Error('A row points to another that is not there.');
  return row;
};
