import { access, constants, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CannotStart, hasCode } from './cannot-start.ts';

/** A file that says that a folder is a shop's, so that no other folder is ever filled or emptied. */
const mark = 'storegraph.json';
const markText =
  '{ "this": "is the folder of a Storegraph shop", "begin anew with": "npm start -- --fresh" }\n';

/** What a shop keeps in its folder beside its database, and `--fresh` deletes with it. */
const contents = ['keys.json', 'running.json'];

/** Where `npm run operations` publishes to. */
export const operationsFolder = (folder: string): string => join(folder, 'operations');

/** Where the embedded Postgres keeps its data. */
export const postgresFolder = (folder: string): string => join(folder, 'postgres');

/** Makes the folder of a shop, or makes sure that it is one. */
export const openFolder = async (folder: string): Promise<void> => {
  try {
    await mkdir(folder, { recursive: true });
    const names = await readdir(folder);
    if (!names.includes(mark)) {
      if (names.length > 0) throw notOurs(folder);
      await writeFile(join(folder, mark), markText);
    }
    await access(folder, constants.W_OK);
  } catch (error) {
    throw asSentence(folder, error);
  }
};

/** Whether a shop was ever started here. */
export const isShopFolder = async (folder: string): Promise<boolean> =>
  (await readdir(folder).catch((): string[] => [])).includes(mark);

/** Takes what goes with a database out of a shop's folder. What somebody else put there stays. */
export const clearFolder = async (folder: string): Promise<void> => {
  for (const name of contents) await rm(join(folder, name), { force: true });
};

const notOurs = (folder: string) =>
  new CannotStart(
    `${folder} holds files that are not a shop's, so it was left alone: set STOREGRAPH_HOME to a new or empty folder.`,
  );

const asSentence = (folder: string, error: unknown): unknown => {
  if (hasCode(error, 'ENOTDIR', 'EEXIST')) {
    return new CannotStart(`${folder} is not a folder: set STOREGRAPH_HOME to one, or move that file away.`);
  }
  if (hasCode(error, 'EACCES', 'EPERM', 'EROFS')) {
    return new CannotStart(`${folder} cannot be written to: set STOREGRAPH_HOME to a folder of yours.`);
  }
  if (hasCode(error, 'ENOSPC'))
    return new CannotStart(`The disk of ${folder} is full: free some space and start again.`);
  return error;
};
