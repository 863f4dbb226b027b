import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-error.ts';
import { commandLine, isAlive } from './embedded-process.ts';

/** How long a server that a crash left behind may take to stop. */
const stopTimeoutMs = 15_000;

/**
 * Ends the server that went on living when its process was killed. It is stopped and not adopted, because its
 * settings, its port and its log belong to the process that died. A pid file whose server is gone is deleted.
 */
export const stopLeftover = async (data: string): Promise<void> => {
  const path = join(data, 'postmaster.pid');
  const pid = Number((await readFile(path, 'utf8').catch(() => '')).split('\n')[0]);
  if (!pid) return;
  const command = await commandLine(pid);
  // Where the command line cannot be read, the number alone has to do.
  const isOurs = isAlive(pid) && (command === '' || command.includes(data));
  if (!isOurs) {
    await rm(path, { force: true });
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
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
