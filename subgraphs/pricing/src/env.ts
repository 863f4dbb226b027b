import { currencyCodes } from '@storegraph/money';
import { ownProcess, parseEnv, verifyingProcess } from '@storegraph/server';
import { z } from 'zod';

/** The settings of a pricing subgraph in a process of its own. */
export const readEnv = () =>
  parseEnv(
    verifyingProcess({
      ...ownProcess(4_003),
      /** What exchange rates are from: prices in it are converted where a currency has none of its own. */
      BASE_CURRENCY: z
        .string()
        .refine((code) => currencyCodes.has(code), 'must be an ISO 4217 code')
        .default('EUR'),
    }),
    process.env,
  );
