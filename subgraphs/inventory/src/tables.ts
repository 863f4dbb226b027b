import { bigint, boolean, integer, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import type { PolicyKind } from './stock-domain.ts';

/** The columns that queries name; migrations/ has the rules. */

const instant = (name: string) => timestamp(name, { withTimezone: true });

export const warehouses = pgTable('warehouses', {
  id: uuid('warehouse_id').primaryKey(),
  code: text().notNull(),
  name: text().notNull(),
  region: text().notNull(),
  servesRegions: text('serves_regions').array(),
  priority: integer().notNull(),
  isActive: boolean('is_active').notNull(),
});

export const variants = pgTable('variants', {
  id: uuid('variant_id').primaryKey(),
  productId: uuid('product_id').notNull(),
  sku: text().notNull(),
  removedAt: instant('removed_at'),
  policy: text().$type<PolicyKind>().notNull(),
  preorderUntil: instant('preorder_until'),
  lowStockThreshold: integer('low_stock_threshold').notNull(),
});

export const movements = pgTable('movements', {
  id: bigint('movement_id', { mode: 'number' }).primaryKey(),
  variantId: uuid('variant_id').notNull(),
  warehouseId: uuid('warehouse_id').notNull(),
  delta: integer().notNull(),
  reason: text().notNull(),
  reference: text(),
  note: text(),
  actor: text().notNull(),
  occurredAt: instant('occurred_at').notNull(),
});
