import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { keySources, parseEnv, redisUrl, schemaFolder } from '@storegraph/server';
import { z } from 'zod';

const schema = z.object({
  SUPERGRAPH_FILE: z.string().default(join(schemaFolder, 'supergraph.graphql')),
  PORT: z.coerce.number('must be a number').int().min(0).max(65_535).default(4_000),
  HOST: z.string().default('127.0.0.1'),
  ...keySources,
  ROUTER_SETTINGS: z.string().optional(),
  PLANNER: z.enum(['hive', 'apollo']).default('hive'),
  REDIS_URL: redisUrl.optional(),
  SERVICE_TOKEN: z.string().min(1).optional(),
  METRICS_PORT: z.coerce.number('must be a number').int().min(0).max(65_535).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  NODE_ENV: z.string().default('development'),
});

/** The settings of a router in a process of its own. Options of the command line come before the environment. */
export const readEnv = () => {
  const { values } = parseArgs({ options: { supergraph: { type: 'string' }, port: { type: 'string' } } });
  const env = parseEnv(schema, {
    ...process.env,
    ...(values.supergraph !== undefined && { SUPERGRAPH_FILE: values.supergraph }),
    ...(values.port !== undefined && { PORT: values.port }),
  });
  return {
    supergraphFile: resolve(env.SUPERGRAPH_FILE),
    port: env.PORT,
    host: env.HOST,
    /** What tokens are verified with; without any, every token is refused. */
    keySources: { PUBLIC_KEYS: env.PUBLIC_KEYS, PUBLIC_KEYS_URL: env.PUBLIC_KEYS_URL },
    /** A JSON file as docs/router.md describes it. */
    settingsFile: env.ROUTER_SETTINGS === undefined ? null : resolve(env.ROUTER_SETTINGS),
    planner: env.PLANNER,
    /** Where several routers count and learn together, and facts travel; each for itself when left out. */
    redisUrl: env.REDIS_URL,
    /** A service's token, which subgraphs are asked for their facts with; nothing is kept without it. */
    serviceToken: env.SERVICE_TOKEN,
    /** Where Prometheus may ask; nothing is counted when left out. */
    ...(env.METRICS_PORT !== undefined && { metricsPort: env.METRICS_PORT }),
    /** Where spans are sent; nowhere when left out. */
    collector: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    production: env.NODE_ENV === 'production',
  };
};
