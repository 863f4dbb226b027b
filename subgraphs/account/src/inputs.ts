import { idempotencyKey } from '@storegraph/idempotency';
import { z } from 'zod';
import { emailOf, isEmail } from './account-domain.ts';

/** What a caller may send. GraphQL has checked types; lengths and forms are checked here. */

const isWritable = (text: string) => !text.includes('\u0000') && text.isWellFormed();
const text = (max: number) =>
  z
    .string()
    .max(max, `must be at most ${max} characters`)
    .refine(isWritable, 'must not hold control characters or broken ones');
const line = (max: number) =>
  text(max).refine((value) => value.trim().length > 0 && !/\p{Cc}/u.test(value), 'must be one line of text');
const orNull = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? null);

const email = text(300).refine(isEmail, 'is not an e-mail address').transform(emailOf);
/** What somebody may try; the rules for a password that is set are told with the address, in the domain. */
const password = text(1_000);
/** A token of ours is far shorter; what is none finds nothing. */
const token = text(1_000);
const deviceName = orNull(line(100));
const id = text(100).transform((value) => value.toLowerCase());
const reason = line(500);
const secondFactorReason = z.enum(['LOST', 'STOLEN', 'NOT_THEIRS']);
const staffRole = z
  .enum(['SUPPORT', 'MERCHANDISER', 'WAREHOUSE', 'FINANCE', 'ADMIN'])
  .transform((role) => role.toLowerCase() as Lowercase<typeof role>);

export const nothing = z.object({ idempotencyKey });
export const signUp = z.object({ idempotencyKey, email, password });
export const emailVerify = z.object({ idempotencyKey, token, password, deviceName });
export const signIn = z.object({ idempotencyKey, email, password, deviceName, deviceToken: orNull(token) });
export const signInConfirm = z.object({ idempotencyKey, challenge: token, code: text(100) });
export const refreshToken = z.object({ idempotencyKey, refreshToken: token });
export const sessionRevoke = z.object({ idempotencyKey, sessionId: id });
export const passwordChange = z.object({
  idempotencyKey,
  currentPassword: orNull(password),
  newPassword: password,
});
export const passwordResetRequest = z.object({ idempotencyKey, email });
export const passwordReset = z.object({ idempotencyKey, token, newPassword: password });
export const emailChangeRequest = z.object({ idempotencyKey, password, newEmail: email });
export const emailChangeConfirm = z.object({ idempotencyKey, token });
export const totpEnroll = z.object({ idempotencyKey, password });
export const totpCode = z.object({ idempotencyKey, code: text(100) });
export const totpDisable = z.object({ idempotencyKey, password, code: text(100) });
export const identityStart = z.object({ idempotencyKey, provider: line(100), redirectUri: text(2_000) });
export const identityFinish = z.object({ idempotencyKey, flow: token, callbackUrl: text(8_000), deviceName });
export const identityUnlink = z.object({ idempotencyKey, identityId: id });
export const staffCreate = z.object({ idempotencyKey, email, name: line(200), role: staffRole });
/** By the operator, outside of the graph. */
export const appointment = z.object({ email, name: line(200) });
export const staffRoleChange = z.object({ idempotencyKey, staffId: id, role: staffRole });
export const staffReason = z.object({ idempotencyKey, staffId: id, reason });
export const customerReason = z.object({ idempotencyKey, customerId: id, reason });
export const staffSecondFactorRemove = z.object({ idempotencyKey, staffId: id, reason: secondFactorReason });
export const customerSecondFactorRemove = z.object({
  ...{ idempotencyKey, customerId: id, reason: secondFactorReason },
});
