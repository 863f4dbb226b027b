import { boolean, integer, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';

/** The columns that queries name; migrations/ has the rules. */

const instant = (name: string) => timestamp(name, { withTimezone: true });

export const priceLists = pgTable('price_lists', {
  id: uuid('price_list_id').primaryKey(),
  code: text().notNull(),
  name: text().notNull(),
  currency: text().notNull(),
  regions: text().array(),
  customerGroup: text('customer_group'),
  priority: integer().notNull(),
  includesTax: boolean('includes_tax').notNull(),
  isActive: boolean('is_active').notNull(),
  startsAt: instant('starts_at'),
  endsAt: instant('ends_at'),
  version: integer().notNull(),
});

export const customerGroups = pgTable('customer_groups', {
  code: text('group_code').primaryKey(),
  name: text().notNull(),
});
