import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isEntryPoint } from '@storegraph/server';
import { type FullSettings, fullSettings, settingsSchema } from '../router/src/settings.ts';
import { root } from './repository.ts';

/** Where the settings of the router are described, between two marks. */
export const guide = 'docs/router.md';
const marks = ['<!-- settings: `tsx scripts/router-settings.ts` -->', '<!-- end of settings -->'] as const;

/** As much of JSON Schema as the settings use. */
type Described = {
  readonly type?: string | undefined;
  readonly description?: string | undefined;
  readonly enum?: readonly unknown[] | undefined;
  readonly exclusiveMinimum?: number | undefined;
  readonly properties?: Readonly<Record<string, Described>> | undefined;
  readonly items?: Described | undefined;
};

type Row = { readonly name: string; readonly of: Described };

const rowsOf = (described: Described, path: string): Row[] =>
  Object.entries(described.properties ?? {}).flatMap(([key, of]) => {
    const name = path === '' ? key : `${path}.${key}`;
    if (of.properties) return rowsOf(of, name);
    return [{ name, of }, ...rowsOf(of.items ?? {}, `${name}[]`)];
  });

const words: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'true or false',
  integer: 'a whole number',
};

const kindOf = ({ type = '', enum: choices, items, exclusiveMinimum }: Described): string => {
  if (choices) return choices.map((choice) => `\`${choice}\``).join(', ');
  if (items) return items.properties ? 'a list' : `a list of ${words[items.type ?? '']}s`;
  return `${words[type]}${exclusiveMinimum === undefined ? '' : ` above ${exclusiveMinimum}`}`;
};

const valueAt = (settings: FullSettings, name: string): unknown =>
  name
    .split('.')
    // Walks along names that the schema of these settings gave.
    .reduce<unknown>(
      (value, key) => (value as Readonly<Record<string, unknown>> | undefined)?.[key],
      settings,
    );

const codeOf = (value: unknown): string => {
  if (value === null || (Array.isArray(value) && value.length === 0)) return 'none';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
};

const defaultOf = (name: string): string => {
  const [developing, production] = [false, true].map((where) => valueAt(fullSettings({}, where), name));
  if (developing === undefined) return '';
  const usual = codeOf(developing);
  const guarded = codeOf(production);
  return usual === guarded ? usual : `${usual}; in production ${guarded}`;
};

/** The settings as a table in Markdown. */
export const settingsTable = (): string => {
  // A schema of JSON Schemas holds much more than these use.
  const described = settingsSchema.toJSONSchema({ io: 'input' }) as Described;
  const rows = rowsOf(described, '').map(
    ({ name, of }) => `| \`${name}\` | ${kindOf(of)} | ${defaultOf(name)} | ${of.description} |`,
  );
  return ['| setting | is | when left out | what it says |', '|---|---|---|---|', ...rows].join('\n');
};

/** The guide with the table as it is now. */
export const withTable = (text: string): string => {
  const begin = text.indexOf(marks[0]);
  const end = text.indexOf(marks[1]);
  if (begin < 0 || end < begin) throw new Error(`${guide} lacks the marks ${marks.join(' and ')}.`);
  return `${text.slice(0, begin + marks[0].length)}\n${settingsTable()}\n${text.slice(end)}`;
};

/** Writes the table into the guide or, with `check`, says whether it is stale. Answers what is wrong. */
export const writeTable = ({ check }: { readonly check: boolean }): readonly string[] => {
  const file = join(root, guide);
  const text = readFileSync(file, 'utf8');
  const current = withTable(text);
  if (text === current) return [];
  if (check) return [`The settings in ${guide} are stale. Run \`npx tsx scripts/router-settings.ts\`.`];
  writeFileSync(file, current);
  return [];
};

if (isEntryPoint(import.meta.url)) {
  const problems = writeTable({ check: process.argv.includes('--check') });
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}
