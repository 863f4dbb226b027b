import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-error.ts';
import { isAlive, startedAt } from './embedded-process.ts';

/**
 * Keeps a folder to one process. The lock names its owner by pid and start time, so that one left behind by a
 * kill -9 is recognised even when the pid lives again as something else.
 */
export const lockFolder = async (folder: string): Promise<() => Promise<void>> => {
  const path = join(folder, 'lock');
  const own = `${process.pid} ${await startedAt(process.pid)}`;
  for (;;) {
    try {
      const file = await open(path, 'wx', 0o600);
      await file.writeFile(own);
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST'))
        throw notWritable(folder, error);
    }
    const owner = await readFile(path, 'utf8').catch(() => '');
    const [pid = '', start] = owner.split(' ');
    if (isAlive(Number(pid)) && (await startedAt(Number(pid))) === start) {
      throw new EmbeddedPostgresError(
        `Process ${pid} runs a shop over ${folder} already: stop it, or set STOREGRAPH_HOME to another folder.`,
      );
    }
    await rm(path, { force: true });
  }
};

const notWritable = (folder: string, error: unknown) =>
  new EmbeddedPostgresError(
    `The folder ${folder} cannot be written to (${error instanceof Error && 'code' in error ? error.code : error}): choose another one or free some space.`,
  );
