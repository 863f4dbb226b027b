/** What is written down for good. No entry names a person other than by an id, so that none has to be erased. */
export type AuditAction =
  | 'account_created'
  | 'signed_in'
  | 'sign_in_refused'
  | 'signed_out'
  | 'session_revoked'
  | 'sessions_revoked'
  | 'refresh_token_reused'
  | 'password_changed'
  | 'password_reset'
  | 'email_changed'
  | 'totp_enabled'
  | 'totp_disabled'
  | 'recovery_codes_renewed'
  | 'identity_linked'
  | 'identity_unlinked'
  | 'role_changed'
  | 'suspended'
  | 'restored'
  | 'read'
  | 'acted'
  | 'exported'
  | 'erased';

export type AuditNote = {
  readonly actor: string;
  readonly action: AuditAction;
  readonly subjectId: string;
  readonly details?: Readonly<Record<string, string | number | boolean | null>>;
};

/** The subject of what was done to no account. */
export const nobody = '00000000-0000-0000-0000-000000000000';

/** Where a page of the log begins, as a client hands it back. */
export const auditCursorOf = (entryId: number): string =>
  Buffer.from(`audit ${entryId}`).toString('base64url');

/** The entry a cursor stands for; null for what is none. */
export const entryOfCursor = (cursor: string): number | null => {
  const [, digits] = /^audit ([1-9]\d{0,15})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  return digits === undefined ? null : Number(digits);
};
