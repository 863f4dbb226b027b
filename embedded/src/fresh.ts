import { discardEmbeddedPostgres } from '@storegraph/postgres';
import { CannotStart } from './cannot-start.ts';
import { clearFolder, openFolder, postgresFolder } from './folder.ts';

/** Deletes the shop in a folder, unless a process is running it. */
export const beginAnew = async ({
  folder,
  postgresUrl,
}: {
  readonly folder: string;
  readonly postgresUrl: string | undefined;
}): Promise<void> => {
  if (postgresUrl !== undefined) {
    throw new CannotStart(
      '--fresh deletes an embedded database only, and POSTGRES_URL names another: drop that yourself, or leave one of the two out.',
    );
  }
  await openFolder(folder);
  await discardEmbeddedPostgres(postgresFolder(folder), () => clearFolder(folder));
};
