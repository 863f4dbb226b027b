import { integer, jsonb, pgEnum, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import type { AttributeDefinition, Attributes } from './attribute-domain.ts';
import { type Media, productStatuses, type RelationKind } from './domain.ts';
import type { Names, Texts } from './text-domain.ts';

/** The columns that queries name; migrations/ has the rules. */

const instant = (name: string) => timestamp(name, { withTimezone: true });

export const productStatus = pgEnum('product_status', productStatuses);

export const productTypes = pgTable('product_types', {
  id: uuid().primaryKey(),
  code: text().notNull(),
  name: text().notNull(),
  attributes: jsonb().$type<readonly AttributeDefinition[]>().notNull(),
});

export const categories = pgTable('categories', {
  id: uuid().primaryKey(),
  parentId: uuid('parent_id'),
  slug: text().notNull(),
  names: jsonb().$type<Names>().notNull(),
  path: uuid().array().notNull(),
  position: integer().notNull(),
});

export const products = pgTable('products', {
  id: uuid().primaryKey(),
  typeId: uuid('type_id').notNull(),
  slug: text().notNull(),
  status: productStatus().notNull(),
  publishedAt: instant('published_at'),
  texts: jsonb().$type<Texts>().notNull(),
  nameKey: text('name_key').notNull(),
  attributes: jsonb().$type<Attributes>().notNull(),
  optionNames: text('option_names').array().notNull(),
  media: jsonb().$type<readonly Media[]>().notNull(),
  regions: text().array(),
  version: integer().notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
});

export const productSlugs = pgTable('product_slugs', {
  slug: text().primaryKey(),
  productId: uuid('product_id').notNull(),
});

export const variants = pgTable('variants', {
  id: uuid().primaryKey(),
  productId: uuid('product_id').notNull(),
  sku: text().notNull(),
  skuKey: text('sku_key').notNull(),
  optionValues: text('option_values').array().notNull(),
  barcode: text(),
  weightGrams: integer('weight_grams'),
  position: integer().notNull(),
  removedAt: instant('removed_at'),
});

export const productCategories = pgTable('product_categories', {
  productId: uuid('product_id').notNull(),
  categoryId: uuid('category_id').notNull(),
  position: integer().notNull(),
});

export const productRelations = pgTable('product_relations', {
  productId: uuid('product_id').notNull(),
  kind: text().$type<RelationKind>().notNull(),
  targetId: uuid('target_id').notNull(),
  position: integer().notNull(),
  quantity: integer().notNull(),
});
