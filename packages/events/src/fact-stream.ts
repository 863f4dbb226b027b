import { Redis } from 'ioredis';
import type { StoredEvent } from './catalogue.ts';
import type { Outage } from './outage.ts';

/** How many facts of a publisher Redis keeps, about: minutes of a busy shop. Older ones are read from the outbox. */
export const streamLength = 100_000;
/** How long an answer may take before the connection counts as dead; the longest of them waits for a second. */
const socketTimeoutMs = 15_000;
/** How long between two tries to connect at most. */
const maxReconnectMs = 2_000;

/** The stream of a publisher's facts. */
export const streamOf = (publisher: string): string => `facts:${publisher}`;

/** A connection that is made again for as long as it takes, and then sends again what was not answered. */
export const connectStream = (url: string, outage: Outage): Redis => {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    socketTimeout: socketTimeoutMs,
    retryStrategy: (tries) => Math.min(tries * 100, maxReconnectMs),
  });
  redis.on('error', (cause) => {
    outage.goesOn(
      new Error('Redis does not answer: publishers are asked for their facts instead.', { cause }),
    );
  });
  redis.on('ready', outage.isOver);
  return redis;
};

/** Where a stream ends: the sequence of its last fact, 0 where there is none. */
export const streamEnd = async (redis: Redis, publisher: string): Promise<number> => {
  const [last] = await redis.xrevrange(streamOf(publisher), '+', '-', 'COUNT', 1);
  return last ? sequenceOf(last[0]) : 0;
};

/** The sequence in an entry's id. */
export const sequenceOf = (id: string): number => Number.parseInt(id, 10);

/**
 * Adds what is behind the stream's end, in one go, and passes over the rest: other processes of the publisher add
 * the same facts, and what was sent before a connection broke is sent again.
 */
const addScript = `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local sequence = last and tonumber(string.match(last[1], '^%d+')) or 0
for n = 2, #ARGV, 2 do
  if tonumber(ARGV[n]) > sequence then
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], ARGV[n] .. '-0', 'fact', ARGV[n + 1])
  end
end`;

/** Adds facts to their publisher's stream, each once, whoever else does. */
export const addToStream = async (
  redis: Redis,
  publisher: string,
  facts: readonly StoredEvent[],
): Promise<void> => {
  const entries = facts.flatMap((fact) => [String(fact.sequence), JSON.stringify(fact)]);
  await redis.eval(addScript, 1, streamOf(publisher), streamLength, ...entries);
};
