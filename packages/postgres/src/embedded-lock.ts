import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, EmbeddedPostgresError, FolderInUseError } from './embedded-error.ts';
import { isAlive, startedAt } from './embedded-process.ts';

const pollMs = 10;

/**
 * Keeps a folder to one process. The lock names its owner by pid and start time, so that one left behind by a
 * kill -9 is recognised even when the pid lives again as something else.
 */
export const lockFolder = async (folder: string): Promise<() => Promise<void>> => {
  const lock = join(folder, 'lock');
  const draft = `${lock}.${randomUUID()}`;
  try {
    // Written first and linked then, so that nobody ever reads half a lock.
    await writeFile(draft, `${process.pid} ${await startedAt(process.pid)}`, { mode: 0o600 });
    while (!link(draft, lock)) {
      const owner = read(lock);
      if (owner === null) continue;
      if (await isHeld(owner)) throw inUse(folder, owner);
      if (await takeOver(draft, lock, owner)) break;
    }
    return () => rm(lock, { force: true });
  } catch (error) {
    throw error instanceof EmbeddedPostgresError ? error : notWritable(folder, error);
  } finally {
    await rm(draft, { force: true });
  }
};

/**
 * Puts our lock in the place of a stale one. One at a time, and without a pause in which another could do so too,
 * because whoever only deletes a stale lock may delete the one that came after it.
 */
const takeOver = async (draft: string, lock: string, stale: string): Promise<boolean> => {
  const guard = `${lock}.guard`;
  if (!link(draft, guard)) {
    const owner = read(guard);
    if (owner !== null && !(await isHeld(owner))) rmSync(guard, { force: true });
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    return false;
  }
  try {
    if (read(lock) !== stale) return false;
    renameSync(draft, lock);
    return true;
  } finally {
    rmSync(guard, { force: true });
  }
};

const isHeld = async (owner: string): Promise<boolean> => {
  const [pid = '', ...start] = owner.split(' ');
  return isAlive(Number(pid)) && (await startedAt(Number(pid))) === start.join(' ');
};

const inUse = (folder: string, owner: string) =>
  new FolderInUseError(
    `Process ${owner.split(' ')[0]} runs a shop over ${folder} already: stop it, or set STOREGRAPH_HOME to another folder.`,
  );

const link = (from: string, to: string): boolean => {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
};

const read = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
};

/** One sentence for a folder that refuses what is written to it. */
export const notWritable = (folder: string, error: unknown): EmbeddedPostgresError =>
  new EmbeddedPostgresError(
    codeOf(error) === 'ENOSPC'
      ? `The disk of ${folder} is full: free some space and start again.`
      : `The folder ${folder} cannot be written to (${codeOf(error) ?? error}): make it yours, or choose another one.`,
    { cause: error },
  );
