import type { Redis } from 'ioredis';
import { createRecent } from '../prepare/recent.ts';

/** Operations that clients persist by sending them once with their hash. */
export type AutomaticStore = {
  readonly read: (hash: string) => string | null | Promise<string | null>;
  readonly write: (hash: string, text: string) => void | Promise<void>;
};

/** Clients that build their texts would fill any store: the oldest are forgotten, and sent again. */
const maxKept = 1_000;
/** A text longer than this is sent each time: it is no page of a shop. */
const maxTextLength = 64 * 1024;
const keptSeconds = 7 * 24 * 60 * 60;

/** In the memory of this process: each router asks for the text once. */
const createAutomaticMemory = (): AutomaticStore => {
  const texts = createRecent<string>(maxKept);
  return {
    read: (hash) => texts.read(hash) ?? null,
    write: (hash, text) => {
      if (text.length <= maxTextLength) texts.write(hash, text);
    },
  };
};

/** In Redis, for all routers, with those used last in memory. */
const createAutomaticRedis = (redis: Redis): AutomaticStore => {
  const memory = createAutomaticMemory();
  const keyOf = (hash: string): string => `operation:${hash}`;
  return {
    read: async (hash) => {
      const known = await memory.read(hash);
      if (known !== null) return known;
      // Without Redis the client is asked for its text once more.
      const text = await redis.get(keyOf(hash)).catch(() => null);
      if (text !== null) await memory.write(hash, text);
      return text;
    },
    write: async (hash, text) => {
      if (text.length > maxTextLength) return;
      await memory.write(hash, text);
      await redis.set(keyOf(hash), text, 'EX', keptSeconds).catch(() => null);
    },
  };
};

/** In Redis where several routers are in front of the same clients, else in this process. */
export const createAutomatic = (redis: Redis | null): AutomaticStore =>
  redis ? createAutomaticRedis(redis) : createAutomaticMemory();
