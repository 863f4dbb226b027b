import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whether a process of this number lives. One that has ended and that nobody waits for (a zombie) does not. */
export const isAlive = (pid: number): boolean => {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    // It lives, but belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

const isZombie = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false; // no /proc on this system
  }
};

/** When a process began, in whatever way the system counts it: tells two processes of one number apart. */
export const startedAt = async (pid: number): Promise<string> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  // The name in parentheses may hold spaces; the start time is the 20th field behind it.
  if (stat !== null) return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  return askPs('lstart=', pid);
};

/** The program and arguments of a process; empty when the system does not tell. */
export const commandLine = async (pid: number): Promise<string> => {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null);
  return command === null ? askPs('command=', pid) : command.replaceAll('\0', ' ');
};

/** For systems without /proc. */
const askPs = async (column: string, pid: number): Promise<string> => {
  const answer = await run('ps', ['-o', column, '-p', `${pid}`]).catch(() => ({ stdout: '' }));
  return answer.stdout.trim();
};
