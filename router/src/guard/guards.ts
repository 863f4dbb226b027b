import type { Redis } from 'ioredis';
import type { Guards } from '../front/operation.ts';
import { refuse } from '../run/answer.ts';
import type { FullSettings } from '../settings.ts';
import { createRates } from './rates.ts';

/** What stands between an operation and its plan: what it costs, and how often its caller has asked. */
export const createGuards = ({ limits, rates }: FullSettings, redis: Redis | null): Guards => {
  const counted = rates.length > 0 ? createRates(rates, redis) : null;
  return {
    operation: (prepared, values, caller) => {
      const asked = Math.round(prepared.cost(values));
      const allowed = limits.maxCost;
      if (asked > allowed) {
        const message = `The operation asks for too much: it costs ${asked}, and ${allowed} are allowed. Ask for shorter lists.`;
        return refuse(400, [
          { message, extensions: { code: 'LIMIT_EXCEEDED', limit: 'cost', allowed, asked } },
        ]);
      }
      return counted ? counted.count(caller, prepared.name) : null;
    },
  };
};
