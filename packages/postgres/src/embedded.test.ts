import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from './embedded-process.ts';
import { connect, type EmbeddedPostgres, EmbeddedPostgresError, startEmbeddedPostgres } from './index.ts';

let folder: string;
const running: EmbeddedPostgres[] = [];

beforeEach(async () => {
  // Closed to everybody else, as a clone in a private folder is.
  folder = join(await mkdtemp(join(tmpdir(), 'storegraph-embedded-')), 'home');
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  await rm(join(folder, '..'), { recursive: true, force: true });
});

const start = async () => {
  const server = await startEmbeddedPostgres({ folder });
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
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  const kill = async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { server: Number(String(line)), node: child.pid ?? 0, kill };
};

describe('the embedded Postgres', () => {
  it('writes durably, keeps its data between starts, and leaves no process and no lock', async () => {
    const first = await start();
    expect(
      await ask(
        first,
        `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit`,
      ),
    ).toEqual([{ fsync: 'on', commit: 'on' }]);
    await ask(first, 'create table kept (id int)');
    await stop(first);
    expect(isAlive(first.pid)).toBe(false);
    expect(await readdir(folder)).toEqual(['data', 'password']);
    expect(await ask(await start(), 'select id from kept')).toEqual([]);
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

  it('has the extensions the subgraphs use', async () => {
    const server = await start();
    for (const name of ['pg_trgm', 'unaccent', 'ltree', 'btree_gin'])
      await ask(server, `create extension ${name}`);
  });

  it('makes and drops databases', async () => {
    const server = await start();
    await server.createDatabase('shop');
    await server.createDatabase('copy', 'shop');
    await server.dropDatabase('shop');
    expect(await ask(server, `select datname from pg_database where datname in ('shop', 'copy')`)).toEqual([
      { datname: 'copy' },
    ]);
  });

  it('ends a server that outlived its killed process, and recovers its data', async () => {
    const elsewhere = await startElsewhere();
    await elsewhere.kill();
    expect(isAlive(elsewhere.server)).toBe(true);
    const server = await start();
    expect(isAlive(elsewhere.server)).toBe(false);
    expect(await ask(server, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('starts after everything was killed', async () => {
    const elsewhere = await startElsewhere();
    await elsewhere.kill();
    process.kill(elsewhere.server, 'SIGKILL');
    await expect.poll(() => isAlive(elsewhere.server)).toBe(false);
    expect(await ask(await start(), 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('is not confused by a pid file whose number belongs to something else', async () => {
    await stop(await start());
    await writeFile(join(folder, 'data', 'postmaster.pid'), `${process.pid}\n${folder}/data\n`);
    await writeFile(join(folder, 'lock'), `${process.pid} 12345`);
    expect(await ask(await start(), 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});

describe('one clear sentence', () => {
  const refusal = async () => {
    const error: unknown = await start().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EmbeddedPostgresError);
    return error instanceof Error ? error.message : '';
  };

  it('when another process has the folder, with its number', async () => {
    const elsewhere = await startElsewhere();
    expect(await refusal()).toContain(`Process ${elsewhere.node} runs a shop over`);
    await elsewhere.kill();
  });

  it('when the data are of another version', async () => {
    await stop(await start());
    await writeFile(join(folder, 'data', 'PG_VERSION'), '16\n');
    expect(await refusal()).toContain('was made by Postgres 16 and this is Postgres 18');
  });

  it('when the data are damaged', async () => {
    await stop(await start());
    await rm(join(folder, 'data', 'global'), { recursive: true });
    expect(await refusal()).toContain('start anew with --fresh');
    expect(await readdir(folder)).not.toContain('lock');
  });

  it('when the version is missing', async () => {
    await stop(await start());
    await rm(join(folder, 'data', 'PG_VERSION'));
    expect(await refusal()).toContain('is damaged');
  });

  it('when a setting is wrong, in the words of Postgres', async () => {
    const wrong = startEmbeddedPostgres({ folder, settings: { shared_buffers: 'plenty' } });
    await expect(wrong).rejects.toThrow('shared_buffers');
  });

  it('when the folder is a file', async () => {
    await mkdir(join(folder, '..'), { recursive: true });
    await writeFile(folder, '');
    expect(await refusal()).toContain('cannot be');
  });

  it('and keeps the password to the owner', async () => {
    await start();
    const { mode } = await import('node:fs').then((fs) => fs.statSync(join(folder, 'password')));
    expect(mode & 0o077).toBe(0);
    expect((await readFile(join(folder, 'password'), 'utf8')).length).toBeGreaterThan(20);
  });
});
