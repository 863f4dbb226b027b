import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, FolderInUseError, startEmbeddedPostgres } from '@storegraph/postgres';
import type { Log } from '@storegraph/server';
import { z } from 'zod';
import { CannotStart, hasCode } from './cannot-start.ts';
import { isShopFolder, postgresFolder } from './folder.ts';
import { ping } from './shop-repository.ts';

/** The Postgres under a shop. */
export type ShopPostgres = { readonly url: string; readonly stop: () => Promise<void> };

type Where = {
  readonly folder: string;
  /** A server that is there already; the embedded one when left out. */
  readonly postgresUrl?: string | undefined;
  readonly log: Log;
  /** Called when the embedded server ends without being told to. */
  readonly onLost?: (() => void) | undefined;
};

/** Says where the running shop's database is, to commands that run beside it. */
const runningFile = (folder: string): string => join(folder, 'running.json');
const running = z.object({ postgresUrl: z.string() });

/** Postgres makes this database itself. */
const database = 'postgres';

/** Starts the Postgres of a shop, or takes the one it is given. */
export const openPostgres = async ({ folder, postgresUrl, log, onLost }: Where): Promise<ShopPostgres> => {
  if (postgresUrl !== undefined) {
    await checkAnswers(postgresUrl);
    return { url: postgresUrl, stop: async () => {} };
  }
  let isStopping = false;
  const server = await startEmbeddedPostgres({
    folder: postgresFolder(folder),
    log: (line) => {
      // The rest is about single statements, whose callers are told themselves.
      if (!isStopping && /FATAL|PANIC/.test(line)) log.warn('Postgres says something.', { line });
    },
  });
  void server.ended.then(() => {
    if (!isStopping) onLost?.();
  });
  const url = server.url(database);
  const draft = `${runningFile(folder)}.new`;
  await writeFile(draft, JSON.stringify({ postgresUrl: url }), { mode: 0o600 });
  await rename(draft, runningFile(folder));
  return {
    url,
    stop: async () => {
      isStopping = true;
      await rm(runningFile(folder), { force: true });
      await server.stop();
    },
  };
};

const checkAnswers = async (url: string): Promise<void> => {
  const db = connect({
    url,
    schema: 'public',
    name: 'shop',
    statementConnections: 1,
    transactionConnections: 1,
  });
  try {
    await ping(db);
  } catch (error) {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new CannotStart(
      `The Postgres at POSTGRES_URL (${new URL(url).host}) cannot be used: ${reason instanceof Error ? reason.message : reason}. Start it or correct the address, or leave POSTGRES_URL out for the embedded one.`,
    );
  } finally {
    await db.close();
  }
};

/** Opens the Postgres of a shop beside the shop itself: the one that runs or, when none does, one for a while. */
export const joinPostgres = async (where: Where): Promise<ShopPostgres> => {
  if (where.postgresUrl === undefined && !(await isShopFolder(where.folder))) {
    throw new CannotStart(`There is no shop in ${where.folder} yet: run \`npm start\` first.`);
  }
  try {
    return await openPostgres(where);
  } catch (error) {
    if (!(error instanceof FolderInUseError)) throw error;
    return { url: await runningUrl(where.folder), stop: async () => {} };
  }
};

const runningUrl = async (folder: string): Promise<string> => {
  try {
    return running.parse(JSON.parse(await readFile(runningFile(folder), 'utf8'))).postgresUrl;
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    throw new CannotStart('The shop is starting or stopping right now: wait for it and try again.');
  }
};
