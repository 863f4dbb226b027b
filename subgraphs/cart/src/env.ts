import { type PublicKeys, parseEnv, subgraphUrls } from '@storegraph/server';
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

/** The settings of a cart subgraph in a process of its own. */
export const readEnv = () =>
  parseEnv(
    z.object({
      POSTGRES_URL: z.url({ protocol: /^postgres(ql)?$/ }),
      /** Where carts are kept, with a copy in Postgres; in Postgres alone when left out. */
      REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must begin with redis://' }).optional(),
      PORT: z.coerce.number().int().min(0).max(65_535).default(4_004),
      HOST: z.string().default('127.0.0.1'),
      /** What callers' tokens are verified with. */
      PUBLIC_KEYS: publicKeys,
      /** The other subgraphs: `inventory=http://inventory:4001/graphql,pricing=…`. */
      SUBGRAPH_URLS: subgraphUrls,
      /** A service's token, which the others are asked with. */
      SERVICE_TOKEN: z.string().min(1),
      /** Where spans are sent; nowhere when left out. */
      OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
      NODE_ENV: z.string().default('development'),
    }),
    process.env,
  );
