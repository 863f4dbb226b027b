import { mkdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import postgres from 'postgres';
import { findBinaries } from './embedded-binaries.ts';
import { discardData, prepareData, readIfThere, superuser } from './embedded-data.ts';
import { codeOf, EmbeddedPostgresError } from './embedded-error.ts';
import { stopLeftover } from './embedded-leftover.ts';
import { lockFolder, notWritable } from './embedded-lock.ts';
import { freePort, launch, type Server } from './embedded-server.ts';
import { chooseUser } from './embedded-user.ts';

const defaultSettings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '128MB',
  // A checkpoint every few minutes of heavy writing instead of every few seconds.
  max_wal_size: '2GB',
  log_min_messages: 'warning',
  // The code of an error is what a start that failed is told by.
  log_line_prefix: '%e ',
  // Just-in-time compilation costs more than our short statements take.
  jit: 'off',
  timezone: 'UTC',
};

/** A Postgres of our own, running. */
export type EmbeddedPostgres = {
  readonly pid: number;
  /** Resolves when the server has ended, told to or not. */
  readonly ended: Promise<void>;
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
export const startEmbeddedPostgres = ({
  folder,
  settings = {},
  log = () => {},
}: EmbeddedOptions): Promise<EmbeddedPostgres> =>
  overFolder(folder, async ({ home, data, unlock }) => {
    const binaries = await findBinaries();
    const user = await chooseUser(binaries.postgres);
    const password = await prepareData({ home, data, binaries, user });
    await stopLeftover(data);
    const port = await keepPort(data);
    const all = { ...defaultSettings, ...settings, port: `${port}` };
    const server = await launch({ postgres: binaries.postgres, data, user, settings: all, log });
    return running(server, `postgres://${superuser}:${password}@127.0.0.1:${port}`, unlock);
  });

/**
 * Deletes the database in a folder and ends the server a crash left behind, unless a process is running it. What
 * else goes with it is deleted by `also`, while nobody can start.
 */
export const discardEmbeddedPostgres = (folder: string, also: () => Promise<void>): Promise<void> =>
  overFolder(folder, async ({ home, data, unlock }) => {
    await stopLeftover(data);
    await discardData(home, data);
    await also();
    await unlock();
  });

type Place = { readonly home: string; readonly data: string; readonly unlock: () => Promise<void> };

/** Locks the folder for the work, which hands the lock on or takes it away; work that failed has no lock. */
const overFolder = async <T>(folder: string, work: (place: Place) => Promise<T>): Promise<T> => {
  const home = await makeFolder(resolve(folder));
  const unlock = await lockFolder(home);
  try {
    return await work({ home, data: join(home, 'data'), unlock });
  } catch (error) {
    await unlock();
    throw isRefusedByFiles(error) ? notWritable(home, error) : error;
  }
};

/** By its real path, which is what the server is called by whatever path leads there. */
const makeFolder = async (home: string): Promise<string> => {
  try {
    await mkdir(home, { recursive: true });
    return await realpath(home);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The folder ${home} cannot be made (${codeOf(error) ?? error}): choose one you may write to.`,
      { cause: error },
    );
  }
};

const isRefusedByFiles = (error: unknown): boolean =>
  ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? '');

/** The port of the last start, which Postgres notes, while nobody else has it: so tools find the server again. */
const keepPort = async (data: string): Promise<number> => {
  const lastCommand = (await readIfThere(join(data, 'postmaster.opts'))) ?? '';
  return freePort(Number(lastCommand.match(/\bport=(\d+)/)?.[1] ?? 0));
};

const running = (server: Server, address: string, unlock: () => Promise<void>): EmbeddedPostgres => {
  const url = (database: string) => `${address}/${database}`;
  const administer = async (work: (sql: postgres.Sql) => Promise<unknown>) => {
    const sql = postgres(url('postgres'), { max: 1, fetch_types: false, onnotice: () => {} });
    try {
      await work(sql);
    } finally {
      await sql.end({ timeout: 5 });
    }
  };
  return {
    pid: server.pid,
    ended: server.ended,
    url,
    createDatabase: (name, template = 'template1') =>
      administer((sql) => sql`create database ${sql(name)} template ${sql(template)}`),
    dropDatabase: (name) => administer((sql) => sql`drop database if exists ${sql(name)} with (force)`),
    stop: async () => {
      await server.stop();
      await unlock();
    },
  };
};
