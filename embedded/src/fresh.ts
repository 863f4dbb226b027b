import { EmbeddedPostgresError } from '@storegraph/postgres';
import type { Log } from '@storegraph/server';
import { CannotStart } from './cannot-start.ts';
import { clearFolder, isShopFolder } from './folder.ts';
import { isLocked, openPostgres } from './shop-postgres.ts';

/** Deletes the shop in a folder, unless a process is running it. */
export const beginAnew = async (where: {
  readonly folder: string;
  readonly postgresUrl: string | undefined;
  readonly log: Log;
}): Promise<void> => {
  if (where.postgresUrl !== undefined) {
    throw new CannotStart(
      '--fresh deletes an embedded database only, and POSTGRES_URL names another: drop that yourself, or leave one of the two out.',
    );
  }
  if (await isShopFolder(where.folder)) await endLeftover(where);
  await clearFolder(where.folder);
};

/** A Postgres that a kill -9 left behind must not run on over deleted files: opening it is what ends it. */
const endLeftover = async (where: { readonly folder: string; readonly log: Log }): Promise<void> => {
  try {
    const postgres = await openPostgres(where);
    await postgres.stop();
  } catch (error) {
    // Damaged data are what --fresh is for; a lock that is still there is somebody else's.
    if (!(error instanceof EmbeddedPostgresError) || (await isLocked(where.folder))) throw error;
  }
};
