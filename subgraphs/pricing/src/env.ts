import { currencyCodes } from '@storegraph/money';
import { type PublicKeys, parseEnv } from '@storegraph/server';
import { z } from 'zod';

/** A JSON Web Key Set as text, as the router publishes it. */
const publicKeys = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      context.addIssue({ code: 'custom', message: 'is not JSON' });
      return z.NEVER;
    }
  })
  .pipe(z.object({ keys: z.array(z.looseObject({ kid: z.string(), kty: z.string() })).min(1) }))
  .transform((set): PublicKeys => set);

/** The settings of a pricing subgraph in a process of its own. */
export const readEnv = () =>
  parseEnv(
    z.object({
      POSTGRES_URL: z.url({ protocol: /^postgres(ql)?$/ }),
      PORT: z.coerce.number().int().min(0).max(65_535).default(4_003),
      HOST: z.string().default('127.0.0.1'),
      /** What exchange rates are from: prices in it are converted where a currency has none of its own. */
      BASE_CURRENCY: z
        .string()
        .refine((code) => currencyCodes.has(code), 'must be an ISO 4217 code')
        .default('EUR'),
      /** What callers' tokens are verified with. */
      PUBLIC_KEYS: publicKeys,
      /** Where spans are sent; nowhere when left out. */
      OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
      NODE_ENV: z.string().default('development'),
    }),
    process.env,
  );
