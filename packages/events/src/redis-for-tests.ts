import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { vi } from 'vitest';

/** Whether there is a Redis to start. */
export const isInstalled = spawnSync('redis-server', ['--version']).status === 0;

/** A Redis of our own, to be flushed and killed: one that runs elsewhere is nobody's to kill. */
export const openOwnRedis = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'events-redis-'));
  const socket = join(folder, 'redis.sock');
  let server: ChildProcess | null = null;
  const ask = async (command: string, ...parameters: string[]): Promise<unknown> => {
    const redis = new Redis(socket, { maxRetriesPerRequest: 0, retryStrategy: null });
    redis.on('error', () => {});
    try {
      return await redis.call(command, ...parameters);
    } finally {
      redis.disconnect();
    }
  };
  const start = async (): Promise<void> => {
    if (server) return;
    const settings = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no'];
    server = spawn('redis-server', settings, { cwd: folder, stdio: 'ignore' });
    await once(server, 'spawn');
    await vi.waitFor(() => ask('ping'), { timeout: 20_000 });
  };
  const kill = async (): Promise<void> => {
    if (!server) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
    server = null;
    await rm(socket, { force: true });
  };
  await start();
  return {
    url: socket,
    ask,
    start,
    kill,
    /** The numbers in the stream of a publisher. */
    streamed: async (publisher: string): Promise<number[]> => {
      const entries = (await ask('xrange', `facts:${publisher}`, '-', '+')) as [string, string[]][];
      return entries.map(([id]) => Number.parseInt(id, 10));
    },
    close: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
