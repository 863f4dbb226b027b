import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ask, nobody } from './reach-fixture.ts';
import type { Transport } from './transport.ts';
import { createWays, type Ways } from './ways.ts';

/** What became of the ways that were made, by their addresses. */
let opened: string[];
let closed: string[];
let ways: Ways;

beforeEach(() => {
  vi.useFakeTimers();
  opened = [];
  closed = [];
  ways = createWays(({ name, url }): Transport => {
    opened.push(url);
    return {
      ...{ name, fetch: async () => ({ data: { from: url } }), subscribe: async () => ({}) },
      isReady: async () => undefined,
      close: async () => void closed.push(url),
    };
  });
});
afterEach(() => vi.useRealTimers());

const boxes = { name: 'boxes', url: 'http://boxes' };
const moved = { name: 'boxes', url: 'http://boxes-2' };
const lids = { name: 'lids', url: 'https://lids' };

const from = async ([way]: readonly Transport[]) => {
  const { data, errors } = (await way?.fetch(ask('{ who }'), {}, nobody())) ?? {};
  return errors ? errors[0]?.extensions?.['code'] : (data as { from: string }).from;
};

test('a way leads nowhere before its place is taken, and is made once', async () => {
  const to = ways.to([boxes]);
  expect(await from(to)).toBe('SUBGRAPH_UNREACHABLE');
  expect(opened).toEqual([]);
  ways.take([boxes]);
  ways.take([boxes, lids]);
  expect(await from(to)).toBe('http://boxes');
  expect(opened).toEqual(['http://boxes', 'https://lids']);
});

test('an older way leads to where its subgraph has moved', async () => {
  const to = ways.to([boxes]);
  ways.take([boxes]);
  ways.take([moved]);
  expect(await from(to)).toBe('http://boxes-2');
  await vi.advanceTimersByTimeAsync(30_000);
  expect(closed).toEqual(['http://boxes']);
  expect(await from(to)).toBe('http://boxes-2');
});

test('what went away is there as long as an operation under way may last', async () => {
  const to = ways.to([lids]);
  ways.take([boxes, lids]);
  ways.take([boxes]);
  await vi.advanceTimersByTimeAsync(29_999);
  expect(await from(to)).toBe('https://lids');
  await vi.advanceTimersByTimeAsync(1);
  expect([await from(to), closed]).toEqual(['SUBGRAPH_UNREACHABLE', ['https://lids']]);
  ways.take([lids]);
  expect(await from(to)).toBe('https://lids');
});

test('what comes back in that time stays', async () => {
  ways.take([boxes, lids]);
  ways.take([boxes]);
  ways.take([boxes, lids]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([opened.length, closed]).toEqual([2, []]);
});

test('all that was made is closed in the end, once', async () => {
  ways.take([boxes, lids]);
  ways.take([moved]);
  await ways.close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(closed.sort()).toEqual(['http://boxes', 'http://boxes-2', 'https://lids']);
});

test.each(['', 'boxes:4001', 'ftp://boxes', 'http://'])('"%s" is no address', (url) => {
  expect(() => ways.to([{ name: 'boxes', url }])).toThrow('The subgraph boxes has no address.');
});
