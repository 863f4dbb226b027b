import { idempotencyKey } from '@storegraph/idempotency';
import { z } from 'zod';
import { addressUses, checkAddress } from './address-domain.ts';
import { consentPurposes, marketingChannels } from './consent-domain.ts';
import { hasExpired, paymentMethodKinds } from './payment-method-domain.ts';

/** What a customer may send. GraphQL has checked types; lengths, forms and counts are checked here. */

/** What is left out and what is null mean the same, unless a schema says otherwise. */
const orNull = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? null);

/** Text in one line, trimmed. */
const line = (max: number) =>
  z
    .string()
    .refine(
      (text) => text.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text),
      'must not hold control characters',
    )
    .transform((text) => text.normalize('NFC').trim())
    .refine((text) => text.length > 0, 'must not be empty')
    .refine((text) => text.length <= max, `must be at most ${max} characters`);

/** An id that cannot be one finds nothing, as any other unknown id. */
const id = z
  .string()
  .max(100, 'is no id')
  .refine((text) => text.isWellFormed() && !text.includes('\0'), 'is no id')
  .transform((text) => text.toLowerCase());

/** E.164 has 15 digits at most; how people part them makes no difference. */
const phone = z
  .string()
  .max(40, 'must be at most 40 characters')
  .transform((text) => text.normalize('NFKC').replace(/\s+/g, ' ').trim())
  .refine(
    (text) => /^\+[0-9][0-9 ()./-]*$/.test(text) && /^[0-9]{6,15}$/.test(text.replace(/[^0-9]/g, '')),
    'must be + and the country, then digits: +49 30 123456',
  );

const expectedVersion = orNull(z.int().min(0, 'must be at least 0'));
const maxName = 100;

/** Fields that are left out stay as they are; null empties them. */
export const customerProfileUpdate = z.object({
  idempotencyKey,
  expectedVersion,
  givenName: line(maxName).nullish(),
  familyName: line(maxName).nullish(),
  company: line(200).nullish(),
  phone: phone.nullish(),
  taxId: line(40).nullish(),
});

/** A state is a region of sale too, and has a place of its own in an address. */
const country = z.string().length(2, 'must be a country; the state goes by itself');

const address = z
  .object({
    label: orNull(line(60)),
    recipient: line(maxName),
    company: orNull(line(maxName)),
    lines: z.array(line(maxName)).min(1, 'must have a line').max(3, 'must have at most 3 lines'),
    city: line(maxName),
    subdivision: orNull(line(maxName)),
    postalCode: orNull(line(20)),
    country,
    phone: orNull(phone),
  })
  .transform((fields, { issues }) => {
    const checked = checkAddress(fields);
    if ('address' in checked) return checked.address;
    for (const { path, message } of checked.problems) {
      issues.push({ code: 'custom', path: [...path], message, input: fields });
    }
    return z.NEVER;
  });

const uses = z.array(z.enum(addressUses)).max(10, 'names each use once');

export const addressAdd = z.object({
  idempotencyKey,
  address,
  defaultFor: uses.nullish().transform((given) => given ?? []),
});
export const addressUpdate = z.object({ idempotencyKey, addressId: id, expectedVersion, address });
export const addressRemove = z.object({ idempotencyKey, addressId: id });
export const addressDefaultSet = z.object({
  idempotencyKey,
  addressId: id,
  defaultFor: uses.min(1, 'must name a use'),
});

/** Ours are of 1999; a card of the next century is a slip of the keyboard. */
const expiryYear = z.int().min(2000, 'must have four digits').max(2100, 'must be in this century');

export const paymentMethodAdd = (now: Date) =>
  z
    .object({
      idempotencyKey,
      kind: z.enum(paymentMethodKinds),
      provider: z.string().regex(/^[a-z0-9_-]{1,32}$/, 'must be 1 to 32 characters of a-z 0-9 _ -'),
      token: z.string().regex(/^[!-~]{1,255}$/, 'must be 1 to 255 printable characters without spaces'),
      label: orNull(line(60)),
      brand: orNull(line(40)),
      last4: orNull(z.string().regex(/^[0-9]{4}$/, 'must be four digits')),
      expiryMonth: orNull(z.int().min(1, 'must be 1 to 12').max(12, 'must be 1 to 12')),
      expiryYear: orNull(expiryYear),
      isDefault: z
        .boolean()
        .nullish()
        .transform((given) => given ?? false),
    })
    .check(({ value, issues }) => {
      const problem = (message: string) =>
        issues.push({ code: 'custom', path: ['expiryMonth'], message, input: value });
      if ((value.expiryMonth === null) !== (value.expiryYear === null)) problem('goes with expiryYear');
      else if (hasExpired(value, now)) problem('is over');
    });
export const paymentMethodChange = z.object({ idempotencyKey, paymentMethodId: id });

/** Fields that are left out stay as they are; null empties them. */
export const preferencesUpdate = z.object({
  idempotencyKey,
  expectedVersion,
  locale: z.string().nullish(),
  currency: z.string().nullish(),
  region: country.nullish(),
  marketingChannels: z
    .array(z.enum(marketingChannels))
    .max(100, 'names each channel once')
    .transform((given) => marketingChannels.filter((channel) => given.includes(channel)))
    .nullish(),
});

export const consentGrant = z.object({
  idempotencyKey,
  purpose: z.enum(consentPurposes),
  version: line(40),
});
export const consentWithdraw = z.object({ idempotencyKey, purpose: z.enum(consentPurposes) });

/** A request that says it all by being made. */
export const bareRequest = z.object({ idempotencyKey });
