import { parseEnv, subgraphUrls, verifyingProcess } from '@storegraph/server';
import { z } from 'zod';

/** The settings of a cart subgraph in a process of its own. */
export const readEnv = () =>
  parseEnv(
    verifyingProcess(4_004, {
      /** Where carts are kept, with a copy in Postgres; in Postgres alone when left out. */
      REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must begin with redis://' }).optional(),
      /** The other subgraphs: `inventory=http://inventory:4001/graphql,pricing=…`. */
      SUBGRAPH_URLS: subgraphUrls,
      /** A service's token, which the others are asked with. */
      SERVICE_TOKEN: z.string().min(1),
    }),
    process.env,
  );
