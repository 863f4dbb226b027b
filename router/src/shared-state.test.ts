import { randomUUID } from 'node:crypto';
import { anonymous } from '@storegraph/server';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, test } from 'vitest';
import type { Caller } from './front/head.ts';
import { createRates, type Rate } from './guard/rates.ts';
import { createAutomatic } from './persisted/automatic.ts';
import { hashOf } from './persisted/manifest.ts';

/** What routers keep alone, and together where there is a Redis: one suite for both. `REDIS_URL=redis://127.0.0.1 npm test` */
const redisUrl = process.env['REDIS_URL'];
const opened: Redis[] = [];
const open = (url: string): Redis => {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, enableOfflineQueue: true });
  redis.on('error', () => undefined);
  opened.push(redis);
  return redis;
};
afterAll(() => {
  for (const redis of opened) redis.disconnect();
});

const caller = (address: string): Caller => ({
  ...{ token: undefined, viewer: anonymous, requestId: 'r', deadlineAt: 0, expiresAt: 0 },
  ...{ client: null, address },
});
const onlyOne: readonly Rate[] = [{ per: 'address', operations: 1, seconds: 60 }];

const places = [
  { name: 'in one process', redis: () => null },
  ...(redisUrl ? [{ name: 'in Redis', redis: () => open(redisUrl) }] : []),
];

describe.each(places)('$name', ({ redis }) => {
  test('an operation that was sent once is known by its hash, and no other', async () => {
    const store = createAutomatic(redis());
    const text = `{ products { id } } # ${randomUUID()}`;
    expect(await store.read(hashOf(text))).toBeNull();
    await store.write(hashOf(text), text);
    expect(await store.read(hashOf(text))).toBe(text);
    expect(await store.read(hashOf(`${text} `))).toBeNull();
  });

  test('a text that is no page of a shop is not kept', async () => {
    const store = createAutomatic(redis());
    const text = `{ products { id } } # ${'x'.repeat(70_000)} ${randomUUID()}`;
    await store.write(hashOf(text), text);
    expect(await store.read(hashOf(text))).toBeNull();
  });

  test('a rate is used up', async () => {
    const rates = createRates(onlyOne, redis());
    const address = randomUUID();
    expect(await rates.count(caller(address), null)).toBeNull();
    expect(await rates.count(caller(address), null)).toMatchObject({ refusedWith: 429 });
  });
});

describe.runIf(redisUrl)('several routers over one Redis', () => {
  const url = redisUrl ?? '';

  test('learn operations from each other', async () => {
    const text = `{ products { id } } # ${randomUUID()}`;
    await createAutomatic(open(url)).write(hashOf(text), text);
    expect(await createAutomatic(open(url)).read(hashOf(text))).toBe(text);
  });

  test('count together', async () => {
    const address = randomUUID();
    expect(await createRates(onlyOne, open(url)).count(caller(address), null)).toBeNull();
    expect(await createRates(onlyOne, open(url)).count(caller(address), null)).toMatchObject({
      refusedWith: 429,
    });
  });
});

test('a Redis that is away is done without: each router counts and learns for itself', async () => {
  const away = new Redis('redis://127.0.0.1:1', { maxRetriesPerRequest: 0, enableOfflineQueue: false });
  away.on('error', () => undefined);
  opened.push(away);
  const store = createAutomatic(away);
  const text = `{ products { id } } # ${randomUUID()}`;
  await store.write(hashOf(text), text);
  expect(await store.read(hashOf(text))).toBe(text);
  const rates = createRates(onlyOne, away);
  expect(await rates.count(caller('a'), null)).toBeNull();
  expect(await rates.count(caller('a'), null)).toMatchObject({ refusedWith: 429 });
});
