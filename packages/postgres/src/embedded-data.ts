import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Binaries } from './embedded-binaries.ts';
import { codeOf, EmbeddedPostgresError } from './embedded-error.ts';
import type { RunAs } from './embedded-user.ts';

/** The major version of the binaries: a data folder belongs to one. */
const majorVersion = '18';
/** Who owns everything in an embedded server. */
export const superuser = 'storegraph';
/** A file system with less room than this is taken for the reason of whatever failed on it. */
const almostFullBytes = 16 * 1024 * 1024;

type Place = { home: string; data: string; binaries: Binaries; user: RunAs };

/** Makes the data folder at the first start, checks it at every other, and answers the password. */
export const prepareData = async (place: Place): Promise<string> => {
  const { home, data } = place;
  const secret = join(home, 'password');
  if (await isEmpty(data)) return initialize(place, secret);

  const version = (await readIfThere(join(data, 'PG_VERSION')))?.trim();
  if (version === undefined) {
    throw new EmbeddedPostgresError(
      `${data} is damaged (PG_VERSION is missing): restore it from a backup, or start anew with --fresh.`,
    );
  }
  if (version !== majorVersion) {
    throw new EmbeddedPostgresError(
      `${data} was made by Postgres ${version} and this is Postgres ${majorVersion}: dump it with the old release, or start anew with --fresh.`,
    );
  }
  const password = await readIfThere(secret);
  if (!password) {
    throw new EmbeddedPostgresError(
      `${secret} is missing, so ${data} cannot be opened: put it back, or start anew with --fresh.`,
    );
  }
  return password;
};

/** Makes the folder under another name first, so that a start cut short leaves nothing that looks whole. */
const initialize = async ({ home, data, binaries, user }: Place, secret: string): Promise<string> => {
  const draft = `${data}.new`;
  const password = randomBytes(24).toString('base64url');
  for (const leftover of [draft, discarded(data)]) await rm(leftover, { recursive: true, force: true });
  try {
    await mkdir(draft, { mode: 0o700 });
    await user.own(draft);
    await rm(secret, { force: true });
    await writeFile(secret, password, { mode: 0o600, flush: true });
    await user.own(secret);
    await runInitdb(draft, secret, binaries, user);
    await rename(draft, data);
  } catch (error) {
    const full = await diskFull(home);
    await rm(draft, { recursive: true, force: true });
    throw full ?? error;
  }
  return password;
};

/** Deletes the data. Renamed first: a deletion cut short must leave nothing that looks like a database. */
export const discardData = async (home: string, data: string): Promise<void> => {
  await rm(discarded(data), { recursive: true, force: true });
  await rename(data, discarded(data)).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
  await rm(discarded(data), { recursive: true, force: true });
  await rm(join(home, 'password'), { force: true });
};

const discarded = (data: string): string => `${data}.discarded`;

const runInitdb = async (draft: string, secret: string, { initdb }: Binaries, { prefix }: RunAs) => {
  const options = {
    pgdata: draft,
    username: superuser,
    pwfile: secret,
    auth: 'scram-sha-256',
    encoding: 'UTF8',
    // Sorts alike on every machine, whatever its libraries.
    'locale-provider': 'builtin',
    'builtin-locale': 'C.UTF-8',
    locale: 'C',
  };
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  // It would make room again before anybody could see that the disk was full.
  const [command = '', ...rest] = [...prefix, initdb, '--no-clean', '--no-instructions', ...args];
  const child = spawn(command, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const [code] = await once(child, 'close');
  if (code === 0) return;
  const reason = complaint.split('\n').find((line) => /error|FATAL|PANIC/.test(line)) ?? complaint.trim();
  throw new EmbeddedPostgresError(`A new database could not be made in ${draft}: ${reason}`);
};

/** The sentence for a full disk, when that is what the folder is on. */
export const diskFull = async (folder: string): Promise<EmbeddedPostgresError | null> => {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize > almostFullBytes) return null;
  return new EmbeddedPostgresError(`The disk of ${folder} is full: free some space and start again.`);
};

const isEmpty = async (folder: string): Promise<boolean> =>
  (await readdir(folder).catch((error: unknown) => absentOrForeign(folder, error, [])))?.length === 0;

/** What a file holds; undefined when it is not there. */
export const readIfThere = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').catch((error: unknown) => absentOrForeign(path, error, undefined));

const absentOrForeign = <T>(path: string, error: unknown, absent: T): T => {
  if (codeOf(error) === 'ENOENT') return absent;
  throw new EmbeddedPostgresError(
    `${path} cannot be read (${codeOf(error) ?? error}): start as the user who started before, or choose another folder.`,
    { cause: error },
  );
};
