import { pgTable, text, timestamp } from 'drizzle-orm/pg-core';

/** The columns that queries name by these; migrations/ has the rules, and the tables that are written by whole statements. */

export const signIns = pgTable('sign_ins', {
  guestId: text('guest_id').primaryKey(),
  customerId: text('customer_id').notNull(),
  signedInAt: timestamp('signed_in_at', { withTimezone: true }).notNull(),
});
