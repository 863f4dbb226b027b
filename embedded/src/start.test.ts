import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

/** The shop as its user meets it: `npm start` and the commands beside it, in processes of their own. */

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);
const started: ChildProcess[] = [];
let home = '';

beforeAll(async () => {
  home = join(await mkdtemp(join(tmpdir(), 'storegraph-start-')), 'home');
});
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
});
afterAll(() => rm(join(home, '..'), { recursive: true, force: true }));

type Settings = Readonly<Record<string, string>>;
const environment = (settings: Settings) => ({
  ...process.env,
  STOREGRAPH_HOME: home,
  PORT: '0',
  ...settings,
});

const start = (args: readonly string[] = [], settings: Settings = {}) => {
  const child = spawn(process.execPath, [join(root, 'embedded/start.mjs'), ...args], {
    cwd: root,
    env: environment(settings),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  started.push(child);
  let output = '';
  const watchers = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const check of watchers) check();
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, output }));
  const says = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const check = () => pattern.test(output) && resolve(output);
      watchers.add(check);
      check();
      void ended.then(() => reject(new Error(`It ended without saying ${pattern}: ${output}`)));
    });
  return {
    pid: child.pid ?? 0,
    says,
    ended,
    isOpen: () => says(/Ctrl-C stops it/),
    /** To the process alone, or to its whole group, as a terminal and a service manager do. */
    send: (signal: NodeJS.Signals, whom: 'process' | 'group' = 'process') =>
      process.kill(whom === 'group' ? -(child.pid ?? 0) : (child.pid ?? 0), signal),
  };
};

const npm = (script: string, ...args: string[]) =>
  run('npm', ['run', '-s', script, '--', ...args], { cwd: root, env: environment({}) });

const refused = async (command: Promise<unknown>) => {
  const failure = await command.then(
    () => null,
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  return { code: failure?.code, stdout: failure?.stdout, stderr: failure?.stderr.trim() };
};

const postgresPid = async () =>
  Number((await readFile(join(home, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0]);

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** The lines that the shop prints to be pasted, as one script. */
const pasted = (output: string) =>
  output
    .split('\n')
    .filter((line) => /^ {2}(curl|TOKEN=)/.test(line))
    .join('\n');

const totalCount = async (output: string) => {
  const url = /http:\/\/localhost:\d+/.exec(output)?.[0];
  const answer = await fetch(`${url}/graphql?query={products{totalCount}}`, {
    headers: { 'x-apollo-operation-name': 'x' },
  });
  const { data } = (await answer.json()) as { data: { products: { totalCount: number } } };
  return data.products.totalCount;
};

const oneSentence = /^[^\n]+\.\n?$/;

describe('npm start', () => {
  it('fills a new shop once, whatever kills it meanwhile, and greets with lines that work when pasted', async () => {
    const first = start();
    await first.says(/Filling the shop/);
    first.send('SIGKILL');
    await first.ended;

    const second = start();
    await second.says(/variants written/);
    second.send('SIGKILL', 'group');
    await second.ended;

    const third = start();
    const greeting = await third.isOpen();
    expect(greeting).toContain('Filling the shop with 2,000 products');
    expect(await totalCount(greeting)).toBeGreaterThan(1_800);
    const { stdout } = await run('sh', ['-c', pasted(greeting)], { cwd: root, env: environment({}) });
    const [products, hold] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(products.data.products.nodes[0].variants[0].stock.available).toEqual(expect.any(Number));
    expect(hold.data.stockReserve).toMatchObject({
      __typename: 'StockReserved',
      reservation: { status: 'HELD' },
    });

    third.send('SIGKILL');
    await third.ended;
  }, 120_000);

  it('starts again after a kill -9 with everything that was there, and Ctrl-C leaves no process and no lock', async () => {
    const shop = start();
    const greeting = await shop.isOpen();
    expect(greeting).not.toContain('Filling');
    expect(await totalCount(greeting)).toBeGreaterThan(1_800);
    expect((await npm('invariants')).stdout).toMatch(/\d+ invariants, 0 broken/);

    const postgres = await postgresPid();
    // As a terminal does it: the whole group hears it and, with some shells, npm passes it on once more.
    shop.send('SIGINT', 'group');
    shop.send('SIGINT');
    expect(await shop.ended).toMatchObject({ code: 0 });
    expect(isAlive(postgres)).toBe(false);
    expect(await readdir(home)).toEqual(['keys.json', 'postgres', 'storegraph.json']);
    expect(await readdir(join(home, 'postgres'))).toEqual(['data', 'password']);
  }, 120_000);

  it('answers commands beside it, lets nobody else at its folder, and ends when its Postgres is taken away', async () => {
    const shop = start();
    const before = await totalCount(await shop.isOpen());
    await npm('seed', '--products', '40');
    expect(await totalCount(await shop.isOpen())).toBeGreaterThan(before);
    expect((await npm('invariants')).stdout).toMatch(/\d+ invariants, 0 broken/);
    for (const args of [[], ['--fresh']]) {
      const beside = await start(args).ended;
      expect(beside).toMatchObject({ code: 1, output: expect.stringMatching(oneSentence) });
      expect(beside.output).toContain(`Process ${shop.pid}`);
    }

    process.kill(await postgresPid(), 'SIGKILL');
    expect(await shop.ended).toMatchObject({ code: 1, output: expect.stringMatching(/Postgres has ended/) });
    // A shop that is closed is opened for the command and closed after it.
    expect((await npm('invariants')).stdout).toMatch(/\d+ invariants, 0 broken/);
    expect(await readdir(join(home, 'postgres'))).toEqual(['data', 'password']);
  }, 120_000);

  it('begins anew when it is told to, touches nothing of others, and can be stopped in the midst of it', async () => {
    await writeFile(join(home, 'note.txt'), 'not yours');
    const shop = start(['--fresh']);
    await shop.says(/Filling the shop/);
    const postgres = await postgresPid();
    shop.send('SIGINT');
    expect(await shop.ended).toMatchObject({ code: 0 });
    expect(isAlive(postgres)).toBe(false);
    expect(await readdir(join(home, 'postgres'))).toEqual(['data', 'password']);
    expect(await readFile(join(home, 'note.txt'), 'utf8')).toBe('not yours');
  }, 120_000);
});

describe('npm start, where it cannot', () => {
  const cannot = async (settings: Settings, args: readonly string[] = []) => {
    const { code, output } = await start(args, settings).ended;
    expect(code).toBe(1);
    expect(output.trim()).toMatch(oneSentence);
    return output;
  };

  it('says that the port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    expect(await cannot({ PORT: `${port}` })).toContain(`Port ${port} is in use`);
    other.close();
  });

  it('says what is wrong with the folder, and leaves a folder that is not its own alone', async () => {
    const folder = join(home, '../strange');
    await mkdir(folder);
    await writeFile(join(folder, 'thesis.txt'), 'mine');
    expect(await cannot({ STOREGRAPH_HOME: join(folder, 'thesis.txt') })).toContain('is not a folder');
    expect(await cannot({ STOREGRAPH_HOME: folder })).toContain("not a shop's");
    expect(await cannot({ STOREGRAPH_HOME: folder }, ['--fresh'])).toContain("not a shop's");
    expect(await readdir(folder)).toEqual(['thesis.txt']);
  });

  it('says that a database is damaged, and --fresh mends that', async () => {
    const folder = join(home, '../damaged');
    await mkdir(join(folder, 'postgres/data'), { recursive: true });
    await writeFile(join(folder, 'storegraph.json'), '{}');
    await writeFile(join(folder, 'postgres/data/postgresql.conf'), '');
    expect(await cannot({ STOREGRAPH_HOME: folder })).toContain('--fresh');
    const shop = start(['--fresh'], { STOREGRAPH_HOME: folder });
    await shop.says(/Filling the shop/);
    shop.send('SIGTERM');
    expect(await shop.ended).toMatchObject({ code: 0 });
  }, 60_000);

  it('says what is wrong with a setting, an option, or a Postgres that does not answer', async () => {
    expect((await start([], { PORT: 'four' }).ended).output).toContain('PORT');
    expect(await cannot({}, ['--frehs'])).toContain('--frehs');
    const unused = createServer().listen(0, '127.0.0.1');
    await once(unused, 'listening');
    const { port } = unused.address() as { port: number };
    unused.close();
    const output = await cannot({ POSTGRES_URL: `postgres://me:secret@127.0.0.1:${port}/shop` });
    expect(output).toContain(`127.0.0.1:${port}`);
    expect(output).not.toContain('secret');
    expect(await cannot({ POSTGRES_URL: 'postgres://127.0.0.1/shop' }, ['--fresh'])).toContain('--fresh');
  }, 60_000);

  it('says that Node is too old, and that npm ci is missing, before it needs either', async () => {
    const old = "data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '18.20.4' })";
    const tooOld = await refused(
      run(process.execPath, ['--import', old, 'embedded/start.mjs'], { cwd: root }),
    );
    expect(tooOld).toMatchObject({ code: 1, stderr: expect.stringMatching(/Node 20\.19.*18\.20\.4/) });
    const bare = join(home, '../bare');
    await mkdir(bare);
    await cp(join(root, 'embedded/start.mjs'), join(bare, 'start.mjs'));
    const missing = await refused(run(process.execPath, ['start.mjs'], { cwd: bare }));
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringMatching(/npm ci/) });
    expect(missing.stderr).toMatch(oneSentence);
  });
});

describe('npm run token', () => {
  it('prints a token alone, and says what it needs when it cannot', async () => {
    const { stdout, stderr } = await npm('token', '--role', 'merchandiser', '--id', 'eva', '--hours', '1');
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(JSON.parse(Buffer.from(stdout.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
      sub: 'eva',
    });
    expect(stderr).toContain('catalogue:write');
    const king = await refused(npm('token', '--role', 'king'));
    expect(king).toMatchObject({ code: 1, stdout: '' });
    expect(king.stderr).toMatch(/no role king.*merchandiser, warehouse/);
    await rm(join(home, 'keys.json'));
    const early = await refused(npm('token', '--role', 'admin'));
    expect(early).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/run `npm start` first/),
    });
  }, 60_000);
});
