import { isStranger } from '@storegraph/server';
import type { Redis } from 'ioredis';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible';
import type { Caller } from '../front/head.ts';
import type { Refusal } from '../front/refusal.ts';
import { refuse } from '../run/answer.ts';

/** How much somebody may ask for: so many operations in so many seconds. */
export type Rate = {
  /** Whose operations are counted together. */
  readonly per: 'address' | 'viewer' | 'client' | 'operation';
  readonly operations: number;
  readonly seconds: number;
};

/** Anonymous phones behind one mobile network share an address, so this is a bound for floods and no quota. */
export const defaultRates: readonly Rate[] = [
  { per: 'address', operations: 6_000, seconds: 60 },
  { per: 'viewer', operations: 1_200, seconds: 60 },
];

export type Rates = {
  /** Counts an operation; the refusal of the first rate that is used up. */
  readonly count: (caller: Caller, operationName: string | null) => Promise<Refusal | null>;
};

/** The name that is counted by; null where this rate is not about the caller. */
const nameOf = (per: Rate['per'], caller: Caller, operationName: string | null): string | null => {
  const { viewer, client, address } = caller;
  switch (per) {
    case 'address':
      return isStranger(viewer) ? address : null;
    case 'viewer':
      // Our own services have work to do, and tokens of their own.
      return viewer.kind === 'anonymous' || viewer.kind === 'guest' || viewer.kind === 'service'
        ? null
        : `${viewer.kind}:${viewer.id}`;
    case 'client':
      return client?.name ?? null;
    case 'operation':
      return (
        operationName &&
        `${operationName} ${viewer.kind === 'anonymous' || viewer.kind === 'guest' ? address : viewer.id}`
      );
  }
};

const refusal = ({ per, operations, seconds }: Rate, waitMs: number): Refusal => {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
  const message = `Too many operations: ${operations} in ${seconds} s are allowed. Try again in ${retryAfterSeconds} s.`;
  const extensions = {
    code: 'RATE_LIMITED',
    limit: `rate per ${per}`,
    allowed: operations,
    retryAfterSeconds,
  };
  return { ...refuse(429, [{ message, extensions }]), headers: { 'retry-after': String(retryAfterSeconds) } };
};

const limiterOf = ({ per, operations, seconds }: Rate, redis: Redis | null): RateLimiterAbstract => {
  const options = { keyPrefix: `rate:${per}:${seconds}`, points: operations, duration: seconds };
  if (!redis) return new RateLimiterMemory(options);
  // When Redis is away each router counts for itself, rather than nobody being served or nobody counted.
  return new RateLimiterRedis({
    ...options,
    storeClient: redis,
    insuranceLimiter: new RateLimiterMemory(options),
  });
};

/** Counts operations in this process, or in Redis where several routers count together. */
export const createRates = (rates: readonly Rate[], redis: Redis | null = null): Rates => {
  const limiters = rates.map((rate) => ({ rate, limiter: limiterOf(rate, redis) }));
  return {
    count: async (caller, operationName) => {
      for (const { rate, limiter } of limiters) {
        const name = nameOf(rate.per, caller, operationName);
        if (name === null) continue;
        try {
          await limiter.consume(name);
        } catch (used) {
          if (!(used instanceof RateLimiterRes)) throw used;
          return refusal(rate, used.msBeforeNext);
        }
      }
      return null;
    },
  };
};
