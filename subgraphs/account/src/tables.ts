import { bigint, integer, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import type { AccountRole, AccountState } from './account-domain.ts';
import type { MailKind } from './mail-domain.ts';

/** The columns that queries name; migrations/ has the rules. */

const instant = (name: string) => timestamp(name, { withTimezone: true });

export const accounts = pgTable('accounts', {
  id: uuid('account_id').primaryKey(),
  role: text().$type<AccountRole>().notNull(),
  state: text().$type<AccountState>().notNull(),
  email: text(),
  emailKey: text('email_key'),
  name: text(),
  passwordHash: text('password_hash'),
  passwordChangedAt: instant('password_changed_at').notNull(),
  emailVerifiedAt: instant('email_verified_at').notNull(),
  createdAt: instant('created_at').notNull(),
  totpId: uuid('totp_id'),
  totpKey: text('totp_key'),
  totpEnabledAt: instant('totp_enabled_at'),
  totpLastStep: bigint('totp_last_step', { mode: 'number' }).notNull(),
  recoveryId: uuid('recovery_id'),
  recoveryUsed: integer('recovery_used').notNull(),
});

export const signUps = pgTable('sign_ups', {
  id: uuid('sign_up_id').primaryKey(),
  email: text().notNull(),
  emailKey: text('email_key').notNull(),
  passwordHash: text('password_hash').notNull(),
  guestId: uuid('guest_id'),
  expiresAt: instant('expires_at').notNull(),
  usedAt: instant('used_at'),
});

export const links = pgTable('links', {
  id: uuid('link_id').primaryKey(),
  purpose: text().$type<'RESET' | 'INVITE' | 'EMAIL_CHANGE'>().notNull(),
  accountId: uuid('account_id').notNull(),
  newEmail: text('new_email'),
  expiresAt: instant('expires_at').notNull(),
  usedAt: instant('used_at'),
});

export const sessions = pgTable('sessions', {
  id: uuid('session_id').primaryKey(),
  accountId: uuid('account_id').notNull(),
  deviceName: text('device_name'),
  generation: integer().notNull(),
  createdAt: instant('created_at').notNull(),
  lastUsedAt: instant('last_used_at').notNull(),
  expiresAt: instant('expires_at').notNull(),
  endedAt: instant('ended_at'),
});

export const challenges = pgTable('challenges', {
  id: uuid('challenge_id').primaryKey(),
  accountId: uuid('account_id').notNull(),
  guestId: uuid('guest_id'),
  deviceName: text('device_name'),
  expiresAt: instant('expires_at').notNull(),
  wrongCodes: integer('wrong_codes').notNull(),
  usedAt: instant('used_at'),
});

export const mails = pgTable('mails', {
  id: uuid('mail_id').primaryKey(),
  kind: text().$type<MailKind>().notNull(),
  email: text().notNull(),
  emailKey: text('email_key').notNull(),
  accountId: uuid('account_id'),
  signUpId: uuid('sign_up_id'),
  newEmail: text('new_email'),
  createdAt: instant('created_at').notNull().defaultNow(),
  state: text().$type<'PENDING' | 'SENT' | 'DROPPED' | 'FAILED'>().notNull().default('PENDING'),
  nextAt: instant('next_at').notNull().defaultNow(),
  tries: integer().notNull().default(0),
  failure: text(),
  endedAt: instant('ended_at'),
  subject: text(),
  body: text(),
});

export const identities = pgTable('identities', {
  id: uuid('identity_id').primaryKey(),
  accountId: uuid('account_id').notNull(),
  provider: text().notNull(),
  issuer: text().notNull(),
  subject: text().notNull(),
  email: text(),
  linkedAt: instant('linked_at').notNull(),
});

export const identityFlows = pgTable('identity_flows', {
  id: uuid('flow_id').primaryKey(),
  provider: text().notNull(),
  redirectUri: text('redirect_uri').notNull(),
  accountId: uuid('account_id'),
  guestId: uuid('guest_id'),
  expiresAt: instant('expires_at').notNull(),
  usedAt: instant('used_at'),
});
