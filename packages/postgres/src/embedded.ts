import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import postgres from 'postgres';
import { findBinaries } from './embedded-binaries.ts';
import { EmbeddedPostgresError } from './embedded-error.ts';
import { stopLeftover } from './embedded-leftover.ts';
import { lockFolder } from './embedded-lock.ts';
import { chooseUser, type RunAs } from './embedded-user.ts';

/** The major version of the binaries: a data folder belongs to one. */
const majorVersion = '18';
/** How long the server may take until it answers; recovery after a crash included. */
const startTimeoutMs = 60_000;
/** How long it may take to stop before it is killed. */
const stopTimeoutMs = 15_000;
const superuser = 'storegraph';

const defaultSettings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '128MB',
  // A checkpoint every few minutes of heavy writing instead of every few seconds.
  max_wal_size: '2GB',
  log_min_messages: 'warning',
  // Just-in-time compilation costs more than our short statements take.
  jit: 'off',
  timezone: 'UTC',
};

/** A Postgres of our own, running. */
export type EmbeddedPostgres = {
  readonly pid: number;
  /** The connection string of a database in it. */
  url(database: string): string;
  createDatabase(name: string, template?: string): Promise<void>;
  dropDatabase(name: string): Promise<void>;
  /** Ends it in order, leaving no process and no lock. */
  stop(): Promise<void>;
};

export type EmbeddedOptions = {
  /** Where its data stay between starts; made when it is not there. */
  folder: string;
  /** Settings as in postgresql.conf, on top of ours. */
  settings?: Readonly<Record<string, string>>;
  /** Hears what the server has to say. */
  log?: (line: string) => void;
};

/** Starts the Postgres that npm installed over a folder. One process at a time; what a crash left is cleared up. */
export const startEmbeddedPostgres = async ({
  folder,
  settings = {},
  log = () => {},
}: EmbeddedOptions): Promise<EmbeddedPostgres> => {
  const home = resolve(folder);
  await mkdir(home, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new EmbeddedPostgresError(
      `The folder ${home} cannot be made (${error.code}): choose one you may write to.`,
    );
  });
  const unlock = await lockFolder(home);
  try {
    const binaries = await findBinaries();
    const user = await chooseUser(binaries.postgres);
    const data = join(home, 'data');
    const password = await prepareData({ home, data, initdb: binaries.initdb, user });
    await stopLeftover(data);
    const port = await freePort();
    const server = await launch({ data, postgres: binaries.postgres, user, port, settings, log });
    return running({ server, port, password, unlock });
  } catch (error) {
    await unlock();
    throw error;
  }
};

type Preparation = { home: string; data: string; initdb: string; user: RunAs };

/** Makes the data folder under another name first, so that a start cut short leaves nothing that looks whole. */
const prepareData = async ({ home, data, initdb, user }: Preparation): Promise<string> => {
  const secret = join(home, 'password');
  const version = await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => null);
  if (version !== null) {
    if (version.trim() !== majorVersion) {
      throw new EmbeddedPostgresError(
        `${data} was made by Postgres ${version.trim()} and this is Postgres ${majorVersion}: dump it with the old release, or start anew with --fresh.`,
      );
    }
    return readFile(secret, 'utf8').catch(() => {
      throw new EmbeddedPostgresError(
        `${secret} is missing, so ${data} cannot be opened: put it back, or start anew with --fresh.`,
      );
    });
  }
  const leftovers = await readFile(join(data, 'postgresql.conf'), 'utf8').catch(() => null);
  if (leftovers !== null) {
    throw new EmbeddedPostgresError(
      `${data} is damaged (PG_VERSION is missing): restore it from a backup, or start anew with --fresh.`,
    );
  }
  const draft = `${data}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  await user.own(draft);
  const password = randomBytes(24).toString('base64url');
  await writeFile(secret, password, { mode: 0o600 });
  await user.own(secret);
  await initialize({ draft, initdb, user, secret });
  await rename(draft, data);
  return password;
};

const initialize = async ({
  draft,
  initdb,
  user,
  secret,
}: {
  draft: string;
  initdb: string;
  user: RunAs;
  secret: string;
}) => {
  const [command = '', ...args] = [
    ...user.prefix,
    initdb,
    ...['--pgdata', draft, '--username', superuser, '--encoding', 'UTF8', '--locale-provider', 'builtin'],
    ...[
      '--builtin-locale',
      'C.UTF-8',
      '--locale',
      'C',
      '--auth',
      'scram-sha-256',
      '--pwfile',
      secret,
      '--no-instructions',
    ],
  ];
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0)
    throw new EmbeddedPostgresError(`A new database could not be made in ${draft}: ${lastLine(complaint)}`);
};

type Launch = {
  data: string;
  postgres: string;
  user: RunAs;
  port: number;
  settings: Readonly<Record<string, string>>;
  log: (line: string) => void;
};

const launch = async ({
  data,
  postgres: program,
  user,
  port,
  settings,
  log,
}: Launch): Promise<ChildProcess> => {
  const options = Object.entries({ ...defaultSettings, ...settings, port: `${port}` }).flatMap(
    ([name, value]) => ['-c', `${name}=${value}`],
  );
  const [command = '', ...args] = [...user.prefix, program, '-D', data, ...options];
  // A group of its own, so that Ctrl-C in the terminal reaches us alone and we end it in order.
  const server = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  const said: string[] = [];
  const isReady = new Promise<boolean>((done) => {
    server.once('error', (error) => {
      said.push(error.message);
      done(false);
    });
    server.once('exit', () => done(false));
    untilReady(data, server).then(done, () => done(false));
  });
  server.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    for (const line of chunk.split('\n').filter(Boolean)) {
      said.push(line);
      if (said.length > 20) said.shift();
      log(line);
    }
  });
  if (await isReady) return server;
  server.kill('SIGKILL');
  const reason =
    said.findLast((line) => /FATAL|PANIC|ERROR|No space/.test(line)) ?? said.at(-1) ?? 'it said nothing';
  throw new EmbeddedPostgresError(
    `Postgres does not start over ${data}: ${reason.replace(/^.*?(FATAL|PANIC|ERROR):\s*/, '')}. Mend that, or start anew with --fresh.`,
  );
};

/** The server writes `ready` into its pid file as soon as it takes connections. */
const untilReady = async (data: string, server: ChildProcess): Promise<boolean> => {
  const giveUpAt = Date.now() + startTimeoutMs;
  while (server.exitCode === null && Date.now() < giveUpAt) {
    const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    if (lines[0] === `${server.pid}` && lines[7]?.trim() === 'ready') return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
};

type Running = { server: ChildProcess; port: number; password: string; unlock: () => Promise<void> };

const running = ({ server, port, password, unlock }: Running): EmbeddedPostgres => {
  const url = (database: string) => `postgres://${superuser}:${password}@127.0.0.1:${port}/${database}`;
  const administer = async (work: (sql: postgres.Sql) => Promise<unknown>) => {
    const sql = postgres(url('postgres'), { max: 1, fetch_types: false, onnotice: () => {} });
    try {
      await work(sql);
    } finally {
      await sql.end({ timeout: 5 });
    }
  };
  // A promise kept from the start: the server may end before anybody asks for it.
  const ended = server.exitCode === null ? once(server, 'exit') : Promise.resolve();
  return {
    pid: server.pid ?? 0,
    url,
    createDatabase: (name, template = 'template1') =>
      administer((sql) => sql`create database ${sql(name)} template ${sql(template)}`),
    dropDatabase: (name) => administer((sql) => sql`drop database if exists ${sql(name)} with (force)`),
    stop: async () => {
      const kill = setTimeout(() => server.kill('SIGKILL'), stopTimeoutMs);
      server.kill('SIGINT'); // Postgres calls this a fast shutdown: open connections are ended, data are written
      await ended;
      clearTimeout(kill);
      await unlock();
    },
  };
};

const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string')
    throw new EmbeddedPostgresError('No free port was found on 127.0.0.1.');
  return address.port;
};

const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? '';
