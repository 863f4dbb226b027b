import { describe, expect, test } from 'vitest';
import {
  type ConsentEntry,
  channelsWithout,
  consentCursorOf,
  consentOfCursor,
  isNews,
  missingFor,
  standingOf,
} from './consent-domain.ts';

const line = (
  id: number,
  purpose: ConsentEntry['purpose'],
  version: string,
  isGranted: boolean,
): ConsentEntry => ({
  ...{ id, customerId: 'c', purpose, version, isGranted, recordedAt: new Date(id * 1000) },
});
const ledger = [
  line(1, 'TERMS', '1', true),
  line(2, 'MARKETING_EMAIL', '1', true),
  line(3, 'MARKETING_EMAIL', '1', false),
  line(4, 'TERMS', '2', true),
];

describe('the standing of consents', () => {
  test('is what was said last of each purpose', () => {
    expect(standingOf(ledger)).toEqual([
      { purpose: 'TERMS', version: '2', isGranted: true, grantedAt: new Date(4000), withdrawnAt: null },
      {
        ...{ purpose: 'MARKETING_EMAIL', version: '1', isGranted: false },
        ...{ grantedAt: new Date(2000), withdrawnAt: new Date(3000) },
      },
    ]);
  });
  test('changes by another version, by a withdrawal and by a new agreement, and not by a repeat', () => {
    const standing = standingOf(ledger);
    expect(isNews(standing, { purpose: 'TERMS', version: '2', isGranted: true })).toBe(false);
    expect(isNews(standing, { purpose: 'TERMS', version: '3', isGranted: true })).toBe(true);
    expect(isNews(standing, { purpose: 'TERMS', version: '2', isGranted: false })).toBe(true);
    expect(isNews(standing, { purpose: 'MARKETING_EMAIL', version: '1', isGranted: true })).toBe(true);
    expect(isNews(standing, { purpose: 'MARKETING_EMAIL', version: '1', isGranted: false })).toBe(false);
    expect(isNews(standing, { purpose: 'ANALYTICS', version: '1', isGranted: true })).toBe(true);
  });
});

test('a channel needs its consent, and ends with it', () => {
  const standing = standingOf([line(1, 'MARKETING_SMS', '1', true)]);
  expect(missingFor(['SMS'], standing)).toEqual([]);
  expect(missingFor(['EMAIL', 'SMS'], standing)).toEqual(['MARKETING_EMAIL']);
  expect(missingFor(['EMAIL'], standingOf(ledger))).toEqual(['MARKETING_EMAIL']);
  expect(channelsWithout(['EMAIL', 'SMS'], 'MARKETING_EMAIL')).toEqual(['SMS']);
  expect(channelsWithout(['EMAIL'], 'TERMS')).toEqual(['EMAIL']);
});

test('a cursor is one of ours or none', () => {
  expect(consentOfCursor(consentCursorOf(42))).toBe(42);
  for (const text of ['', 'x', consentCursorOf(-1), Buffer.from('consent 0').toString('base64url')]) {
    expect(consentOfCursor(text)).toBeNull();
  }
});
