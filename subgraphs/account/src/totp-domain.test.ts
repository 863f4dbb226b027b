import { describe, expect, test } from 'vitest';
import { codeOf, otpauthUri, stepAt, stepOfCode } from './totp-domain.ts';

/** RFC 6238, appendix B: the same secret, repeated to the length of each hash. */
const secretOf = (length: number) => Buffer.from('1234567890'.repeat(7).slice(0, length));
const vectors = [
  [59, '94287082', '46119246', '90693936'],
  [1_111_111_109, '07081804', '68084774', '25091201'],
  [1_111_111_111, '14050471', '67062674', '99943326'],
  [1_234_567_890, '89005924', '91819424', '93441116'],
  [2_000_000_000, '69279037', '90698825', '38618901'],
  [20_000_000_000, '65353130', '77737706', '47863826'],
] as const;

test.each(vectors)('codes are those of RFC 6238 at %i s', (seconds, sha1, sha256, sha512) => {
  const step = stepAt(seconds * 1000);
  expect(codeOf(secretOf(20), step, 8, 'sha1')).toBe(sha1);
  expect(codeOf(secretOf(32), step, 8, 'sha256')).toBe(sha256);
  expect(codeOf(secretOf(64), step, 8, 'sha512')).toBe(sha512);
});

/** RFC 4226, appendix D. */
test('codes are those of RFC 4226', () => {
  const codes = Array.from({ length: 10 }, (_, count) => codeOf(secretOf(20), count));
  expect(codes).toEqual('755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' '));
});

describe('a code is taken', () => {
  const secret = secretOf(20);
  const at = 1_800_000_015_000;
  const step = stepAt(at);
  const taken = (of: number, lastStep = 0) => stepOfCode(secret, codeOf(secret, of), { at, lastStep });

  test('of its own step and one either way, and no further', () => {
    expect([-2, -1, 0, 1, 2].map((drift) => taken(step + drift))).toEqual([
      null,
      step - 1,
      step,
      step + 1,
      null,
    ]);
  });

  test('once, and never one from before the last', () => {
    expect(taken(step, step)).toBeNull();
    expect(taken(step - 1, step)).toBeNull();
    expect(taken(step + 1, step)).toBe(step + 1);
  });

  test('with spaces between its digits, but not with others', () => {
    const code = codeOf(secret, step);
    expect(stepOfCode(secret, `${code.slice(0, 3)} ${code.slice(3)}`, { at, lastStep: 0 })).toBe(step);
    for (const wrong of ['', '12345', `${code}0`, '१२३४५६', 'abcdef'])
      expect(stepOfCode(secret, wrong, { at, lastStep: 0 })).toBeNull();
  });
});

test('an authenticator is told the secret, the shop and the address', () => {
  expect(otpauthUri(secretOf(20), { shop: 'A shop', email: 'a+b@c.de' })).toBe(
    'otpauth://totp/A%20shop:a%2Bb%40c.de?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=A%20shop',
  );
});
