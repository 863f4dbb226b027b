import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** One file of the repository as the checks see it. */
export type SourceFile = { path: string; text: string; lines: readonly string[] };

/** Every file that is, or is about to be, committed and whose path matches. */
export const filesMatching = (pattern: RegExp): SourceFile[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((path) => pattern.test(path) && existsSync(`${root}/${path}`))
    .sort()
    .map((path) => {
      const text = readFileSync(`${root}/${path}`, 'utf8');
      return { path, text, lines: text.trimEnd().split('\n') };
    });

/** The modules a file imports, types included. */
export const importsOf = (file: SourceFile): string[] =>
  [...file.text.matchAll(/^\s*(?:import|export)\b[^;]*?\bfrom\s+'([^']+)'|\bimport\('([^']+)'\)/gms)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
