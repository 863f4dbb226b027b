import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { InvalidEnvironment, parseEnv } from './parse-env.ts';

const schema = z.object({
  POSTGRES_URL: z.url('must be a URL'),
  PORT: z.coerce.number().int().max(65_535, 'must be at most 65535').default(4001),
  SECRET: z.string().min(16, 'must have 16 characters'),
});

describe('parseEnv', () => {
  test('answers what was parsed and ignores the rest', () => {
    const env = { POSTGRES_URL: 'postgres://localhost/a', SECRET: 's'.repeat(16), HOME: '/root', PORT: '' };
    expect(parseEnv(schema, env)).toEqual({
      POSTGRES_URL: 'postgres://localhost/a',
      SECRET: 's'.repeat(16),
      PORT: 4001,
    });
  });

  test('says all problems at once, in sentences, without the values', () => {
    const parse = () => parseEnv(schema, { POSTGRES_URL: '', PORT: '70000', SECRET: 'hunter2' });
    expect(parse).toThrow(InvalidEnvironment);
    expect(parse).toThrow(
      [
        'The environment cannot be used:',
        '- POSTGRES_URL is missing.',
        '- PORT is wrong: must be at most 65535.',
        '- SECRET is wrong: must have 16 characters.',
      ].join('\n'),
    );
  });
});
