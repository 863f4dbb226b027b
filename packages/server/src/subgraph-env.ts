import { z } from 'zod';
import { subgraphUrls } from './ask.ts';
import { type FollowedKeys, followPublicKeys } from './follow-keys.ts';
import { log } from './log.ts';
import { InvalidEnvironment } from './parse-env.ts';
import type { ServeOptions } from './serve.ts';
import type { PublicKeys } from './tokens.ts';

/** For env.ts: JSON in a variable. */
export const jsonText = z.string().transform((text, context) => {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    context.addIssue({ code: 'custom', message: 'is not JSON' });
    return z.NEVER;
  }
});

/** For env.ts: a JSON Web Key Set, as the account subgraph and the router publish it. */
const publicKeys = jsonText
  .pipe(z.object({ keys: z.array(z.looseObject({ kid: z.string(), kty: z.string() })).min(1) }))
  .transform((set): PublicKeys => set);

/** For env.ts: what callers' tokens are verified with. */
export const keySources = {
  /** Keys that stay as they are. */
  PUBLIC_KEYS: publicKeys.optional(),
  /** Where keys are published and followed: `http://account:4001/.well-known/jwks.json`. */
  PUBLIC_KEYS_URL: z.url({ protocol: /^https?$/ }).optional(),
};

type KeySources = {
  readonly PUBLIC_KEYS?: PublicKeys | undefined;
  readonly PUBLIC_KEYS_URL?: string | undefined;
};

/** For env.ts: a Redis. */
export const redisUrl = z.url({ protocol: /^rediss?$/, error: 'must begin with redis://' });

/** For env.ts: what every subgraph in a process of its own is told, and where it listens when nothing is said. */
export const ownProcess = (port: number) => ({
  POSTGRES_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  PORT: z.coerce.number().int().min(0).max(65_535).default(port),
  HOST: z.string().default('127.0.0.1'),
  /** The other subgraphs, whose facts it hears and whom it asks: `inventory=http://inventory:4001/graphql,pricing=…`. */
  SUBGRAPH_URLS: subgraphUrls.default({}),
  /** A service's token, which the others are asked with. */
  SERVICE_TOKEN: z.string().min(1).optional(),
  /** Where facts travel between processes; without it their publishers are asked again and again. */
  REDIS_URL: redisUrl.optional(),
  /** Where spans are sent; nowhere when left out. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  NODE_ENV: z.string().default('development'),
});

/** For env.ts: a subgraph in a process of its own that verifies tokens. */
export const verifyingProcess = <Shape extends z.ZodRawShape>(own: Shape) =>
  z.object({ ...keySources, ...own }).refine(
    // Looked at beside all other problems, so that they are told at once.
    (env) => Object.keys(keySources).some((name) => name in env),
    { error: 'PUBLIC_KEYS_URL is missing, or PUBLIC_KEYS', when: () => true },
  );

/** The keys that a process was told of. Those at an address are read now, and followed. */
export const openPublicKeys = async ({
  PUBLIC_KEYS: fixed,
  PUBLIC_KEYS_URL: url,
}: KeySources): Promise<FollowedKeys<PublicKeys>> => {
  if (url === undefined) return { keys: fixed ?? { keys: [] }, stop: () => undefined };
  const onError = (error: unknown) => log.error('The keys stay as they were.', { url, error });
  try {
    return await followPublicKeys(url, { ...(fixed && { fixed }), onError });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InvalidEnvironment([`PUBLIC_KEYS_URL cannot be used: there are no keys at ${url} (${why}).`]);
  }
};

/** What every subgraph in a process of its own was told. */
export type OwnProcessEnv = z.output<z.ZodObject<ReturnType<typeof ownProcess>>>;

/** How a subgraph in a process of its own is served. */
export const servedBy = (env: OwnProcessEnv): Omit<ServeOptions, 'keys'> => ({
  port: env.PORT,
  host: env.HOST,
  production: env.NODE_ENV === 'production',
  collector: env.OTEL_EXPORTER_OTLP_ENDPOINT,
});
