import { jsonText, ownProcess, parseEnv } from '@storegraph/server';
import { z } from 'zod';

/** Whose word is taken, as a JSON list. */
const providers = jsonText.pipe(
  z.array(
    z.object({
      name: z.string().regex(/^[a-z0-9-]{1,50}$/),
      title: z.string().min(1),
      issuer: z.url({ protocol: /^https?$/ }),
      clientId: z.string().min(1),
      clientSecret: z.string().min(1).optional(),
      redirectUris: z.array(z.url()).min(1),
    }),
  ),
);

/** What mails and providers need; left out, mails lie in the mailbox and passwords are the only way in. */
const outside = {
  /** `smtp://user:password@host:587`. */
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  MAIL_FROM: z.string().default('Storegraph <shop@storegraph.test>'),
  SHOP_NAME: z.string().min(1).max(100).default('Storegraph'),
  /** Where links in mails lead to, followed by `/confirm`, `/reset` and `/email`; without it mails hold a token alone. */
  STOREFRONT_URL: z.url({ protocol: /^https?$/ }).optional(),
  OIDC_PROVIDERS: providers.default([]),
};

/** The settings of what is outside the shop, wherever the subgraph runs. */
export const readOutside = () => parseEnv(z.object(outside), process.env);

export type Outside = ReturnType<typeof readOutside>;

const secretBytes = (text: string): Uint8Array => Buffer.from(text, 'base64url');

/** 32 random bytes or more as Base64url; several with commas, of which the first makes and all are taken. */
const accountSecrets = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .refine(
    (texts) => texts.every((one) => /^[\w-]{43,}$/.test(one)),
    'must be 32 bytes or more as Base64url each',
  )
  .transform(([first = '', ...older]): readonly [Uint8Array, ...Uint8Array[]] => [
    secretBytes(first),
    ...older.map(secretBytes),
  ]);

/** The settings of an account subgraph in a process of its own. */
export const readEnv = () =>
  parseEnv(
    z.object({
      ...ownProcess(4_005),
      /** The keys that tokens are signed with: a file as the embedded shop keeps it, read again when it changes. */
      KEYS_FILE: z.string().min(1),
      ACCOUNT_SECRET: accountSecrets,
      ...outside,
    }),
    process.env,
  );
