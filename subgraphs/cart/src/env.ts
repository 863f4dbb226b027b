import { ownProcess, parseEnv, redisUrl, subgraphUrls, verifyingProcess } from '@storegraph/server';
import { z } from 'zod';

/** The settings of a cart subgraph in a process of its own. It cannot do without the others. */
export const readEnv = () =>
  parseEnv(
    verifyingProcess({
      ...ownProcess(4_004),
      /** Where carts are kept, with a copy in Postgres, and where facts travel; in Postgres alone when left out. */
      REDIS_URL: redisUrl.optional(),
      SUBGRAPH_URLS: subgraphUrls,
      SERVICE_TOKEN: z.string().min(1),
    }),
    process.env,
  );
