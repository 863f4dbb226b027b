import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from './embedded-process.ts';
import {
  connect,
  discardEmbeddedPostgres,
  type EmbeddedPostgres,
  EmbeddedPostgresError,
  FolderInUseError,
  startEmbeddedPostgres,
} from './index.ts';

const run = promisify(execFile);
let parent: string;
let folder: string;
const running: EmbeddedPostgres[] = [];

// Closed to everybody else, as a clone in a private folder is.
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'storegraph-embedded-'));
  const server = await startEmbeddedPostgres({ folder: join(parent, 'prepared') });
  await server.stop();
});
afterAll(() => rm(parent, { recursive: true, force: true }));
/** Each test begins with a folder that was started and stopped once, which is quicker copied than made. */
beforeEach(async () => {
  folder = join(await mkdtemp(join(parent, 'test-')), 'home');
  await run('cp', ['-a', join(parent, 'prepared'), folder]);
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

const start = async (settings: Record<string, string> = {}) => {
  const server = await startEmbeddedPostgres({ folder, settings });
  running.push(server);
  return server;
};
const stop = async (server: EmbeddedPostgres) => {
  running.splice(running.indexOf(server), 1);
  await server.stop();
};
const ask = async <T extends Record<string, unknown>>(server: EmbeddedPostgres, text: string) => {
  const db = connect({
    url: server.url('postgres'),
    schema: 'public',
    name: 'embedded.test',
    transactionConnections: 0,
  });
  try {
    return [...(await db.execute<T>(sql.raw(text)))];
  } finally {
    await db.close();
  }
};
/** Another Node process that starts a server over the folder and says its pid, as a shop does. */
const startElsewhere = async () => {
  const script = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
    const server = await startEmbeddedPostgres({ folder: ${JSON.stringify(folder)} });
    console.log(server.pid);
    process.stdin.resume().on('end', () => process.exit());
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  const gone = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  const exit = async () => {
    child.stdin.end();
    await gone;
  };
  return { server: Number(String(line)), node: child.pid ?? 0, kill, exit };
};

describe('the embedded Postgres', () => {
  it('makes its data at the first start, and leaves no process, no lock and nothing else', async () => {
    folder = join(folder, '..', 'new', 'folder');
    const server = await start();
    await stop(server);
    expect(isAlive(server.pid)).toBe(false);
    expect(await readdir(folder)).toEqual(['data', 'password']);
    const { mode } = await stat(join(folder, 'password'));
    expect(mode & 0o077).toBe(0);
  });

  it('writes durably, and keeps its data and its port between starts', async () => {
    const first = await start();
    expect(
      await ask(
        first,
        `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit`,
      ),
    ).toEqual([{ fsync: 'on', commit: 'on' }]);
    await ask(first, 'create table kept (id int)');
    await stop(first);
    const second = await start();
    expect(second.url('a')).toBe(first.url('a'));
    expect(await ask(second, 'select id from kept')).toEqual([]);
  });

  it('takes another port when its own is in use', async () => {
    const first = await start();
    const { port } = new URL(first.url('postgres'));
    await stop(first);
    const other = createServer().listen(Number(port), '127.0.0.1');
    await once(other, 'listening');
    const server = await start();
    expect(new URL(server.url('postgres')).port).not.toBe(port);
    expect(await ask(server, 'select 1 as one')).toEqual([{ one: 1 }]);
    other.close();
  });

  it('says when it has ended, told to or not', async () => {
    const first = await start();
    await stop(first);
    await first.ended;
    const second = await start();
    process.kill(second.pid, 'SIGKILL');
    await second.ended;
  });

  it('listens on loopback only, and to nobody without the password', async () => {
    const server = await start();
    expect(await ask(server, `select current_setting('listen_addresses') as listen`)).toEqual([
      { listen: '127.0.0.1' },
    ]);
    const url = new URL(server.url('postgres'));
    url.password = 'guess';
    const stranger = connect({ url: url.href, schema: 'public', name: 'stranger' });
    await expect(stranger.execute(sql`select 1`)).rejects.toMatchObject({ cause: { code: '28P01' } });
    await stranger.close();
  });

  it('has the extensions the subgraphs use, takes settings, makes and drops databases', async () => {
    const server = await start({ work_mem: '7MB' });
    expect(await ask(server, `select current_setting('work_mem') as memory`)).toEqual([{ memory: '7MB' }]);
    for (const name of ['pg_trgm', 'unaccent', 'ltree', 'btree_gin'])
      await ask(server, `create extension ${name}`);
    await server.createDatabase('shop');
    await server.createDatabase('copy', 'shop');
    await server.dropDatabase('shop');
    expect(await ask(server, `select datname from pg_database where datname in ('shop', 'copy')`)).toEqual([
      { datname: 'copy' },
    ]);
  });
});

describe('after a crash', () => {
  it('ends a server that outlived its killed process, and recovers its data', async () => {
    const elsewhere = await startElsewhere();
    await elsewhere.kill();
    expect(isAlive(elsewhere.server)).toBe(true);
    const server = await start();
    expect(isAlive(elsewhere.server)).toBe(false);
    expect(await ask(server, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('leaves no server behind when its process exits without stopping it', async () => {
    const elsewhere = await startElsewhere();
    await elsewhere.exit();
    await expect.poll(() => isAlive(elsewhere.server), { timeout: 10_000 }).toBe(false);
  });

  it('starts after everything was killed', async () => {
    const elsewhere = await startElsewhere();
    process.kill(elsewhere.server, 'SIGKILL');
    await elsewhere.kill();
    expect(await readdir(folder)).toContain('lock');
    expect(await ask(await start(), 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('is not confused by files whose number belongs to something else', async () => {
    await writeFile(join(folder, 'data', 'postmaster.pid'), `${process.ppid}\n${folder}/data\n`);
    await writeFile(join(folder, 'lock'), `${process.pid} 12345`);
    expect(await ask(await start(), 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});

describe('discarding', () => {
  it('deletes the data and what goes with them, ends what a crash left, and keeps out of a running one', async () => {
    const elsewhere = await startElsewhere();
    const also = async () => expect(await readdir(folder)).toEqual(['lock']);
    await expect(discardEmbeddedPostgres(folder, also)).rejects.toThrow(FolderInUseError);
    await elsewhere.kill();
    await discardEmbeddedPostgres(folder, also);
    expect(isAlive(elsewhere.server)).toBe(false);
    expect(await readdir(folder)).toEqual([]);
    await discardEmbeddedPostgres(folder, also);
    expect(await ask(await start(), 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('that was cut short leaves nothing that looks like a database', async () => {
    await rename(join(folder, 'data'), join(folder, 'data.discarded'));
    await stop(await start());
    expect(await readdir(folder)).toEqual(['data', 'password']);
  });
});

describe('one clear sentence', () => {
  const refusal = async (settings: Record<string, string> = {}) => {
    const error: unknown = await start(settings).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EmbeddedPostgresError);
    return error instanceof Error ? error.message : '';
  };

  it('when another process has the folder, with its number', async () => {
    const elsewhere = await startElsewhere();
    expect(await refusal()).toContain(`Process ${elsewhere.node} runs a shop over`);
    await elsewhere.exit();
    await expect.poll(() => isAlive(elsewhere.server), { timeout: 10_000 }).toBe(false);
  });

  it('when the data are of another version', async () => {
    await writeFile(join(folder, 'data', 'PG_VERSION'), '16\n');
    expect(await refusal()).toContain('was made by Postgres 16 and this is Postgres 18');
  });

  it('when the data are damaged', async () => {
    await rm(join(folder, 'data', 'global'), { recursive: true });
    expect(await refusal()).toContain('start anew with --fresh');
    expect(await readdir(folder)).not.toContain('lock');
  });

  it('when the version or the password is missing', async () => {
    await rm(join(folder, 'password'));
    expect(await refusal()).toContain('password is missing');
    await rm(join(folder, 'data', 'PG_VERSION'));
    expect(await refusal()).toContain('is damaged');
  });

  it('when a setting is wrong, in the words of Postgres', async () => {
    expect(await refusal({ shared_buffers: 'plenty' })).toContain('shared_buffers');
  });

  it('when the folder is a file', async () => {
    await rm(folder, { recursive: true });
    await writeFile(folder, '');
    expect(await refusal()).toContain('cannot be made');
  });
});
