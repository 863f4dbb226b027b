import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FolderInUseError } from './embedded-error.ts';
import { lockFolder } from './embedded-lock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'storegraph-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const lock = () => join(folder, 'lock');
/** As a process leaves it that was killed: its number is somebody else's now. */
const stale = `${process.pid} 12345`;

it('lets one in at a time, names it to the others, and leaves nothing', async () => {
  const unlock = await lockFolder(folder);
  const refusal = lockFolder(folder);
  await expect(refusal).rejects.toThrow(FolderInUseError);
  await expect(refusal).rejects.toThrow(`Process ${process.pid} runs a shop over ${folder}`);
  await unlock();
  await (await lockFolder(folder))();
  expect(await readdir(folder)).toEqual([]);
});

it('lets one of many in where a lock was left behind', async () => {
  await writeFile(lock(), stale);
  // A guard that was left behind, too: whoever held it was killed while it took the lock over.
  await writeFile(`${lock()}.guard`, stale);
  const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)));
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const each of tries)
    if (each.status === 'rejected') expect(each.reason).toBeInstanceOf(FolderInUseError);
  expect(await readdir(folder)).toEqual(['lock']);
  expect(await readFile(lock(), 'utf8')).not.toBe(stale);
});

/** A process that takes the lock over and over, is alone each time, and leaves it as one that was killed does. */
const rival = async (rounds: number): Promise<number> => {
  const script = `
    const { open, rename, rm, writeFile } = await import('node:fs/promises');
    const { lockFolder } = await import(${JSON.stringify(new URL('./embedded-lock.ts', import.meta.url).href)});
    const folder = ${JSON.stringify(folder)};
    for (let round = 0; round < ${rounds}; ) {
      const unlock = await lockFolder(folder).catch((error) => {
        if (error.name !== 'FolderInUseError') throw error;
      });
      if (!unlock) continue;
      round += 1;
      const inside = await open(folder + '/inside', 'wx');
      await inside.close();
      await rm(folder + '/inside');
      const left = folder + '/left.' + process.pid;
      await writeFile(left, process.pid + ' ' + round);
      await rename(left, folder + '/lock');
    }`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  return code;
};

it('lets processes take it from the dead one after the other, never two at a time', async () => {
  await writeFile(lock(), stale);
  expect(await Promise.all(Array.from({ length: 4 }, () => rival(50)))).toEqual([0, 0, 0, 0]);
  expect(await readdir(folder)).toEqual(['lock']);
});
