import { expect, test } from 'vitest';
import { createLog } from './log.ts';

const written = (write: (log: ReturnType<typeof createLog>) => void) => {
  const lines: string[] = [];
  write(createLog((line) => lines.push(line)));
  return lines;
};

test('a line is one line of JSON, whatever is in it', () => {
  const [line] = written((log) => log.info('two\nlines', { amount: 10n, name: '"}\n{"level":"fake"}' }));
  expect(line?.endsWith('\n')).toBe(true);
  expect(line?.trimEnd()).not.toContain('\n');
  expect(JSON.parse(line ?? '')).toMatchObject({ level: 'info', message: 'two\nlines', amount: '10' });
});

test('an error is written with its stack and its causes, without the values of its statement', () => {
  const cause = new Error('connection refused');
  const error = new Error(
    'Failed query: select * from customers where email = $1\nparams: ada@example.com,4242',
    { cause },
  );
  const [line] = written((log) => log.error('A field failed.', { error }));
  expect(line).toContain('email = $1');
  expect(line).toContain('log.test.ts');
  expect(line).toContain('connection refused');
  expect(line).not.toContain('ada@example.com');
  expect(line).not.toContain('4242');
});
