import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { invalidInput, parseInput } from './input.ts';

const schema = z.object({
  sku: z
    .string()
    .min(1, 'must not be empty')
    .transform((sku) => sku.toUpperCase()),
  lines: z.array(z.object({ quantity: z.number().int().min(1, 'must be at least 1') })),
});

describe('parseInput', () => {
  test('answers the parsed input', () => {
    expect(parseInput(schema, { sku: 'a-1', lines: [{ quantity: 2 }] })).toEqual({
      input: { sku: 'A-1', lines: [{ quantity: 2 }] },
    });
  });

  test('answers all problems at once, each with its place', () => {
    expect(parseInput(schema, { sku: '', lines: [{ quantity: 1 }, { quantity: 0 }] })).toEqual({
      invalid: {
        __typename: 'InvalidInput',
        message: 'sku: must not be empty. lines.1.quantity: must be at least 1.',
        problems: [
          { path: ['sku'], message: 'must not be empty' },
          { path: ['lines', '1', 'quantity'], message: 'must be at least 1' },
        ],
      },
    });
  });
});

test('invalidInput lists a hundred problems and counts the rest', () => {
  const problems = Array.from({ length: 1_000 }, (_, line) => ({
    path: [String(line)],
    message: 'is wrong',
  }));
  const outcome = invalidInput(problems);
  expect(outcome.problems).toHaveLength(100);
  expect(outcome.message).toMatch(/99: is wrong\. And 900 more\.$/);
});
