import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { unzip } from './data-fixture.ts';
import {
  archiveFiles,
  type DataJob,
  dataHolders,
  missingHolders,
  nextExportAt,
  pauseSecondsAfter,
} from './data-job-domain.ts';
import { zipOf } from './zip.ts';

const at = new Date('2026-05-01T12:00:00Z');
const job: DataJob = {
  ...{ id: 'j', customerId: 'c', kind: 'EXPORT', status: 'FINISHED', receiptCode: null },
  ...{ requestedAt: at, beginsAt: at, finishedAt: at, expiresAt: at, attempts: 0 },
};

test('every part of the shop is asked, and none that has answered', () => {
  expect(missingHolders([])).toEqual(dataHolders);
  expect(missingHolders([{ subgraph: 'cart' }, { subgraph: 'product' }])).not.toContain('cart');
  expect(missingHolders(dataHolders.map((subgraph) => ({ subgraph })))).toEqual([]);
});

test('no part of the shop is left out', () => {
  const subgraphs = readdirSync(fileURLToPath(new URL('../..', import.meta.url)));
  expect([...dataHolders].sort()).toEqual(subgraphs.sort());
});

test('tries come further and further apart, up to ten minutes', () => {
  const pauses = Array.from({ length: 100 }, (_, attempts) => pauseSecondsAfter(attempts));
  expect(pauses.slice(0, 4)).toEqual([1, 2, 4, 8]);
  expect(Math.max(...pauses)).toBe(600);
});

test('another export can be asked for after an hour, and at once after one that failed', () => {
  const soon = new Date(at.getTime() + 59 * 60_000);
  expect(nextExportAt(job, soon)).toEqual(new Date('2026-05-01T13:00:00Z'));
  expect(nextExportAt(job, new Date('2026-05-01T13:00:00Z'))).toBeNull();
  expect(nextExportAt({ ...job, status: 'FAILED' }, soon)).toBeNull();
  expect(nextExportAt(null, soon)).toBeNull();
});

test('an archive has a file for each part and one that says what it is', () => {
  const parts = [
    { subgraph: 'account', content: '{"name":"Zoë 😀"}' },
    { subgraph: 'cart', content: JSON.stringify({ lines: 'x'.repeat(100_000) }) },
  ];
  const files = unzip(zipOf(archiveFiles(job, parts), at));
  expect(Object.keys(files)).toEqual(['about.json', 'account.json', 'cart.json']);
  expect(JSON.parse(files['account.json'] ?? '')).toEqual({ name: 'Zoë 😀' });
  expect(files['cart.json']).toHaveLength(100_013);
  expect(JSON.parse(files['about.json'] ?? '')).toMatchObject({ files: ['account.json', 'cart.json'] });
});
