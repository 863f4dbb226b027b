import { expect, test } from 'vitest';
import { settingsSchema } from '../router/src/settings.ts';
import { settingsTable, withTable, writeTable } from './router-settings.ts';

test('the guide to the router has its settings as they are', () => {
  expect(writeTable({ check: true })).toEqual([]);
});

test('the table has every setting, each with what it says', () => {
  const table = settingsTable();
  for (const name of Object.keys(settingsSchema.shape)) expect(table).toContain(`| \`${name}`);
  for (const line of table.split('\n')) expect(line).toMatch(/^\|([^|]+\|){4}$/);
  expect(table).not.toContain('undefined');
});

test('what stands around the table is left alone, and a guide without a place for it is named', () => {
  const guide =
    'before\n<!-- settings: `tsx scripts/router-settings.ts` -->\noutdated\n<!-- end of settings -->\nafter\n';
  const written = withTable(guide);
  expect(written.split('\n').at(0)).toBe('before');
  expect(written).toContain(settingsTable());
  expect(written).not.toContain('outdated');
  expect(withTable(written)).toBe(written);
  expect(() => withTable('no place')).toThrow('docs/router.md lacks the marks');
});
