import { spawn } from 'node:child_process';
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@storegraph/server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startShop } from './shop.ts';

/** `npm run dev` over a copy of this folder, so that a change of a source file changes nobody's. */

const root = join(import.meta.dirname, '../..');
let folder = '';
let home = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'storegraph-dev-'));
  home = join(folder, 'home');
  await mkdir(join(folder, 'tree'));
  for (const name of ['node_modules', 'packages', 'router', 'schema', 'subgraphs', 'tsconfig.json'])
    await symlink(join(root, name), join(folder, 'tree', name));
  for (const name of ['embedded', 'package.json'])
    await cp(join(root, name), join(folder, 'tree', name), { recursive: true });
  // A small shop is filled sooner than the one that the command fills.
  const shop = await startShop({ folder: home, port: 0, products: 20, log: createLog(() => {}) });
  await shop.stop();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const dev = () => {
  const child = spawn('npm', ['run', 'dev'], {
    cwd: join(folder, 'tree'),
    env: { ...process.env, STOREGRAPH_HOME: home, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  const heard = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const check of heard) check();
    });
  }
  /** The address of the shop that opens as the n-th. */
  const opening = (nth: number) =>
    new Promise<string>((resolve, reject) => {
      const check = () => {
        const found = [...output.matchAll(/Storegraph is open: (\S+)/g)][nth - 1]?.[1];
        if (found) resolve(found);
      };
      heard.add(check);
      check();
      child.once('close', () => reject(new Error(output)));
    });
  return { group: -(child.pid ?? 0), opening };
};

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it('opens the shop, opens it anew when a file changes, and leaves no process', async () => {
  const { group, opening } = dev();
  try {
    expect((await fetch(`${await opening(1)}/health/ready`)).status).toBe(200);
    await appendFile(join(folder, 'tree/embedded/src/greeting.ts'), '\n');
    expect((await fetch(`${await opening(2)}/health/ready`)).status).toBe(200);

    const postgres = Number(
      (await readFile(join(home, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0],
    );
    process.kill(group, 'SIGINT');
    await expect.poll(() => isAlive(group) || isAlive(postgres), { timeout: 20_000 }).toBe(false);
  } finally {
    if (isAlive(group)) process.kill(group, 'SIGKILL');
  }
}, 90_000);
