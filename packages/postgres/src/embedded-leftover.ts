import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-error.ts';
import { commandLine, isAlive } from './embedded-process.ts';

/** How long a server that a crash left behind may take to stop. */
const stopTimeoutMs = 15_000;
const pollMs = 10;

/**
 * Ends the server that went on living when its process was killed. It is stopped and not adopted, because its
 * settings, its port and its log belong to the process that died.
 */
export const stopLeftover = async (data: string): Promise<void> => {
  const path = join(data, 'postmaster.pid');
  const text = await readFile(path, 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  if (!isAlive(pid)) return; // Postgres itself clears up after a server that is gone
  const command = await commandLine(pid);
  if (!command.includes(data)) {
    // The number belongs to something else today. Postgres takes its parent's for stale, and still looks whether
    // a child of the old server lives, which it could not if the file were deleted.
    await writeFile(path, text.replace(/^\d+/, `${process.pid}`));
    return;
  }
  process.kill(pid, 'SIGINT');
  const giveUpAt = Date.now() + stopTimeoutMs;
  while (isAlive(pid)) {
    if (Date.now() > giveUpAt) {
      throw new EmbeddedPostgresError(
        `A Postgres left over from a crash (process ${pid}) does not stop: end it and start again.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
};
