import type { Redis } from 'ioredis';
import type { Guards } from '../front/operation.ts';
import { refuse } from '../run/answer.ts';
import type { FullSettings } from '../settings.ts';
import { createRates, type Rate, type Rates } from './rates.ts';

/** What stands between a request and its plan: how often its caller has asked, and what it costs. */
export const createGuards = ({ limits, rates }: FullSettings, redis: Redis | null): Guards => {
  const ratesOf = (some: readonly Rate[]): Rates | null =>
    some.length > 0 ? createRates(some, redis) : null;
  const byOperation = ratesOf(rates.filter(({ per }) => per === 'operation'));
  const byCaller = ratesOf(rates.filter(({ per }) => per !== 'operation'));
  return {
    // Before anything is read: what is refused later is what a flood is made of, and has to be counted too.
    request: byCaller ? (caller) => byCaller.count(caller, null) : undefined,
    operation: (prepared, values, caller) => {
      const asked = Math.round(prepared.cost(values));
      const allowed = limits.maxCost;
      if (asked > allowed) {
        const message = `The operation asks for too much: it costs ${asked}, and ${allowed} are allowed. Ask for shorter lists.`;
        return refuse(400, [
          { message, extensions: { code: 'LIMIT_EXCEEDED', limit: 'cost', allowed, asked } },
        ]);
      }
      return byOperation?.count(caller, prepared.name) ?? null;
    },
  };
};
