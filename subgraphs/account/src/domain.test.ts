import { describe, expect, test } from 'vitest';
import { emailKeyOf, isEmail, passwordProblem } from './account-domain.ts';
import { networkOf, signInSubjects } from './attempt-domain.ts';
import { auditCursorOf, entryOfCursor } from './audit-domain.ts';
import { pauseSeconds } from './mail-domain.ts';
import { base32, createSecrets } from './secrets-domain.ts';

const [one, other] = ['01890000-0000-7000-8000-000000000001', '01890000-0000-7000-8000-000000000002'];
const secrets = createSecrets([Buffer.alloc(32, 1)]);

describe('an e-mail address', () => {
  test.each(['a@b.de', 'a+b@c-d.example', "o'hara@example.com", 'jörg@müller.de', 'a@b.xn--p1ai'])(
    'is %s',
    (text) => {
      expect(isEmail(text)).toBe(true);
    },
  );
  test.each([
    '',
    'a',
    '@b.de',
    'a@',
    'a@b',
    'a@@b.de',
    'a@-b.de',
    'a@b..de',
    '.a@b.de',
    'a.@b.de',
    'a b@c.de',
    'a@b.de>',
  ])('is not %j', (text) => {
    expect(isEmail(text)).toBe(false);
  });
  test('is the same in capitals, and with its letters composed in another way', () => {
    expect(emailKeyOf(' JÖRG@Example.COM ')).toBe(emailKeyOf('jo\u0308rg@example.com'));
  });
});

test('a password may be anything long enough that is not tried first', () => {
  expect(passwordProblem('x y z 1 2 3', null)).toBeNull();
  expect(passwordProblem('🐎🔋🐎🔋🐎🔋🐎🔋🐎🔋🔑🗝', null)).toBeNull();
  for (const bad of ['short', 'Password123', '          ', 'somebody@example.com', 'SOMEBODY@example.com'])
    expect(passwordProblem(bad, 'somebody@example.com')).not.toBeNull();
});

describe('what is given out', () => {
  test('is the same for the same, and other for every purpose, id and shop', () => {
    const tokens = [
      secrets.token('link', one),
      secrets.token('link', other),
      secrets.token('sign-up', one),
      secrets.refreshToken(one, 0),
      secrets.refreshToken(one, 1),
      secrets.deviceToken('a@b.de', one),
      createSecrets([Buffer.alloc(32, 2)]).token('link', one),
    ];
    expect(new Set(tokens).size).toBe(tokens.length);
    expect(secrets.token('link', one)).toBe(tokens[0]);
  });

  test('is taken for what it was given for, and for nothing else', () => {
    expect(secrets.idOf('link', secrets.token('link', one))).toBe(one);
    expect(secrets.idOf('sign-up', secrets.token('link', one))).toBeNull();
    expect(secrets.idOf('link', secrets.token('link', one).replace(one, other))).toBeNull();
    expect(secrets.deviceOf('b@b.de', secrets.deviceToken('a@b.de', one))).toBeNull();
    expect(secrets.readRefreshToken(secrets.refreshToken(one, 7))).toEqual({ sessionId: one, generation: 7 });
    expect(secrets.readRefreshToken(secrets.refreshToken(one, 7).replace('.7.', '.8.'))).toBeNull();
  });

  test('holds recovery codes that are found in any writing, and nothing near them', () => {
    const codes = secrets.recoveryCodes(one);
    expect(codes.map((code) => secrets.recoveryPlace(one, ` ${code.toLowerCase()} `))).toEqual([
      ...codes.keys(),
    ]);
    expect(secrets.recoveryPlace(other, codes[0] ?? '')).toBeNull();
    expect(secrets.recoveryPlace(one, '')).toBeNull();
  });

  test('is written in Base32 as RFC 4648 does', () => {
    const written = ['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar'].map((text) =>
      base32(Buffer.from(text)),
    );
    expect(written).toEqual(['', 'MY', 'MZXQ', 'MZXW6', 'MZXW6YQ', 'MZXW6YTB', 'MZXW6YTBOI']);
  });
});

describe('attempts', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:2::', '2001:db8:1:2'],
    ['2001:0db8:0001:0002::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('from %s are those of %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  test('of a device that is known are counted by it alone', () => {
    const of = { emailKey: 'a@b.de', address: '203.0.113.7' };
    expect(signInSubjects({ ...of, deviceId: one }).map(({ name }) => name)).toEqual([`device ${one}`]);
    expect(signInSubjects({ ...of, deviceId: null })).toHaveLength(3);
  });
});

test('a mail is tried again for a day, later and later', () => {
  const pauses = Array.from({ length: 12 }, (_, tries) => pauseSeconds(tries + 1));
  expect(pauses.slice(0, 4)).toEqual([60, 120, 240, 480]);
  expect(Math.max(...pauses)).toBe(14_400);
  expect(pauses.reduce((sum, seconds) => sum + seconds, 0)).toBeGreaterThan(60_000);
});

test('a cursor of the audit log is read as it was written, and nothing else is', () => {
  expect(entryOfCursor(auditCursorOf(42))).toBe(42);
  for (const wrong of ['', 'x', Buffer.from('audit 0').toString('base64url')])
    expect(entryOfCursor(wrong)).toBeNull();
});
